#include "server_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/str.h"

/* Connections taken in one turn; the others wait for the next. */
enum { ACCEPTS_AT_ONCE = 64, BACKLOG = 1024 };

/* Without a free descriptor a connection would wait for ever and wake the loop all the time: it is
 * taken with the spare one and closed. */
static void refuse(struct listener *l)
{
	close(l->spare);
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		close(fd);
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_readable(void *ctx, unsigned events)
{
	struct listener *l = ctx;
	int on = 1;

	(void)events;
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			l->accepted(l->ctx, fd);
		} else if (errno == EMFILE || errno == ENFILE) {
			refuse(l);
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static void print_address(struct listener *l)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[50], port[8];

	if (getsockname(l->fd, (struct sockaddr *)&address, &len) ||
		getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	snprintf(l->address, sizeof(l->address), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
		port);
}

/* Splits at the last ':' outside of brackets. */
static int split(const char *where, char host[64], char port[8], struct error *err)
{
	struct str text = str_of(where);
	const char *colon = strrchr(where, ':');
	int64_t number;

	if (!colon || !str_int(str_of(colon + 1), &number) || number < 0 || number > 65535)
		return error_set(err,
			"cannot listen on '%s': an address and a port are wanted, as in "
			"127.0.0.1:9090",
			where);
	text = str_sub(text, 0, (size_t)(colon - where));
	if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = str_sub(text, 1, text.len - 2);
	snprintf(host, 64, "%.*s", STR_ARG(text));
	snprintf(port, 8, "%d", (int)number);
	return 0;
}

static int bind_to(struct listener *l, const struct addrinfo *address)
{
	int on = 1;

	l->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return -1;
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(l->fd, address->ai_addr, address->ai_addrlen) || listen(l->fd, BACKLOG) ? -1
											    : 0;
}

int listener_open(struct listener *l, struct loop *loop, const char *where, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char host[64], port[8];

	l->loop = loop;
	l->fd = l->spare = -1;
	if (split(where, host, port, err))
		return -1;
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof(host), "127.0.0.1");
	if (getaddrinfo(*host ? host : "0.0.0.0", port, &hints, &found))
		return error_set(
			err, "cannot listen on '%s': '%s' is no address of a machine", where, host);
	int failed = bind_to(l, found);

	freeaddrinfo(found);
	if (failed) {
		error_set(err, "cannot listen on '%s': %s", where, strerror(errno));
		listener_close(l);
		return -1;
	}
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	print_address(l);
	if (loop_watch(loop, &l->watch, l->fd, LOOP_READ, on_readable, l, err)) {
		listener_close(l);
		return -1;
	}
	return 0;
}

void listener_close(struct listener *l)
{
	if (l->watch.active)
		loop_unwatch(l->loop, &l->watch);
	if (l->fd >= 0)
		close(l->fd);
	if (l->spare >= 0)
		close(l->spare);
	l->fd = l->spare = -1;
}

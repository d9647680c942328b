#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_MAX = 65536 };

static int listen_loopback(unsigned *port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 64) < 0 ||
		getsockname(fd, (struct sockaddr *)&addr, &len) < 0) {
		perror("peer");
		abort();
	}
	*port = ntohs(addr.sin_port);
	return fd;
}

static void read_request(int fd, char *out, size_t size)
{
	size_t n = 0;
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	while (n + 1 < size && poll(&wait, 1, 5000) > 0) {
		ssize_t got = read(fd, out + n, size - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
		out[n] = '\0';
		if (strstr(out, "\r\n\r\n"))
			break;
	}
	out[n] = '\0';
}

static void serve_all(int listener, int report, peer_serve *serve, const void *ctx, int silent)
{
	static char request[REQUEST_MAX];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		request[0] = '\0';
		if (!silent)
			read_request(fd, request, sizeof(request));
		if (write(report, request, strlen(request) + 1) < 0)
			_exit(1);
		serve(fd, request, ctx);
		close(fd);
	}
}

void peer_start(struct peer *p, peer_serve *serve, const void *ctx, int silent)
{
	int report[2];
	int listener = listen_loopback(&p->port);

	if (pipe(report) < 0)
		abort();
	p->pid = fork();
	if (p->pid < 0)
		abort();
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		close(report[0]);
		serve_all(listener, report[1], serve, ctx, silent);
	}
	close(listener);
	close(report[1]);
	p->requests = report[0];
	snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%u/", p->port);
}

void peer_request(struct peer *p, char *out, size_t size)
{
	struct pollfd wait = {.fd = p->requests, .events = POLLIN};
	size_t n = 0;

	while (n + 1 < size && poll(&wait, 1, 5000) > 0 && read(p->requests, out + n, 1) == 1)
		if (!out[n++])
			return;
	out[n] = '\0';
}

void peer_stop(struct peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->requests);
}

void peer_send(int fd, const void *bytes, size_t len)
{
	const char *from = bytes;

	while (len) {
		ssize_t sent = write(fd, from, len);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return;
		from += sent;
		len -= (size_t)sent;
	}
}

void peer_text(int fd, const char *text)
{
	peer_send(fd, text, strlen(text));
}

void peer_reset(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

unsigned peer_closed_port(void)
{
	unsigned port;

	close(listen_loopback(&port));
	return port;
}

/* See dial.h. Addresses are tried in the resolver's order, the next one when the one before fails or
 * has not connected for a moment (RFC 8305, Happy Eyeballs); the first that connects wins. */
#include "dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

enum { RACE_MAX = 8, RACE_DELAY_MS = 250 };

struct lane {
	struct dial *dial;
	int fd; /* -1: not running */
	struct watch watch;
	const struct address *address;
};

struct dial {
	struct loop *loop;
	struct resolve *resolve;
	void (*done)(void *ctx, const struct dial_result *);
	void *ctx;
	unsigned port;
	struct address list[RACE_MAX];
	size_t count, next;
	struct lane lanes[RACE_MAX];
	struct timer race, settle;
	struct dial_result result;
	int last_error;
	char tried[300];
	char detail[600];
};

static void lane_close(struct lane *lane)
{
	if (lane->fd < 0)
		return;
	loop_unwatch(lane->dial->loop, &lane->watch);
	close(lane->fd);
	lane->fd = -1;
}

/* Delivers from the loop, never from inside dial_start. */
static void settle(void *ctx)
{
	struct dial *d = ctx;
	struct dial_result result = d->result;

	d->result.fd = -1; /* the caller's from now on, also when it frees us at once */
	d->done(d->ctx, &result);
}

static void finish(struct dial *d)
{
	timer_stop(d->loop, &d->race);
	for (size_t i = 0; i < RACE_MAX; i++)
		lane_close(&d->lanes[i]);
	loop_defer(d->loop, &d->settle, settle, d);
}

static void fail(struct dial *d, enum failure failure)
{
	d->result.failure = failure;
	d->result.detail = d->detail;
	finish(d);
}

static const char *address_text(const struct dial *d, const struct address *a, char out[160])
{
	char ip[128];

	address_print(a, ip, sizeof(ip));
	if (a->addr.ss_family == AF_UNIX)
		snprintf(out, 160, "unix socket '%s'", ip);
	else
		snprintf(
			out, 160, a->addr.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", ip, d->port);
	return out;
}

static void fail_connect(struct dial *d)
{
	switch (d->last_error) {
	case ECONNREFUSED:
		snprintf(d->detail, sizeof(d->detail), "connection refused by %s", d->tried);
		break;
	case EHOSTUNREACH:
		snprintf(d->detail, sizeof(d->detail), "no route to %s", d->tried);
		break;
	case ENETUNREACH:
		snprintf(d->detail, sizeof(d->detail), "network of %s is unreachable", d->tried);
		break;
	default:
		snprintf(d->detail, sizeof(d->detail), "cannot connect to %s: %s", d->tried,
			strerror(d->last_error));
	}
	fail(d, FAILURE_CONNECT);
}

static void race_next(void *ctx);

static size_t lanes_running(const struct dial *d)
{
	size_t n = 0;

	for (size_t i = 0; i < RACE_MAX; i++)
		n += d->lanes[i].fd >= 0;
	return n;
}

static void lane_failed(struct lane *lane, int error)
{
	struct dial *d = lane->dial;
	char text[160];
	size_t used = strlen(d->tried);

	d->last_error = error;
	snprintf(d->tried + used, sizeof(d->tried) - used, "%s%s", used ? " and " : "",
		address_text(d, lane->address, text));
	lane_close(lane);
	if (d->next < d->count)
		race_next(d);
	else if (!lanes_running(d))
		fail_connect(d);
}

static void lane_connected(struct lane *lane)
{
	struct dial *d = lane->dial;
	int on = 1;

	setsockopt(lane->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	loop_unwatch(d->loop, &lane->watch);
	d->result.fd = lane->fd;
	lane->fd = -1;
	d->result.connected = clock_monotonic();
	address_print(lane->address, d->result.remote, sizeof(d->result.remote));
	finish(d);
}

static void lane_ready(void *ctx, unsigned events)
{
	struct lane *lane = ctx;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(lane->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error)
		lane_failed(lane, error);
	else
		lane_connected(lane);
}

static void race_next(void *ctx)
{
	struct dial *d = ctx;
	size_t i = d->next++;
	struct lane *lane = &d->lanes[i];
	struct error err;

	lane->address = &d->list[i];
	lane->fd = socket(
		lane->address->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (lane->fd < 0) {
		lane_failed(lane, errno);
		return;
	}
	int rc = connect(
		lane->fd, (const struct sockaddr *)&lane->address->addr, lane->address->len);

	if (rc < 0 && errno != EINPROGRESS && errno != EINTR) {
		int error = errno;

		lane_failed(lane, error == EAGAIN ? ECONNREFUSED : error);
		return;
	}
	if (loop_watch(d->loop, &lane->watch, lane->fd, LOOP_WRITE, lane_ready, lane, &err) < 0) {
		lane_failed(lane, EMFILE);
		return;
	}
	if (d->next < d->count)
		timer_start(d->loop, &d->race, loop_now(d->loop) + RACE_DELAY_MS * NS_PER_MS,
			race_next, d);
	else
		timer_stop(d->loop, &d->race);
}

static void on_resolved(void *ctx, const struct address *list, size_t count, const char *problem)
{
	struct dial *d = ctx;

	d->resolve = NULL;
	d->count = count < RACE_MAX ? count : RACE_MAX;
	if (!count) {
		snprintf(d->detail, sizeof(d->detail), "%s", problem);
		fail(d, FAILURE_DNS);
		return;
	}
	d->result.resolved = clock_monotonic();
	memcpy(d->list, list, d->count * sizeof(*list));
	race_next(d);
}

static void dial_unix(struct dial *d, struct str path)
{
	struct sockaddr_un *addr = (struct sockaddr_un *)&d->list[0].addr;

	if (path.len >= sizeof(addr->sun_path)) {
		snprintf(d->detail, sizeof(d->detail), "unix socket path of %zu bytes is too long",
			path.len);
		fail(d, FAILURE_CONNECT);
		return;
	}
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, path.ptr, path.len);
	d->list[0].len = sizeof(*addr);
	d->count = 1;
	d->result.resolved = clock_monotonic();
	race_next(d);
}

/* Cuts "[::1]" or "name" off the front of `text`, and the ':' after it. */
static struct str cut_host(struct str *text)
{
	bool bracketed = text->len && text->ptr[0] == '[';
	size_t end = bracketed ? str_find_char(*text, ']') : str_find_char(*text, ':');

	if (end == SIZE_MAX)
		end = text->len;
	struct str host = bracketed ? str_sub(*text, 1, end - 1) : str_sub(*text, 0, end);

	*text = str_from(*text, end + (bracketed ? 2 : 1));
	return host;
}

/* HOST:PORT:HOST2:PORT2 of connection.connect_to; empty parts match, or keep, anything. */
static void connect_to(const struct connection *c, struct str *host, unsigned *port)
{
	for (size_t i = 0; c && i < c->connect_to.count; i++) {
		struct str rest = c->connect_to.items[i];
		struct str from = cut_host(&rest), from_port = cut_host(&rest);
		struct str to = cut_host(&rest);
		int64_t number;

		if (from.len && !str_equal_nocase(from, *host))
			continue;
		if (from_port.len && (!str_int(from_port, &number) || number != (int64_t)*port))
			continue;
		if (to.len)
			*host = to;
		if (str_int(rest, &number) && number > 0 && number < 65536)
			*port = (unsigned)number;
		return;
	}
}

struct dial *dial_start(struct loop *loop, const struct connection *c, struct str host,
	unsigned port, void (*done)(void *ctx, const struct dial_result *), void *ctx)
{
	struct dial *d = calloc(1, sizeof(*d));

	if (!d)
		die("out of memory: %zu bytes", sizeof(*d));
	d->loop = loop;
	d->done = done;
	d->ctx = ctx;
	d->result = (struct dial_result){.fd = -1, .resolved = TIME_NONE, .connected = TIME_NONE};
	for (size_t i = 0; i < RACE_MAX; i++)
		d->lanes[i] = (struct lane){.dial = d, .fd = -1};
	connect_to(c, &host, &port);
	d->port = port;
	if (c && c->unix_socket.len)
		dial_unix(d, c->unix_socket);
	else
		d->resolve = resolve_start(loop, c, host, port, on_resolved, d);
	return d;
}

int64_t dial_resolved(const struct dial *d)
{
	return d->result.resolved;
}

void dial_free(struct dial *d)
{
	if (!d)
		return;
	resolve_cancel(d->resolve);
	timer_stop(d->loop, &d->race);
	timer_stop(d->loop, &d->settle);
	for (size_t i = 0; i < RACE_MAX; i++)
		lane_close(&d->lanes[i]);
	if (d->result.fd >= 0)
		close(d->result.fd);
	free(d);
}

/*
 * server: sockets, HTTP/1.1 requests and answers, and the poll loop.
 *
 *   accept   conn_accept
 *   read     conn_read -> http_read -> request_parse, request_body
 *   write    conn_write
 *   end      conn_close
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo.h"

enum { CONNS_MAX = 512, HEAD_MAX = 64 << 10, BACKLOG = 512 };

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

void server_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool server_stopped(void)
{
	return stopped;
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

uint16_t server_free_port(void)
{
	struct sockaddr_in addr = {0};
	socklen_t len = sizeof(addr);
	int fd = listen_at(0);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		die("no free port");
	close(fd);
	return ntohs(addr.sin_port);
}

struct str request_header(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (str_is_nocase(r->headers[i].name, name))
			return r->headers[i].value;
	return STR("");
}

struct str request_trace(const struct request *r)
{
	struct str parent = request_header(r, "traceparent");

	return parent.len >= 55 ? str_sub(parent, 3, 32) : STR("");
}

static const char *status_text(int status)
{
	switch (status) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 413: return "Content Too Large";
	case 426: return "Upgrade Required";
	case 431: return "Request Header Fields Too Large";
	case 503: return "Service Unavailable";
	default: return "Internal Server Error";
	}
}

void respond(struct conn *c, const struct request *r, int status, const char *type, struct str body)
{
	bool keep = r && r->keep_alive;

	buf_printf(&c->out, "HTTP/1.1 %d %s\r\nserver: demo\r\ncontent-type: %s\r\n", status,
		status_text(status), type);
	if (status == 401)
		buf_add_text(&c->out, "www-authenticate: Bearer\r\n");
	buf_printf(&c->out, "content-length: %zu\r\nconnection: %s\r\n\r\n", body.len,
		keep ? "keep-alive" : "close");
	if (!r || !str_is(r->method, "HEAD"))
		buf_add_str(&c->out, body);
	c->closing = !keep;
}

static bool header_parse(struct request *r, struct str line)
{
	size_t colon = str_find_char(line, ':');

	if (colon == SIZE_MAX || colon == 0 || r->header_count == HEADERS_MAX)
		return false;
	r->headers[r->header_count].name = str_sub(line, 0, colon);
	r->headers[r->header_count++].value = str_trim(str_from(line, colon + 1));
	return true;
}

/* The head of a request, RFC 9112 sections 3 and 5. */
static bool request_parse(struct request *r, struct str head)
{
	struct str line, version;
	size_t first, second;

	memset(r, 0, sizeof(*r));
	if (!str_line(&head, &line))
		return false;
	first = str_find_char(line, ' ');
	if (first == SIZE_MAX)
		return false;
	r->method = str_sub(line, 0, first);
	line = str_from(line, first + 1);
	second = str_find_char(line, ' ');
	if (second == SIZE_MAX || second == 0)
		return false;
	r->target = str_sub(line, 0, second);
	r->path = str_sub(r->target, 0, str_find_char(r->target, '?'));
	version = str_from(line, second + 1);
	if (!str_starts(version, "HTTP/1."))
		return false;
	while (str_line(&head, &line))
		if (line.len && !header_parse(r, line))
			return false;
	r->keep_alive = str_is(version, "HTTP/1.1") &&
			!str_is_nocase(request_header(r, "connection"), "close");
	return true;
}

/* 1 when the body is there, 0 when more must come, -1 when it never will. */
static int request_body(struct request *r, struct str rest)
{
	struct str length = request_header(r, "content-length");
	int64_t wanted = 0;

	if (request_header(r, "transfer-encoding").len)
		return -1;
	if (length.len && (!str_int(length, &wanted) || wanted < 0 || wanted > BODY_MAX))
		return -1;
	if (rest.len < (size_t)wanted)
		return 0;
	r->body = str_sub(rest, 0, (size_t)wanted);
	return 1;
}

static void answer(const struct demo *demo, struct conn *c, const struct request *r)
{
	int64_t began = clock_monotonic();
	int status = route(demo, c, r);

	log_request(r->method, r->target, status, clock_monotonic() - began, request_trace(r));
}

/* Answers every whole request that has come. */
static void http_read(const struct demo *demo, struct conn *c)
{
	static struct request r;

	while (!c->closing && !c->websocket) {
		struct str in = buf_str(&c->in);
		size_t head = str_find(in, STR("\r\n\r\n"));
		int body;

		if (head == SIZE_MAX) {
			if (in.len > HEAD_MAX)
				respond(c, NULL, 431, "text/plain", STR("too much\n"));
			return;
		}
		if (!request_parse(&r, str_sub(in, 0, head + 2))) {
			respond(c, NULL, 400, "text/plain", STR("not HTTP\n"));
			return;
		}
		body = request_body(&r, str_from(in, head + 4));
		if (body == 0)
			return;
		if (body < 0) {
			respond(c, NULL, 413, "text/plain", STR("body not taken\n"));
			return;
		}
		answer(demo, c, &r);
		buf_consume(&c->in, head + 4 + r.body.len);
	}
}

static void conn_close(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	buf_release(&c->in);
	buf_release(&c->out);
	buf_release(&c->message);
}

static void conn_accept(int listener, struct conn *conns)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (int i = 0; i < CONNS_MAX; i++) {
		if (conns[i].fd >= 0)
			continue;
		conns[i] = (struct conn){.fd = fd, .next_event = TIME_NONE, .close_by = TIME_NONE};
		buf_init(&conns[i].in, HEAD_MAX + BODY_MAX + 64);
		buf_init(&conns[i].out, 4 * BODY_MAX);
		buf_init(&conns[i].message, BODY_MAX);
		return;
	}
	close(fd);
}

static void conn_write(struct conn *c)
{
	ssize_t n;

	while (c->out.len) {
		n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			conn_close(c);
			return;
		}
		buf_consume(&c->out, (size_t)n);
	}
	if (c->closing)
		conn_close(c);
}

static void conn_read(const struct demo *demo, struct conn *c)
{
	char chunk[16384];
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || !buf_add(&c->in, chunk, (size_t)n)) {
		conn_close(c);
		return;
	}
	if (!c->websocket)
		http_read(demo, c);
	if (c->websocket)
		chat_read(c);
}

/* How long the loop may sleep, in milliseconds. */
static int patience(const struct conn *conns, int64_t now)
{
	int64_t next = now + NS_PER_S;

	for (int i = 0; i < CONNS_MAX; i++) {
		const struct conn *c = &conns[i];

		if (c->fd >= 0 && c->next_event != TIME_NONE && c->next_event < next)
			next = c->next_event;
		if (c->fd >= 0 && c->close_by != TIME_NONE && c->close_by < next)
			next = c->close_by;
	}
	return next <= now ? 0 : (int)((next - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void turn(const struct demo *demo, int listener, struct conn *conns)
{
	static struct pollfd polls[CONNS_MAX + 1];

	polls[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (int i = 0; i < CONNS_MAX; i++)
		polls[i + 1] = (struct pollfd){.fd = conns[i].fd,
			.events = (short)(POLLIN | (conns[i].out.len ? POLLOUT : 0))};
	if (poll(polls, CONNS_MAX + 1, patience(conns, clock_monotonic())) < 0)
		return;
	for (int i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &conns[i];

		if (c->fd >= 0 && polls[i + 1].revents)
			conn_read(demo, c);
		if (c->fd >= 0 && c->websocket)
			chat_tick(c, clock_monotonic());
		if (c->fd >= 0 && (c->out.len || c->closing))
			conn_write(c);
	}
	if (polls[0].revents)
		conn_accept(listener, conns);
}

int server_run(const struct demo *demo, uint16_t port)
{
	struct conn *conns = calloc(CONNS_MAX, sizeof(*conns));
	int listener = listen_at(port);

	if (!conns)
		die("no memory");
	if (listener < 0) {
		fprintf(stderr, "demo: cannot listen on port %u: %s\n", port, strerror(errno));
		free(conns);
		return 1;
	}
	for (int i = 0; i < CONNS_MAX; i++)
		conns[i].fd = -1;
	while (!stopped)
		turn(demo, listener, conns);
	for (int i = 0; i < CONNS_MAX; i++)
		conn_close(&conns[i]);
	free(conns);
	close(listener);
	return 0;
}

/*
 * The server: connections and the protocol.
 *
 *   accept      on_connection: bounded in number, the one that has waited longest makes room
 *   request     on_http: path, method, token; a route renders, or a body rendered before is shared
 *   answer      send_head, on_writable: pieces, so that a slow client costs its place and no memory
 *   live        on_live, server_finished: one line for each finished run
 *
 * The listening socket is the loop's; what it accepts is adopted by libwebsockets.
 */
#include "probe/server.h"

#include <stdlib.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "probe/lws_loop.h"
#include "server_blackbox.h"
#include "server_listen.h"
#include "server_private.h"

enum {
	PIECE = 16384,       /* bytes given to the socket at once */
	PATIENCE_S = 10,     /* for a request to arrive, and for an answer to leave */
	IDLE_S = 60,         /* between requests of one connection */
	PROBE_PATIENCE = 65, /* for /probe, whose answer waits for a run */
	LIVE_KEPT = 256,     /* lines that a slow listener may be behind */
};

#define SHARED_FOR NS_PER_S

_Static_assert(BODY_ROOM >= LWS_PRE, "room for libwebsockets");

struct client {
	struct server *server;
	struct lws *wsi;
	struct client *next, **at; /* oldest first */
	struct body *body;
	size_t sent;
	bool head;     /* only the head is wanted */
	bool close;    /* after the answer */
	bool live;     /* a WebSocket */
	bool dropping; /* is to make room */
	uint64_t seen; /* lines of /live */
	struct blackbox_run *probe;
};

struct shared {
	struct body *body;
	int status;
	int64_t until;
};

struct server {
	struct loop *loop;
	struct monitor *monitor;
	struct str token;
	struct lws_vhost *vhost;
	struct blackbox *blackbox;
	struct listener listener;
	struct client *first, **end;
	size_t count;
	struct shared shared[ROUTES_MAX];
	struct body *lines[LIVE_KEPT];
	uint64_t line_count;
};

/* Bodies */

struct body *body_new(struct str text)
{
	struct body *body = malloc(sizeof(*body) + BODY_ROOM + text.len);

	if (!body)
		die("out of memory: %zu bytes", text.len);
	body->refs = 1;
	body->len = text.len;
	memcpy(body->bytes + BODY_ROOM, text.ptr, text.len);
	return body;
}

struct body *body_ref(struct body *body)
{
	body->refs++;
	return body;
}

void body_drop(struct body *body)
{
	if (body && --body->refs == 0)
		free(body);
}

/* Answers */

static const char *status_text(int status)
{
	switch (status) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	default: return "Service Unavailable";
	}
}

static const char security_headers[] =
	"Cache-Control: no-store\r\n"
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
	"frame-ancestors 'none'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n";

static const char *extra_headers(int status)
{
	if (status == 401)
		return "WWW-Authenticate: Bearer realm=\"goldprobe\"\r\n"
		       "WWW-Authenticate: Basic realm=\"goldprobe: any user, the token as password\", "
		       "charset=\"UTF-8\"\r\n";
	return status == 405 ? "Allow: GET, HEAD\r\n" : "";
}

static int answer_done(struct client *c)
{
	body_drop(c->body);
	c->body = NULL;
	if (c->close)
		return -1;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, PATIENCE_S);
	return lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

/* Writes the head, and a body that is small with it. Takes the body. */
static int send_head(struct client *c, int status, const char *type, struct body *body, bool head)
{
	unsigned char room[LWS_PRE + 2 * PIECE];
	unsigned char *out = room + LWS_PRE;
	int len = snprintf((char *)out, PIECE,
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s%s\r\n", status,
		status_text(status), type ? type : "text/plain; charset=utf-8", body->len,
		security_headers, extra_headers(status), c->close ? "Connection: close\r\n" : "");
	size_t total = (size_t)len;
	bool whole = head || body->len <= PIECE;

	if (!head && whole) {
		memcpy(out + total, body->bytes + BODY_ROOM, body->len);
		total += body->len;
	}
	c->body = body;
	c->sent = 0;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, PATIENCE_S);
	if (lws_write(c->wsi, out, total, LWS_WRITE_HTTP_HEADERS) < 0)
		return -1;
	if (whole)
		return answer_done(c);
	lws_callback_on_writable(c->wsi);
	return 0;
}

static int send_text(struct client *c, int status, const char *text, bool head)
{
	return send_head(c, status, NULL, body_new(str_of(text)), head);
}

static int on_writable(struct client *c)
{
	size_t left;

	if (c->probe || !c->body)
		return 0;
	left = c->body->len - c->sent;
	if (left > PIECE)
		left = PIECE;
	if (lws_write(c->wsi, c->body->bytes + BODY_ROOM + c->sent, left, LWS_WRITE_HTTP) < 0)
		return -1;
	c->sent += left;
	if (c->sent == c->body->len)
		return answer_done(c);
	lws_callback_on_writable(c->wsi);
	return 0;
}

/* Requests */

enum { FRAGMENTS_MAX = 16, FRAGMENT_MAX = 2048 };

struct parsed {
	struct request request;
	struct pair pairs[FRAGMENTS_MAX];
	char path[1024], authorization[4096], fragments[FRAGMENTS_MAX][FRAGMENT_MAX];
};

static void parse_query(struct lws *wsi, struct parsed *p)
{
	p->request.query.items = p->pairs;
	for (int i = 0; i < FRAGMENTS_MAX; i++) {
		char *text = p->fragments[i];
		int len =
			lws_hdr_copy_fragment(wsi, text, FRAGMENT_MAX, WSI_TOKEN_HTTP_URI_ARGS, i);

		if (len < 0)
			return;
		char *equals = strchr(text, '=');

		if (equals)
			*equals = '\0';
		p->pairs[p->request.query.count++] =
			(struct pair){str_of(text), str_of(equals ? equals + 1 : "")};
	}
}

const char *request_query(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->query.count; i++)
		if (str_is(request->query.items[i].name, name))
			return request->query.items[i].value.ptr;
	return NULL;
}

static void parse(struct lws *wsi, const char *path, struct parsed *p)
{
	char text[32];

	p->request = (struct request){.path = p->path};
	snprintf(p->path, sizeof(p->path), "%s", path);
	parse_query(wsi, p);
	if (lws_hdr_copy(wsi, p->authorization, sizeof(p->authorization),
		    WSI_TOKEN_HTTP_AUTHORIZATION) > 0)
		p->request.authorization = p->authorization;
	if (lws_hdr_custom_copy(
		    wsi, text, sizeof(text), "x-prometheus-scrape-timeout-seconds:", 36) > 0) {
		double seconds = strtod(text, NULL);

		if (seconds >= 0.1 && seconds <= 300)
			p->request.patience = (int64_t)(seconds * (double)NS_PER_S);
	}
}

/* What is the same for all is made once a second: any number of requests costs no more. */
static struct body *render(struct server *s, const struct route *route, size_t index,
	const struct request *request, int *status)
{
	struct shared *shared = &s->shared[index];
	bool may_share = route->shared && !request->query.count;
	int64_t now = loop_now(s->loop);
	struct body *body;
	BUF_SCOPED struct buf out;

	if (may_share && shared->body && now < shared->until) {
		*status = shared->status;
		return body_ref(shared->body);
	}
	buf_init(&out, BODY_MAX);
	*status = route->render(s->monitor, request, &out);
	body = body_new(buf_str(&out));
	if (may_share) {
		body_drop(shared->body);
		*shared = (struct shared){body_ref(body), *status, now + SHARED_FOR};
	}
	return body;
}

static void probe_done(void *ctx, int status, struct str text)
{
	struct client *c = ctx;

	c->probe = NULL;
	if (send_head(c, status, "text/plain; version=0.0.4; charset=utf-8", body_new(text),
		    c->head) < 0)
		lws_set_timeout(c->wsi, 1, LWS_TO_KILL_ASYNC);
}

static int start_probe(struct client *c, const struct request *request, bool head)
{
	struct error err;
	int status;

	c->probe = blackbox_start(c->server->blackbox, request_query(request, "target"),
		request_query(request, "module"), request->patience, probe_done, c, &status, &err);
	if (!c->probe)
		return send_text(c, status, err.text, head);
	c->head = head;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, PROBE_PATIENCE);
	return 0;
}

static int respond(struct client *c, const struct request *request, bool head)
{
	struct server *s = c->server;
	size_t index;
	const struct route *route = route_find(request->path, &index);
	struct body *body;
	int status;

	if (!route && strcmp(request->path, "/probe") != 0)
		return send_text(c, 404, "there is no such page\n", head);
	if ((!route || !route->open) && !token_fits(s->token, request->authorization))
		return send_text(c, 401, "a bearer token is needed\n", head);
	if (!route)
		return start_probe(c, request, head);
	body = render(s, route, index, request, &status);
	return send_head(c, status, route->type, body, head);
}

static int on_http(struct client *c, const char *path)
{
	struct lws *wsi = c->wsi;
	bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
	static struct parsed parsed; /* used up before the next request is looked at */

	if (c->body || c->probe)
		return -1;
	if (!head && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) {
		c->close = true; /* whatever body follows is not read */
		return send_text(c, 405, "only GET and HEAD are answered\n", false);
	}
	parse(wsi, path, &parsed);
	return respond(c, &parsed.request, head);
}

/* Live updates */

/* A page of another origin must not listen with the credentials of its visitor (RFC 6455 10.2). */
static bool same_origin(struct lws *wsi)
{
	char origin[256], host[256];
	int len = lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN);
	const char *authority;

	if (len == 0 || lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
		return true;
	if (len < 0 || lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST) <= 0)
		return false;
	authority = strstr(origin, "://");
	return authority && strcmp(authority + 3, host) == 0;
}

static int on_upgrade(struct client *c)
{
	char path[32], authorization[4096];
	int len = lws_hdr_copy(
		c->wsi, authorization, sizeof(authorization), WSI_TOKEN_HTTP_AUTHORIZATION);

	if (lws_hdr_copy(c->wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0 ||
		strcmp(path, "/live") != 0 || !same_origin(c->wsi))
		return -1;
	return token_fits(c->server->token, len > 0 ? authorization : NULL) ? 0 : -1;
}

static int on_live(struct client *c)
{
	struct server *s = c->server;
	struct body *body;

	if (s->line_count - c->seen > LIVE_KEPT)
		c->seen = s->line_count - LIVE_KEPT;
	if (c->seen == s->line_count)
		return 0;
	body = s->lines[c->seen++ % LIVE_KEPT];
	if (lws_write(c->wsi, body->bytes + BODY_ROOM, body->len, LWS_WRITE_TEXT) < 0)
		return -1;
	if (c->seen < s->line_count)
		lws_callback_on_writable(c->wsi);
	return 0;
}

void server_finished(struct server *s, const struct watched *w)
{
	struct body **line = &s->lines[s->line_count % LIVE_KEPT];
	BUF_SCOPED struct buf out;

	buf_init(&out, BODY_MAX);
	api_event(&out, w);
	body_drop(*line);
	*line = body_new(buf_str(&out));
	s->line_count++;
	for (struct client *c = s->first; c; c = c->next)
		if (c->live)
			lws_callback_on_writable(c->wsi);
}

/* Connections */

static void client_free(struct client *c)
{
	struct server *s = c->server;

	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	else
		s->end = c->at;
	s->count--;
	blackbox_cancel(c->probe);
	body_drop(c->body);
	free(c);
}

/* The oldest connection makes room: one that only stays cannot keep others out. */
static void make_room(struct server *s)
{
	for (struct client *c = s->first; c; c = c->next) {
		if (c->dropping)
			continue;
		c->dropping = true;
		lws_set_timeout(c->wsi, 1, LWS_TO_KILL_ASYNC);
		return;
	}
}

static void on_connection(void *ctx, int fd)
{
	struct server *s = ctx;
	struct client *c;
	struct lws *wsi;

	if (s->count >= SERVER_CLIENTS_MAX)
		make_room(s);
	if (s->count >= 2 * SERVER_CLIENTS_MAX) {
		close(fd);
		return;
	}
	wsi = lws_adopt_socket_vhost(s->vhost, fd);
	if (!wsi)
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		die("out of memory: %zu bytes", sizeof(*c));
	c->server = s;
	c->wsi = wsi;
	c->at = s->end;
	*s->end = c;
	s->end = &c->next;
	s->count++;
	lws_set_opaque_user_data(wsi, c);
}

static void server_destroy(struct server *s)
{
	for (size_t i = 0; i < ROUTES_MAX; i++)
		body_drop(s->shared[i].body);
	for (size_t i = 0; i < LIVE_KEPT; i++)
		body_drop(s->lines[i]);
	free(s);
}

static int on_event(
	struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct client *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	(void)user;
	(void)len;
	if (reason == LWS_CALLBACK_PROTOCOL_DESTROY)
		server_destroy(lws_vhost_user(lws_get_vhost(wsi)));
	if (!c)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_HTTP: return on_http(c, in);
	case LWS_CALLBACK_HTTP_WRITEABLE: return on_writable(c);
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: return on_upgrade(c);
	case LWS_CALLBACK_ESTABLISHED:
		c->live = true;
		c->seen = c->server->line_count;
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE: return on_live(c);
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		client_free(c);
		return 0;
	default: return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{.name = "goldprobe", .callback = on_event, .rx_buffer_size = 1024},
	{0},
};

/* A listener that is gone without a word is found. */
static const lws_retry_bo_t live_policy = {
	.secs_since_valid_ping = 30,
	.secs_since_valid_hangup = 45,
};

struct server *server_new(struct loop *loop, struct monitor *monitor,
	const struct server_options *options, struct error *err)
{
	struct lws_context *context = lws_loop_context(loop, err);
	struct server *s = context ? calloc(1, sizeof(*s)) : NULL;
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.vhost_name = "monitor",
		.user = s,
		.timeout_secs = PATIENCE_S,
		.timeout_secs_ah_idle = PATIENCE_S,
		.keepalive_timeout = IDLE_S,
		.retry_and_idle_policy = &live_policy,
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
	};

	if (!context)
		return NULL;
	if (!s)
		die("out of memory: %zu bytes", sizeof(*s));
	s->loop = loop;
	s->monitor = monitor;
	s->token = options->token;
	s->end = &s->first;
	s->listener.accepted = on_connection;
	s->listener.ctx = s;
	if (listener_open(&s->listener, loop, options->listen, err)) {
		free(s);
		return NULL;
	}
	s->vhost = lws_create_vhost(context, &info);
	if (!s->vhost) {
		listener_close(&s->listener);
		free(s);
		error_set(err, "libwebsockets cannot serve");
		return NULL;
	}
	s->blackbox = blackbox_new(loop, monitor, &options->probe_allow);
	return s;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	listener_close(&s->listener);
	for (struct client *c = s->first; c; c = c->next) {
		blackbox_cancel(c->probe);
		c->probe = NULL;
	}
	blackbox_free(s->blackbox);
	lws_vhost_destroy(s->vhost); /* the rest goes with the last connection */
}

const char *server_address(const struct server *s)
{
	return s->listener.address;
}

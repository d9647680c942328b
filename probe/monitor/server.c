/*
 * The server: connections and the protocol.
 *
 *   accept      on_connection: bounded in number, the one that has waited longest makes room
 *   request     client_request, client_writable (server_answer.c)
 *   live        on_live, server_finished: one line for each finished run
 *
 * The listening socket is the loop's; what it accepts is adopted by libwebsockets.
 */
#include "probe/server.h"

#include <stdlib.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "probe/lws_loop.h"
#include "server_client.h"

/* Seconds between requests of one connection. */
enum { IDLE_S = 20 };

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
	if (!s->listeners)
		return;
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
	s->listeners -= c->live;
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
	case LWS_CALLBACK_HTTP: return client_request(c, in);
	case LWS_CALLBACK_HTTP_WRITEABLE: return client_writable(c);
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: return on_upgrade(c);
	case LWS_CALLBACK_ESTABLISHED:
		c->live = true;
		c->server->listeners++;
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
	{.name = "goldprobe",
		.callback = on_event,
		.rx_buffer_size = 1024,
		/* Else an answer would leave in pieces of the size above. */
		.tx_packet_size = 2 * ANSWER_PIECE},
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
		.timeout_secs = CLIENT_PATIENCE_S,
		.timeout_secs_ah_idle = CLIENT_PATIENCE_S,
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

/*
 * Requests and answers: a route renders, or a body rendered before is shared; it leaves in pieces, so
 * that a slow client costs its place and no memory.
 */
#include <stdlib.h>

#include <libwebsockets.h>

#include "server_client.h"

enum {
	PROBE_PATIENCE = 65, /* seconds for /probe, whose answer waits for a run */
};

#define SHARED_FOR NS_PER_S

_Static_assert(BODY_ROOM >= LWS_PRE, "room for libwebsockets");

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
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, CLIENT_PATIENCE_S);
	return lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

/* Writes the head, and a body that is small with it. Takes the body. */
static int send_head(struct client *c, int status, const char *type, struct body *body, bool head)
{
	unsigned char room[LWS_PRE + 2 * ANSWER_PIECE];
	unsigned char *out = room + LWS_PRE;
	int len = snprintf((char *)out, ANSWER_PIECE,
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s%s\r\n", status,
		status_text(status), type ? type : "text/plain; charset=utf-8", body->len,
		security_headers, extra_headers(status), c->close ? "Connection: close\r\n" : "");
	size_t total = (size_t)len;
	bool whole = head || body->len <= ANSWER_PIECE;

	if (!head && whole) {
		memcpy(out + total, body->bytes + BODY_ROOM, body->len);
		total += body->len;
	}
	c->body = body;
	c->sent = 0;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, CLIENT_PATIENCE_S);
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

int client_writable(struct client *c)
{
	size_t left;

	if (c->probe || !c->body)
		return 0;
	left = c->body->len - c->sent;
	if (left > ANSWER_PIECE)
		left = ANSWER_PIECE;
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

	buf_init(&out, BODY_MAX);
	if (may_share && shared->body && now < shared->until) {
		*status = shared->status;
		return body_ref(shared->body);
	}
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

int client_request(struct client *c, const char *path)
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

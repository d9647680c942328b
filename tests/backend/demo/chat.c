/*
 * chat: the WebSocket (RFC 6455). Who connects offers the subprotocols `jwt-auth` and
 * `jwt.<base64url of the access token>`. A bad token gets the upgrade, an error message and close
 * code 1008, because browsers cannot see why an upgrade was refused. A `user_message` starts the
 * agent, which says in five events what it does.
 */
#include <openssl/evp.h>

#include "demo.h"

enum { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum { CLOSE_NORMAL = 1000, CLOSE_PROTOCOL = 1002, CLOSE_POLICY = 1008, CLOSE_TOO_BIG = 1009 };

#define EVENT_EVERY (15 * NS_PER_MS)
#define CLOSE_PATIENCE NS_PER_S

static const char *const events[] = {
	"{\"type\":\"agent_started\",\"agent\":\"triage\"}",
	"{\"type\":\"agent_thinking\",\"thought\":\"which data answers this?\"}",
	"{\"type\":\"tool_executing\",\"tool\":\"usage_report\"}",
	"{\"type\":\"tool_completed\",\"tool\":\"usage_report\",\"rows\":12}",
	"{\"type\":\"agent_completed\",\"result\":\"pong\"}",
};

enum { EVENT_COUNT = sizeof(events) / sizeof(*events) };

static void frame_send(struct conn *c, int opcode, struct str payload)
{
	unsigned char head[4] = {(unsigned char)(0x80 | opcode)};

	/* Nothing here sends more than 64 KiB. */
	if (payload.len < 126) {
		head[1] = (unsigned char)payload.len;
		buf_add(&c->out, head, 2);
	} else {
		head[1] = 126;
		head[2] = (unsigned char)(payload.len >> 8);
		head[3] = (unsigned char)payload.len;
		buf_add(&c->out, head, 4);
	}
	buf_add_str(&c->out, payload);
}

static void close_send(struct conn *c, unsigned code, const char *reason)
{
	char payload[126];
	int len;

	payload[0] = (char)(code >> 8);
	payload[1] = (char)code;
	len = snprintf(payload + 2, sizeof(payload) - 2, "%s", reason);
	frame_send(c, OP_CLOSE, (struct str){payload, 2 + (size_t)len});
	c->next_event = TIME_NONE;
	c->close_by = clock_monotonic() + CLOSE_PATIENCE;
}

static void accept_key(struct str key, char out[32])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[128];
	int len = snprintf(text, sizeof(text), "%.*s%s", STR_ARG(str_sub(key, 0, 64)), guid);

	EVP_Digest(text, (size_t)len, digest, NULL, EVP_sha1(), NULL);
	EVP_EncodeBlock((unsigned char *)out, digest, 20);
}

/* The next item of a comma-separated list, RFC 9110 section 5.6.1. */
static bool list_next(struct str *list, struct str *item)
{
	size_t comma = str_find_char(*list, ',');

	if (!list->len)
		return false;
	*item = str_trim(str_sub(*list, 0, comma));
	*list = comma == SIZE_MAX ? STR("") : str_from(*list, comma + 1);
	return true;
}

/* Finds the access token among the subprotocols, or in Authorization; checks it. */
static const char *token_wrong(const struct request *r, bool *subprotocol, char *email, size_t size)
{
	struct str list = request_header(r, "sec-websocket-protocol"), item;
	struct str bearer = request_header(r, "authorization");
	unsigned char token[TOKEN_MAX];
	const char *wrong = "no access token";
	size_t len;

	while (list_next(&list, &item)) {
		if (str_is(item, "jwt-auth"))
			*subprotocol = true;
		if (!str_starts(item, "jwt."))
			continue;
		wrong = base64url_decode(str_from(item, 4), token, sizeof(token), &len)
				? token_check((struct str){(char *)token, len}, email, size)
				: "malformed token";
	}
	if (str_is_nocase(str_sub(bearer, 0, 7), "bearer "))
		wrong = token_check(str_trim(str_from(bearer, 7)), email, size);
	return wrong;
}

int chat_open(struct conn *c, const struct request *r)
{
	struct str key = request_header(r, "sec-websocket-key");
	BUF_SCOPED struct buf hello;
	char accept[32], email[256];
	bool subprotocol = false;
	const char *wrong;

	buf_init(&hello, 2048);
	if (!str_is_nocase(request_header(r, "upgrade"), "websocket") || !key.len) {
		respond(c, r, 426, "application/json",
			STR("{\"detail\":\"WebSocket upgrade required\"}"));
		return 426;
	}
	wrong = token_wrong(r, &subprotocol, email, sizeof(email));
	accept_key(key, accept);
	buf_printf(&c->out,
		"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
		"sec-websocket-accept: %s\r\n%s\r\n",
		accept, subprotocol ? "sec-websocket-protocol: jwt-auth\r\n" : "");
	c->websocket = true;
	buf_printf(&hello, "{\"type\":\"%s\",\"%s\":", wrong ? "error" : "connection_established",
		wrong ? "message" : "user");
	json_print_str(&hello, str_of(wrong ? wrong : email));
	buf_add_char(&hello, '}');
	frame_send(c, OP_TEXT, buf_str(&hello));
	if (wrong)
		close_send(c, CLOSE_POLICY, wrong);
	return 101;
}

static void message_take(struct conn *c)
{
	struct arena *arena = arena_new();
	struct value v = value_null();
	struct str type;

	if (json_parse(arena, buf_str(&c->message), 0, &v, NULL) < 0)
		v = value_null();
	type = value_str_or(value_find(&v, "type"), STR(""));
	if (str_is(type, "user_message")) {
		c->events_sent = 0;
		c->next_event = clock_monotonic();
	} else if (str_is(type, "ping")) {
		frame_send(c, OP_TEXT, STR("{\"type\":\"pong\"}"));
	} else {
		frame_send(c, OP_TEXT, STR("{\"type\":\"error\",\"message\":\"unknown message\"}"));
	}
	buf_clear(&c->message);
	arena_free(arena);
}

static void control_take(struct conn *c, int opcode, struct str payload)
{
	if (opcode == OP_PING)
		frame_send(c, OP_PONG, payload);
	if (opcode != OP_CLOSE)
		return;
	if (c->close_by == TIME_NONE)
		frame_send(c, OP_CLOSE, str_sub(payload, 0, 2));
	c->closing = true;
}

struct frame {
	bool fin;
	int opcode;
	size_t head, len;
};

/* 1 when a whole frame has come, 0 when more must, else the close code. */
static int frame_parse(struct str in, struct frame *f)
{
	const unsigned char *p = (const unsigned char *)in.ptr;
	uint64_t len;

	if (in.len < 2)
		return 0;
	f->fin = p[0] & 0x80;
	f->opcode = p[0] & 0x0f;
	len = p[1] & 0x7f;
	f->head = len == 126 ? 8 : len == 127 ? 14 : 6;
	if ((p[0] & 0x70) || !(p[1] & 0x80) || (f->opcode >= OP_CLOSE && (len > 125 || !f->fin)))
		return CLOSE_PROTOCOL;
	if (in.len < f->head)
		return 0;
	if (len >= 126) {
		size_t bytes = f->head - 6;

		len = 0;
		for (size_t i = 0; i < bytes; i++)
			len = len << 8 | p[2 + i];
	}
	if (len > BODY_MAX)
		return CLOSE_TOO_BIG;
	f->len = (size_t)len;
	return in.len >= f->head + f->len;
}

void chat_read(struct conn *c)
{
	while (!c->closing) {
		struct frame f;
		int got = frame_parse(buf_str(&c->in), &f);
		char *payload;

		if (got == 0)
			return;
		if (got != 1) {
			close_send(c, (unsigned)got, "");
			c->closing = true;
			return;
		}
		payload = c->in.data + f.head;
		for (size_t i = 0; i < f.len; i++)
			payload[i] ^= c->in.data[f.head - 4 + i % 4];
		if (f.opcode >= OP_CLOSE) {
			control_take(c, f.opcode, (struct str){payload, f.len});
		} else if (!buf_add(&c->message, payload, f.len)) {
			close_send(c, CLOSE_TOO_BIG, "");
			c->closing = true;
		} else if (f.fin && c->close_by == TIME_NONE) {
			message_take(c);
		}
		buf_consume(&c->in, f.head + f.len);
	}
}

void chat_tick(struct conn *c, int64_t now)
{
	if (c->close_by != TIME_NONE && now >= c->close_by)
		c->closing = true;
	if (c->next_event == TIME_NONE || now < c->next_event)
		return;
	frame_send(c, OP_TEXT, str_of(events[c->events_sent++]));
	c->next_event = c->events_sent < EVENT_COUNT ? now + EVENT_EVERY : TIME_NONE;
}

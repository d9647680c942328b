/*
 * See probe/ws.h. States: CONNECTING (the stream), ANSWERING (head of the answer), REFUSED (its
 * body), OPEN, CLOSING (our close was sent), DONE.
 *
 * Frames are ours and not libwebsockets': that library takes masked frames from a server, tells
 * neither which rule a peer broke nor its real close code (1012 to 1014 arrive as 1002), and connects
 * on its own, blocking in getaddrinfo. Here all of it is the loop's, c-ares' and stream.c's, and what
 * the peer did wrong is said.
 */
#include "probe/ws.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe/stream.h"

#include "ws_frame.h"
#include "ws_handshake.h"

enum state { CONNECTING, ANSWERING, REFUSED, OPEN, CLOSING, DONE };

/* How long the body of a refusal is waited for, and what is queued for a peer that does not read. */
enum { BODY_WAIT_MS = 1000, PONG_BACKLOG = 1 << 20 };

struct ws {
	struct loop *loop;
	struct arena *arena;
	struct ws_events events;
	void *ctx;
	struct url url;
	struct strs offered;
	enum state state;
	struct stream *stream;
	char key[25], accept[29];
	struct str request;
	struct buf head, out;
	struct ws_parser parser;
	struct timer body_wait;
	int64_t started, requested;
	struct ws_answer answer;
	struct ws_end end;
	unsigned busy;
	bool dead;
};

static void destroy(struct ws *ws)
{
	stream_free(ws->stream);
	timer_stop(ws->loop, &ws->body_wait);
	ws_parser_release(&ws->parser);
	buf_release(&ws->head);
	buf_release(&ws->out);
	arena_free(ws->arena);
	free(ws);
}

static void leave(struct ws *ws)
{
	if (--ws->busy == 0 && ws->dead)
		destroy(ws);
}

/* The answer is remembered while the stream is there. */
static void note(struct ws *ws)
{
	struct timing timing;

	if (!ws->stream)
		return;
	stream_timing(ws->stream, &timing);
	timing.first_byte = ws->answer.timing.first_byte;
	ws->answer.timing = timing;
	ws->answer.tls = stream_tls(ws->stream);
	ws->answer.remote = stream_remote(ws->stream);
}

static void finish(struct ws *ws, enum failure failure, const char *detail)
{
	if (ws->state == DONE)
		return;
	note(ws);
	ws->state = DONE;
	timer_stop(ws->loop, &ws->body_wait);
	ws->end.failure = failure;
	ws->end.detail = detail ? arena_strdup(ws->arena, detail) : NULL;
	if (!ws->dead)
		ws->events.ended(ws->ctx, &ws->end);
}

/* Frames */

static void send_frame(struct ws *ws, unsigned opcode, struct str payload)
{
	buf_clear(&ws->out);
	ws_frame_put(&ws->out, opcode, payload);
	stream_write(ws->stream, buf_str(&ws->out));
}

static void send_close(struct ws *ws, unsigned code, struct str reason)
{
	char payload[WS_CONTROL_MAX] = {(char)(code >> 8), (char)code};
	size_t len = reason.len < sizeof(payload) - 2 ? reason.len : sizeof(payload) - 2;

	memcpy(payload + 2, reason.ptr, len);
	send_frame(ws, WS_CLOSE, (struct str){payload, code ? len + 2 : 0});
}

static void peer_closed(struct ws *ws, struct str payload)
{
	unsigned code = WS_CLOSE_NONE;

	if (payload.len >= 2) {
		code = (unsigned)(unsigned char)payload.ptr[0] << 8 | (unsigned char)payload.ptr[1];
		ws->end.reason = arena_str(ws->arena, str_from(payload, 2));
	}
	ws->end.close_code = code;
	if (ws->state == OPEN)
		send_close(ws, code == WS_CLOSE_NONE ? 0 : code, STR(""));
	stream_shutdown(ws->stream);
	finish(ws, FAILURE_NONE, NULL);
}

static bool on_frame(void *ctx, unsigned opcode, struct str payload)
{
	struct ws *ws = ctx;

	switch (opcode) {
	case WS_CLOSE: peer_closed(ws, payload); return false;
	case WS_PING:
		if (ws->state == OPEN && stream_unsent(ws->stream) < PONG_BACKLOG)
			send_frame(ws, WS_PONG, payload);
		break;
	default: ws->events.message(ws->ctx, (enum ws_kind)opcode, payload);
	}
	return !ws->dead && ws->state != DONE;
}

static void take_frames(struct ws *ws, struct str bytes)
{
	if (ws_parse(&ws->parser, bytes) == 0 || ws->dead || ws->state == DONE)
		return;
	if (ws->state == OPEN)
		send_close(ws, ws->parser.code, STR(""));
	finish(ws, FAILURE_PROTOCOL, ws->parser.problem);
}

/* The handshake */

static size_t head_end(struct str s)
{
	size_t at = str_find(s, STR("\r\n\r\n"));

	return at == SIZE_MAX ? SIZE_MAX : at + 4;
}

static void refuse(struct ws *ws)
{
	note(ws);
	ws->answer.body = arena_str(ws->arena, ws->answer.body);
	finish(ws, FAILURE_NONE, NULL);
}

static void on_body_wait(void *ctx)
{
	struct ws *ws = ctx;

	ws->busy++;
	refuse(ws);
	leave(ws);
}

static void take_body(struct ws *ws, struct str bytes)
{
	bool fits = buf_add_str(&ws->head, bytes);

	if (ws_body_complete(
		    ws->arena, &ws->answer.headers, buf_str(&ws->head), &ws->answer.body) ||
		!fits)
		refuse(ws);
}

static void become_open(struct ws *ws, struct str rest)
{
	ws->state = OPEN;
	ws->answer.handshake = clock_monotonic() - ws->started;
	note(ws);
	ws->events.open(ws->ctx);
	/* Frames may come with the 101. */
	if (!ws->dead && ws->state != DONE && rest.len)
		take_frames(ws, rest);
}

static void take_head(struct ws *ws, struct str bytes)
{
	struct error err;

	if (!ws->head.len)
		ws->answer.timing.first_byte = clock_monotonic() - ws->requested;
	if (!buf_add_str(&ws->head, bytes)) {
		finish(ws, FAILURE_PROTOCOL, "headers exceed 256 KiB");
		return;
	}
	/* What is no HTTP is said at once, not when time is up. */
	if (ws->head.len >= 5 && !str_starts(buf_str(&ws->head), "HTTP/")) {
		finish(ws, FAILURE_PROTOCOL, "the answer to the handshake is not HTTP/1.1");
		return;
	}
	size_t end = head_end(buf_str(&ws->head));

	if (end == SIZE_MAX)
		return;
	struct str all = arena_str(ws->arena, buf_str(&ws->head)), rest = str_from(all, end);

	if (ws_head_parse(ws->arena, str_sub(all, 0, end), &ws->answer.status, &ws->answer.headers,
		    &err) < 0) {
		finish(ws, FAILURE_PROTOCOL, err.text);
	} else if (ws->answer.status == 101) {
		if (ws_head_check(&ws->answer.headers, &ws->offered, ws->accept,
			    &ws->answer.subprotocol, &err) < 0)
			finish(ws, FAILURE_PROTOCOL, err.text);
		else
			become_open(ws, rest);
	} else if (ws->answer.status < 200) {
		/* Another answer follows an informational one. */
		buf_clear(&ws->head);
		ws->answer.status = 0;
		if (rest.len)
			take_head(ws, rest);
	} else {
		ws->state = REFUSED;
		buf_release(&ws->head);
		buf_init(&ws->head, WS_BODY_MAX);
		timer_start(ws->loop, &ws->body_wait, loop_now(ws->loop) + BODY_WAIT_MS * NS_PER_MS,
			on_body_wait, ws);
		take_body(ws, rest);
	}
}

/* The stream's events */

static void on_open(void *ctx)
{
	struct ws *ws = ctx;

	ws->state = ANSWERING;
	ws->requested = clock_monotonic();
	stream_write(ws->stream, ws->request);
}

static void on_data(void *ctx, struct str bytes)
{
	struct ws *ws = ctx;

	ws->busy++;
	if (ws->state == ANSWERING)
		take_head(ws, bytes);
	else if (ws->state == REFUSED)
		take_body(ws, bytes);
	else if (ws->state == OPEN || ws->state == CLOSING)
		take_frames(ws, bytes);
	leave(ws);
}

static void on_ended(void *ctx, enum failure failure, const char *detail)
{
	struct ws *ws = ctx;

	ws->busy++;
	if (ws->state == REFUSED) {
		refuse(ws);
	} else if (ws->state == ANSWERING && failure == FAILURE_NONE) {
		finish(ws, FAILURE_PROTOCOL,
			ws->head.len ? "the peer closed within the answer to the handshake"
				     : "the peer closed without an answer to the handshake");
	} else if (ws->state == OPEN || ws->state == CLOSING) {
		ws->end.close_code = WS_CLOSE_LOST;
		if (ws_parser_torn(&ws->parser))
			finish(ws, FAILURE_PROTOCOL,
				"the connection ended in the middle of a message");
		else
			finish(ws, failure == FAILURE_TLS ? failure : FAILURE_NONE, detail);
	} else {
		finish(ws, failure == FAILURE_NONE ? FAILURE_CONNECT : failure, detail);
	}
	leave(ws);
}

/* For its owner */

struct ws *ws_start(struct loop *loop, const struct ws_options *o, const struct ws_events *events,
	void *ctx, struct error *err)
{
	static const struct stream_events stream_events = {on_open, on_data, on_ended};
	struct ws *ws = calloc(1, sizeof(*ws));

	if (!ws)
		die("out of memory: %zu bytes", sizeof(*ws));
	ws->loop = loop;
	ws->arena = arena_new();
	ws->events = *events;
	ws->ctx = ctx;
	ws->started = clock_monotonic();
	ws->answer.timing = TIMING_NONE;
	ws->answer.handshake = TIME_NONE;
	ws->answer.remote = "";
	ws->end.close_code = -1;
	buf_init(&ws->head, WS_HEAD_MAX);
	buf_init(&ws->out, 256 << 20);
	ws_parser_init(&ws->parser, o->max_message ? o->max_message : WS_MESSAGE_MAX, on_frame, ws);
	ws_key_make(ws->key, ws->accept);
	ws->offered.items = ARENA_ARRAY(ws->arena, o->subprotocols.count, struct str);
	for (size_t i = 0; i < o->subprotocols.count; i++)
		ws->offered.items[ws->offered.count++] =
			arena_str(ws->arena, o->subprotocols.items[i]);
	if (url_parse(ws->arena, o->url, &ws->url, err) < 0 ||
		ws_request(ws->arena, o, &ws->url, ws->key, &ws->request, err) < 0) {
		destroy(ws);
		return NULL;
	}
	struct stream_options options = {
		.connection = o->connection,
		.host = ws->url.host,
		.port = ws->url.port,
		.tls = ws->url.tls,
		.alpn = "http/1.1",
		.environment_proxy = true,
	};

	ws->stream = stream_start(loop, &options, &stream_events, ws);
	return ws;
}

void ws_free(struct ws *ws)
{
	if (!ws || ws->dead)
		return;
	ws->dead = true;
	ws->state = DONE;
	if (!ws->busy)
		destroy(ws);
}

void ws_send(struct ws *ws, enum ws_kind kind, struct str payload)
{
	if (ws->state == OPEN)
		send_frame(ws, kind, payload);
}

void ws_close(struct ws *ws, unsigned code, struct str reason)
{
	if (ws->state != OPEN)
		return;
	ws->state = CLOSING;
	send_close(ws, code, reason);
}

void ws_answer(struct ws *ws, struct ws_answer *out)
{
	if (ws->state != DONE)
		note(ws);
	*out = ws->answer;
}

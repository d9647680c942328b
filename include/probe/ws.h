/*
 * ws: a WebSocket client (RFC 6455) on a stream. It keeps the handshake's answer, accepted or refused,
 * speaks in messages, answers pings, and holds the peer to the protocol: a probe has to see the
 * masked frame, the reserved bit or the forbidden close code that a tolerant library repairs. No
 * extension is offered, no redirect is followed.
 */
#ifndef PROBE_WS_H
#define PROBE_WS_H

#include "probe/connection.h"
#include "probe/loop.h"
#include "probe/run.h"
#include "probe/tls.h"

enum ws_kind { WS_TEXT = 1, WS_BINARY = 2, WS_PING = 9, WS_PONG = 10 };
enum { WS_CLOSE_NONE = 1005, WS_CLOSE_LOST = 1006, WS_MESSAGE_MAX = 16 << 20 };

struct ws;

struct ws_options {
	struct str url;                      /* ws:// or wss:// */
	struct pairs headers;                /* as given, Origin among them */
	struct strs subprotocols;            /* offered in this order */
	uint64_t max_message;                /* 0: 16 MiB */
	const struct connection *connection; /* outlives it */
};

/* What the handshake was answered, as far as it came. */
struct ws_answer {
	int64_t status; /* 0: none */
	struct pairs headers;
	struct str body;        /* of a refusal, 64 KiB at most */
	struct str subprotocol; /* selected; empty: none */
	const struct tls_facts *tls;
	const char *remote;
	struct timing timing; /* first_byte: from the request to the answer */
	int64_t handshake;    /* ns from the start to the 101; TIME_NONE */
};

struct ws_end {
	enum failure failure; /* FAILURE_NONE: refused or closed, in order */
	const char *detail;
	int64_t close_code; /* of the peer's close frame, 1005, 1006; -1: there was no open socket */
	struct str reason;
};

struct ws_events {
	void (*open)(void *ctx);
	/* WS_TEXT, WS_BINARY, WS_PONG; whole messages. */
	void (*message)(void *ctx, enum ws_kind, struct str);
	/* Once, last. Any callback may free the socket. */
	void (*ended)(void *ctx, const struct ws_end *);
};

/* Calls nobody from inside. NULL with err: the URL or a header is not valid. */
struct ws *ws_start(struct loop *, const struct ws_options *, const struct ws_events *, void *ctx,
	struct error *err);
/* NULL is accepted. */
void ws_free(struct ws *);
void ws_send(struct ws *, enum ws_kind, struct str);
/* Begins the closing handshake; `ended` follows when the peer answers. */
void ws_close(struct ws *, unsigned code, struct str reason);
/* Texts live as long as the socket. */
void ws_answer(struct ws *, struct ws_answer *out);

#endif

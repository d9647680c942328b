/*
 * demo: a small backend to run goldprobe against, healthy or failing in a chosen way.
 *
 * It speaks HTTP/1.1 and RFC 6455 by itself over one poll loop: a peer that shares no code with the
 * probe's own client, and that takes access tokens as WebSocket subprotocols, which libwebsockets
 * 4.1 cannot (its server keeps 127 bytes of the offered list).
 *
 *   demo.c       options, start, the incidents
 *   server.c     sockets, HTTP, the loop
 *   routes.c     what each path answers
 *   chat.c       the WebSocket: frames, and the agent that answers
 *   token.c      access tokens and the key set
 *   cloudrun.c   its log, as Cloud Logging would export it
 *   story.c      what the backend logs when its module auth_service is missing
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "probe/buf.h"
#include "probe/clock.h"
#include "probe/json.h"
#include "probe/str.h"

enum { HEADERS_MAX = 100, BODY_MAX = 1 << 20 };

enum incident {
	INCIDENT_NONE,
	INCIDENT_AUTH_SERVICE_MISSING,
	INCIDENT_SLOW_START,
	INCIDENT_NOT_READY,
	INCIDENT_WRONG_PORT,
	INCIDENT_LOGIN_BROKEN,
};

struct demo {
	enum incident incident;
	const char *password;
	const char *hs256_secret; /* NULL: RS256 */
	uint16_t port;            /* the one users are told */
	int64_t ready_at;         /* monotonic; /health/ready is 503 before */
	bool supervise;
};

/* ---- cloudrun.c: one LogEntry a line ---- */

enum log_stream { LOG_STDERR, LOG_STDOUT, LOG_SYSTEM, LOG_REQUESTS };

/* Opens the log for writing from its start; NULL is standard error. False says why in errno. */
bool log_open(const char *path);
/* A new container instance: entries carry its id from now on. */
void log_instance(void);
/* Severity NULL leaves the field out, as Cloud Run does for plain lines. */
void log_text(enum log_stream, const char *severity, const char *text);
/* A line the application wrote as JSON: `logger` and `message`. */
void log_json(const char *severity, const char *logger, const char *message);
/* The formatter's own complaint about a record without one of its fields. */
void log_missing_field(const char *field);
/* A request and what came of it; `trace` is 32 hexadecimal digits or empty. */
void log_request(struct str method, struct str target, int status, int64_t ns, struct str trace);
/* Text written while a request was served. */
void log_traced(const char *severity, const char *text, struct str trace);

/* ---- story.c ---- */

/* What one instance logs from start to exit when auth_service is not in the image. */
void story_application(void);
/* What the platform adds around it. */
void story_platform_start(void);
void story_platform_end(uint16_t port);
/* The traceback of a sign-in that fails on a database column that is not there. */
extern const char story_login_traceback[];

/* ---- token.c ---- */

enum { TOKEN_MAX = 4096 };

/* Makes the RSA key; with a secret, tokens are HS256 and the key set is empty. */
void token_setup(const char *hs256_secret);
/* An access token of 15 minutes for the e-mail address, as text into `out`. */
void token_make(struct str email, struct buf *out);
/* NULL when the token is good; else what is wrong with it. `email` gets the subject. */
const char *token_check(struct str token, char *email, size_t size);
/* The JSON Web Key Set, RFC 7517. */
void token_jwks(struct buf *out);
/* base64url without padding, RFC 4648 section 5. False on anything else, or when it does not fit. */
bool base64url_decode(struct str, unsigned char *out, size_t size, size_t *len);
void base64url_encode(struct buf *, const void *, size_t len);

/* ---- server.c ---- */

struct request {
	struct str method, path, target, body;
	struct {
		struct str name, value;
	} headers[HEADERS_MAX];
	size_t header_count;
	bool keep_alive;
};

struct conn {
	int fd;
	struct buf in, out;
	bool closing; /* once `out` is written */
	bool websocket;
	struct buf message; /* of the fragments so far */
	int events_sent;    /* of the agent's answer */
	int64_t next_event; /* TIME_NONE when the agent is idle */
	int64_t close_by;   /* end of patience for the peer's close; TIME_NONE: not closing */
};

/* A free port of the loopback, bound for a moment. */
uint16_t server_free_port(void);
/* Serves until SIGTERM or SIGINT. Returns the exit code. */
int server_run(const struct demo *, uint16_t port);
/* True once a signal asked for the end. */
bool server_stopped(void);
void server_signals(void);
/* Value of the first header of that name, or empty. */
struct str request_header(const struct request *, const char *name);
/* The trace id of a traceparent header, W3C Trace Context section 3.2, or empty. */
struct str request_trace(const struct request *);
void respond(struct conn *, const struct request *, int status, const char *type, struct str body);

/* ---- routes.c ---- */

/* Answers; returns the status. */
int route(const struct demo *, struct conn *, const struct request *);

/* ---- chat.c ---- */

/* Answers the upgrade; returns the status (101 or a refusal). */
int chat_open(struct conn *, const struct request *);
/* Reads what frames `in` holds. */
void chat_read(struct conn *);
/* Sends the agent's next event when it is time. */
void chat_tick(struct conn *, int64_t now);

#endif

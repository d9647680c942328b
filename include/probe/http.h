/*
 * http: HTTP/1.1 and HTTP/2 transfers over curl's multi interface, in the loop.
 *
 * One machine per loop (made on first use). Every transfer is a new connection; the names resolve
 * through c-ares in curl. Cookies live in a session that transfers may share. Bounds: headers and
 * decoded body; going past one ends the transfer as `protocol`. TLS is initialised only for https.
 * Nothing here judges: the result says what happened.
 */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include "probe/connection.h"
#include "probe/loop.h"
#include "probe/run.h"
#include "probe/tls.h"

enum http_version { HTTP_ANY, HTTP_1_0, HTTP_1_1, HTTP_2, HTTP_2_PRIOR };

struct http_session; /* one cookie jar (RFC 6265) */

struct http_session *http_session_new(struct loop *);
void http_session_free(struct http_session *);

struct http_request {
	struct str method, url;
	struct pairs headers; /* sent as given, in order; Host may be among them */
	/* Headers that carry a credential: dropped when a redirect changes the origin. */
	struct pairs credentials;
	struct str body;
	bool has_body;                 /* an empty body is still a body */
	const struct http_part *parts; /* multipart/form-data instead of body */
	size_t part_count;
	int version;                         /* enum http_version */
	int64_t follow;                      /* redirects at most; 0 none */
	uint64_t max_body, max_headers;      /* 0: 16 MiB, 256 KiB */
	const struct connection *connection; /* NULL: defaults */
	struct http_session *session;        /* NULL: no cookies kept or sent */
	bool identity;                       /* do not offer compression */
	/* When set, decoded body bytes go here, with the ctx of `done`, instead of the result's body
	 * (log sources, gRPC); returning false ends the transfer as `protocol`. */
	bool (*on_body)(void *ctx, struct str bytes);
};

struct http_part {
	struct str name, filename, content_type, data;
	bool is_file; /* data is a path to send from */
};

/* Lives until the callback returns. */
struct http_result {
	enum failure failure; /* FAILURE_NONE: a complete answer came */
	const char *detail;   /* in words; NULL when none */
	int64_t status;       /* 0: no status line came */
	const char *protocol; /* "http/1.0" "http/1.1" "h2", NULL when none */
	struct pairs headers; /* of the last answer (trailers separately) */
	struct pairs trailers;
	struct pairs cookies; /* of the session, for this URL, after the transfer */
	struct str body;      /* decoded */
	bool body_cut;        /* ended at max_body */
	int64_t redirects;
	struct str effective_url;
	struct str remote_ip;
	uint64_t size; /* decoded bytes */
	/* Phases, each from the end of the one before: name resolution, connecting, TLS handshake,
	 * and from there (request sent) to the first byte of the answer. Summed over redirects; total
	 * is the whole transfer. */
	struct timing timing;
	const struct tls_facts *tls; /* NULL without TLS */
};

struct http_transfer;

/* Copies what it needs of the request except `connection` and `session`, which must outlive the
 * transfer. `done` is called once, later, never from inside http_start. */
struct http_transfer *http_start(struct loop *, const struct http_request *,
	void (*done)(void *ctx, const struct http_result *), void *ctx);
/* A method or field name as RFC 9110, section 5.6.2, spells tokens. */
bool http_is_token(struct str);
/* Retry-After in seconds (RFC 9110, section 10.2.3; less than an hour) as ns, else `otherwise`. */
int64_t http_retry_after(const struct http_result *, int64_t otherwise);
/* Ends it without a callback. What had arrived so far can be read before with http_partial. Not to
 * be called from inside on_body. NULL is accepted. */
void http_cancel(struct http_transfer *);
/* Status, headers, body and timing as far as they got; valid until http_cancel. */
void http_partial(struct http_transfer *, struct http_result *out);

#endif

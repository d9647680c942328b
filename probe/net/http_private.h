/* What the files of the HTTP machine share. Only they include curl's headers.
 *
 *   http.c           the machine: curl's sockets and timer in the loop, start, cancel, completion
 *   http_setup.c     from a request to curl's options, one hop at a time
 *   http_receive.c   what comes in: status line, headers, trailers, body, with their bounds
 *   http_redirect.c  the next hop of a redirect
 *   http_result.c    what it came to: timing, facts, cookies
 *   http_failure.c   curl's codes as failures, in words
 */
#ifndef PROBE_NET_HTTP_PRIVATE_H
#define PROBE_NET_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "probe/http.h"
#include "probe/url.h"

enum { DEFAULT_MAX_BODY = 16 << 20, DEFAULT_MAX_HEADERS = 256 << 10, TRIED_MAX = 4 };

struct http_machine {
	struct loop *loop;
	CURLM *multi;
	struct timer timer;
	struct timer reap; /* transfers that ended before they were curl's */
	struct http_transfer *transfers;
};

struct http_session {
	CURLSH *share;
};

/* Fewer than what newer curl bears (5,000), so that every build says the same. */
enum { HEADER_LINES_MAX = 4096 };

/* Why we ended a transfer ourselves; the words for CURLE_WRITE_ERROR. */
enum http_stop { STOP_NONE, STOP_HEADERS, STOP_HEADER_LINES, STOP_LENGTH, STOP_BODY, STOP_CALLER };

struct http_transfer {
	struct http_machine *machine;
	struct http_transfer *prev, *next;
	struct arena *arena;
	struct http_request request; /* our copy; method, body and headers change over redirects */
	void (*done)(void *ctx, const struct http_result *);
	void *ctx;
	int64_t started; /* monotonic */

	/* This hop */
	struct str url;
	struct url parsed;
	CURL *easy;
	bool added; /* easy is the multi's */
	struct curl_slist *header_list, *route_list;
	curl_mime *mime;
	struct tls_observer *observer;
	char problem[CURL_ERROR_SIZE];
	struct error setup; /* why the TLS context could not be made */
	struct address_tried {
		char text[64];
	} tried[TRIED_MAX];
	size_t tried_count;
	size_t route; /* which of several addresses of a `resolve` entry is used */
	size_t route_count;

	/* The answer so far */
	int64_t status;
	const char *protocol;
	struct pairs headers, trailers;
	size_t header_capacity, trailer_capacity;
	size_t header_bytes, header_lines;
	bool headers_done;
	struct buf body;
	uint64_t size;
	enum http_stop stop;

	/* Over all hops */
	int64_t redirects;
	bool origin_left; /* credentials are not sent any more */
	bool jar_left;    /* nor cookies of the session */
	struct timing passed;

	/* Ended before curl had it */
	bool failed;
	enum failure failure;
	const char *detail;
};

/* Makes easy and its options for the current url; -1 with t->failure and t->detail. */
int http_setup(struct http_transfer *);
/* Frees what http_setup made. */
void http_teardown(struct http_transfer *);
void http_fail(struct http_transfer *, enum failure, const char *detail);

size_t http_on_header(char *data, size_t size, size_t count, void *ctx);
size_t http_on_body(char *data, size_t size, size_t count, void *ctx);
/* Forgets the answer, for the next hop. */
void http_answer_reset(struct http_transfer *);
/* The first header of that name, or an empty slice with a NULL ptr. */
struct str http_header(const struct pairs *, const char *name);

/* 1: another hop is ready to be set up; 0: there is none; -1: it failed (http_fail was called). */
int http_redirect(struct http_transfer *);

/* Adds this hop's phases to `passed`. */
void http_timing_add(struct http_transfer *);
void http_result_fill(struct http_transfer *, struct http_result *);
void http_classify(struct http_transfer *, CURLcode, struct http_result *);

#endif

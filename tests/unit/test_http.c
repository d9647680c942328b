/* HTTP against well and badly behaved peers: what is recorded, which failure, in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "peer.h"
#include "probe/http.h"

/* A transfer that is run to its end; texts are copied out of the result. */
struct outcome {
	struct loop *loop;
	struct arena *arena;
	bool done;
	struct http_result result;
	struct timer limit;
	struct http_transfer *transfer;
};

static void outcome_take(struct outcome *o, const struct http_result *r)
{
	o->result = *r;
	o->result.detail = r->detail ? arena_strdup(o->arena, r->detail) : NULL;
	o->result.body = arena_str(o->arena, r->body);
	o->result.effective_url = arena_str(o->arena, r->effective_url);
	o->result.remote_ip = arena_str(o->arena, r->remote_ip);
	for (int i = 0; i < 3; i++) {
		struct pairs *p = i == 0   ? &o->result.headers
				  : i == 1 ? &o->result.trailers
					   : &o->result.cookies;
		struct pair *items = ARENA_ARRAY(o->arena, p->count + 1, struct pair);

		for (size_t k = 0; k < p->count; k++)
			items[k] = (struct pair){arena_str(o->arena, p->items[k].name),
				arena_str(o->arena, p->items[k].value)};
		p->items = items;
	}
}

static void on_done(void *ctx, const struct http_result *r)
{
	struct outcome *o = ctx;

	outcome_take(o, r);
	o->transfer = NULL;
	o->done = true;
}

/* Stands for the engine's timeout: what had come is read, then the transfer is cancelled. */
static void on_limit(void *ctx)
{
	struct outcome *o = ctx;
	struct http_result partial;

	http_partial(o->transfer, &partial);
	outcome_take(o, &partial);
	o->result.failure = FAILURE_TIMEOUT;
	http_cancel(o->transfer);
	o->transfer = NULL;
	o->done = true;
}

static void outcome_begin(struct outcome *o)
{
	*o = (struct outcome){.loop = loop_new(NULL), .arena = arena_new()};
}

static void outcome_end(struct outcome *o)
{
	loop_free(o->loop);
	arena_free(o->arena);
}

static void perform(struct outcome *o, const struct http_request *request, int64_t limit)
{
	struct error err = {"none"};

	o->done = false;
	loop_refresh(o->loop);
	o->transfer = http_start(o->loop, request, on_done, o);
	assert_false(o->done);
	timer_start(o->loop, &o->limit, loop_now(o->loop) + limit, on_limit, o);
	if (loop_run(o->loop, &o->done, &err) < 0)
		fail_msg("%s", err.text);
	timer_stop(o->loop, &o->limit);
}

static struct str header(const struct outcome *o, const char *name)
{
	for (size_t i = 0; i < o->result.headers.count; i++)
		if (str_is_nocase(o->result.headers.items[i].name, name))
			return o->result.headers.items[i].value;
	return STR("");
}

static void serve_text(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, ctx);
}

/* Answers of one piece, and what they are taken for. */
static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *name, *answer;
		enum failure failure;
		const char *detail;
		int64_t status;
		const char *body;
	} cases[] = {
		{"plain", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", FAILURE_NONE, NULL, 200,
			"hi"},
		{"until close", "HTTP/1.0 503 Busy\r\n\r\nlater", FAILURE_NONE, NULL, 503, "later"},
		{"chunked with trailer",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
			"X-T: 1\r\n\r\n",
			FAILURE_NONE, NULL, 200, "hi"},
		{"informational first",
			"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
			FAILURE_NONE, NULL, 204, ""},
		{"no answer", "", FAILURE_PROTOCOL, "peer closed without an answer", 0, ""},
		{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n0123456789",
			FAILURE_PROTOCOL, "peer closed after 10 of 200 bytes", 200, "0123456789"},
		{"chunk cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
			FAILURE_PROTOCOL, "peer closed after 2 bytes of an unfinished body", 200,
			"hi"},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n",
			FAILURE_PROTOCOL, NULL, 200, ""},
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", FAILURE_PROTOCOL,
			"received HTTP/0.9 when not allowed", 0, ""},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhi",
			FAILURE_PROTOCOL, NULL, 200, NULL},
		{"unknown encoding",
			"HTTP/1.1 200 OK\r\nContent-Encoding: zz\r\nContent-Length: 2\r\n\r\nhi",
			FAILURE_PROTOCOL, NULL, 200, NULL},
		{"gzip that is none",
			"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
			FAILURE_PROTOCOL, NULL, 200, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct outcome o;

		peer_start(&peer, serve_text, cases[i].answer, 0);
		outcome_begin(&o);
		perform(&o, &(struct http_request){.url = str_of(peer.url)}, 5 * NS_PER_S);
		if (o.result.failure != cases[i].failure)
			fail_msg("%s: %d, %s", cases[i].name, (int)o.result.failure,
				o.result.detail);
		if (cases[i].failure == FAILURE_NONE)
			assert_null(o.result.detail);
		else if (cases[i].detail)
			assert_string_equal(o.result.detail, cases[i].detail);
		else
			print_message("%s: %s\n", cases[i].name, o.result.detail);
		assert_int_equal(o.result.status, cases[i].status);
		if (cases[i].body)
			assert_string_equal(o.result.body.ptr, cases[i].body);
		outcome_end(&o);
		peer_stop(&peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
	};
	(void)header;

	return cmocka_run_group_tests(tests, NULL, NULL);
}

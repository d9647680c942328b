/* http_outcome: one HTTP transfer run to its end, for tests. */
#ifndef TESTS_HTTP_OUTCOME_H
#define TESTS_HTTP_OUTCOME_H

#include <stdio.h>

#include "probe/http.h"

/* A transfer that is run to its end; texts are copied out of the result. */
struct outcome {
	struct loop *loop;
	struct arena *arena;
	bool done;
	struct http_result result;
	struct timer limit;
	struct http_transfer *transfer;
	bool keep_tls;
	char tls_error[32], tls_version[16];
};

static inline void outcome_take(struct outcome *o, const struct http_result *r)
{
	o->result = *r;
	if (r->tls && o->keep_tls) {
		snprintf(o->tls_error, sizeof(o->tls_error), "%s",
			r->tls->verify_error ? r->tls->verify_error : "");
		snprintf(o->tls_version, sizeof(o->tls_version), "%s", r->tls->version);
	}
	o->result.tls = NULL;
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

static inline void on_done(void *ctx, const struct http_result *r)
{
	struct outcome *o = ctx;

	outcome_take(o, r);
	o->transfer = NULL;
	o->done = true;
}

/* Stands for the engine's timeout: what had come is read, then the transfer is cancelled. */
static inline void on_limit(void *ctx)
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

static inline void outcome_begin(struct outcome *o)
{
	*o = (struct outcome){.loop = loop_new(NULL), .arena = arena_new()};
}

static inline void outcome_end(struct outcome *o)
{
	loop_free(o->loop);
	arena_free(o->arena);
}

static inline void perform(struct outcome *o, const struct http_request *request, int64_t limit)
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

#endif

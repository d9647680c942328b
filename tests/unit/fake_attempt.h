/*
 * fake_attempt: the engine's side of probe/step.h for tests of step kinds, without an engine. Included
 * by the one test program that needs it, since the real one is in the library.
 */
#ifndef TESTS_FAKE_ATTEMPT_H
#define TESTS_FAKE_ATTEMPT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cases.h"
#include "probe/http.h"
#include "probe/step.h"
#include "probe/yaml.h"

struct attempt {
	const struct step_kind *kind;
	struct loop *loop;
	struct arena *arena;
	struct facts *facts;
	void *spec, *state;
	struct connection connection;
	struct pairs headers;
	struct credential credential;
	struct str target;
	struct http_session *session;
	struct fill fill;
	struct diags diags;
	int64_t started, deadline, settle;
	struct timing timing;
	struct strs messages;
	size_t message_capacity;
	const char *wants;
	struct timer limit;
	bool begun, done, over;
	enum failure failure;
	const char *detail;
	char remote[128];
};

/* Fills the spec from YAML; fails the test on a diagnostic. */
static inline void fake_begin(
	struct attempt *a, const struct step_kind *kind, const char *yaml, const char *target)
{
	static struct source source;
	struct node *body = NULL;

	*a = (struct attempt){.kind = kind, .loop = loop_new(NULL), .arena = arena_new()};
	a->facts = facts_new(a->arena);
	a->target = str_of(target);
	a->timing = TIMING_NONE;
	diags_init(&a->diags, a->arena);
	a->fill = (struct fill){.arena = a->arena,
		.scope = scope_new(a->arena, NULL),
		.diags = &a->diags,
		.dir = "."};
	source = (struct source){"test.yaml", str_of(yaml)};
	yaml_load(a->arena, &source, &body, &a->diags);
	if (body && body->type != NODE_MAP && kind->shorthand)
		body = kind->shorthand(a->arena, body, &a->diags);
	a->spec = arena_alloc(a->arena, kind->spec_size);
	a->state = arena_alloc(a->arena, kind->state_size);
	if (body && !diags_failed(&a->diags)) {
		fields_fill(&a->fill, kind->fields, body, a->spec);
		if (kind->validate)
			kind->validate(a->spec, body, 10 * NS_PER_S, &a->diags);
	}
	if (diags_failed(&a->diags)) {
		diags_print(&a->diags, stderr, false);
		fail_msg("the step is not valid");
	}
}

static inline void fake_limit(void *ctx)
{
	struct attempt *a = ctx;

	attempt_done(a, FAILURE_TIMEOUT, "%s", "timeout");
}

static inline void fake_start(struct attempt *a, int64_t timeout)
{
	loop_refresh(a->loop);
	a->started = loop_now(a->loop);
	a->deadline = a->started + timeout;
	timer_start(a->loop, &a->limit, a->deadline, fake_limit, a);
	a->begun = true;
	a->kind->start(a);
}

static inline void fake_stop(struct attempt *a)
{
	timer_stop(a->loop, &a->limit);
	if (a->begun)
		a->kind->stop(a);
	a->begun = false;
	a->over = true;
}

/* Runs to the end, as the engine would. A second and more is for what must not time out: that has
 * more time where all is slower. */
static inline void fake_run(struct attempt *a, int64_t timeout)
{
	struct error err;

	fake_start(a, timeout >= NS_PER_S ? time_limit(timeout) : timeout);
	if (!a->done && loop_run(a->loop, &a->done, &err) < 0)
		fail_msg("%s", err.text);
	fake_stop(a);
}

static inline void fake_end(struct attempt *a)
{
	http_session_free(a->session);
	loop_free(a->loop);
	arena_free(a->arena);
}

/* Facts of the attempt as text, "" when there is none. */
static inline const char *fake_fact(struct attempt *a, const char *name)
{
	const struct value *value = facts_find(a->facts, str_of(name), NULL);

	return value ? value_to_str(a->arena, value).ptr : "";
}

const void *attempt_spec(const struct attempt *a)
{
	return a->spec;
}

void *attempt_state(struct attempt *a)
{
	return a->state;
}

struct loop *attempt_loop(const struct attempt *a)
{
	return a->loop;
}

struct arena *attempt_arena(const struct attempt *a)
{
	return a->arena;
}

struct facts *attempt_facts(struct attempt *a)
{
	return a->facts;
}

const struct connection *attempt_connection(const struct attempt *a)
{
	return &a->connection;
}

struct str attempt_target(const struct attempt *a)
{
	return a->target;
}

const char *attempt_dir(const struct attempt *a)
{
	return a->fill.dir;
}

const struct pairs *attempt_headers(const struct attempt *a)
{
	return &a->headers;
}

const struct credential *attempt_credential(const struct attempt *a)
{
	return &a->credential;
}

struct http_session *attempt_session(struct attempt *a)
{
	if (!a->session)
		a->session = http_session_new(a->loop);
	return a->session;
}

const struct fill *attempt_fill(const struct attempt *a)
{
	return &a->fill;
}

int64_t attempt_started(const struct attempt *a)
{
	return a->started;
}

int64_t attempt_deadline(const struct attempt *a)
{
	return a->deadline;
}

int64_t attempt_settle(const struct attempt *a)
{
	return a->settle;
}

bool attempt_wants_fact(const struct attempt *a, const char *name)
{
	return a->wants && strcmp(a->wants, name) == 0;
}

void attempt_fact(struct attempt *a, const char *name, struct value value)
{
	facts_set(a->facts, name, value);
}

void attempt_timing(struct attempt *a, const struct timing *timing)
{
	a->timing = *timing;
}

void attempt_message(struct attempt *a, struct str text)
{
	a->messages.items = arena_grow(a->arena, a->messages.items, a->messages.count,
		&a->message_capacity, sizeof(struct str));
	a->messages.items[a->messages.count++] = arena_str(a->arena, text);
}

void attempt_remote(struct attempt *a, struct str address)
{
	snprintf(a->remote, sizeof(a->remote), "%.*s", STR_ARG(address));
}

struct str attempt_masked(struct attempt *a, struct str text, bool cut)
{
	(void)a;
	(void)cut;
	return text;
}

void attempt_secret(struct attempt *a, struct str secret)
{
	(void)a;
	(void)secret;
}

void attempt_done(struct attempt *a, enum failure failure, const char *fmt, ...)
{
	va_list args;

	if (a->over)
		abort(); /* a kind calls nobody after its stop */
	if (a->done)
		return;
	va_start(args, fmt);
	a->detail = arena_vprintf(a->arena, fmt, args);
	va_end(args);
	a->failure = failure;
	a->done = true;
}

#endif

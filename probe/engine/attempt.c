/*
 * One attempt of a step, from its credential to its end. In order of a life:
 *
 *   attempt_start  ->  credential_got  ->  attempt_begin  ->  kind->start
 *   attempt_done (exactly once, by the kind, the timer or the engine)
 *   attempt_finish: kind->stop, checks, captures, then engine_attempt_ended
 */
#include <stdio.h>
#include <sys/random.h>

#include "engine_private.h"

enum { MESSAGES_FACT_MAX = 1000, MESSAGES_BYTES_MAX = 16 << 20 };

static void attempt_finish(void *ctx)
{
	struct attempt *a = ctx;

	timer_stop(a->engine->loop, &a->timer);
	if (a->auth_request)
		auth_cancel(a->auth_request);
	a->auth_request = NULL;
	if (a->begun)
		a->kind->stop(a);
	a->begun = false;
	if (a->timing.total == TIME_NONE)
		a->timing.total = loop_now(a->engine->loop) - a->started;
	attempt_judge(a);
	engine_attempt_ended(a);
}

static void attempt_vdone(struct attempt *a, enum failure failure, const char *fmt, va_list args)
{
	if (a->ended)
		return;
	a->ended = true;
	a->failure = failure;
	a->detail = fmt ? arena_vprintf(a->arena, fmt, args) : NULL;
	timer_stop(a->engine->loop, &a->timer);
	loop_defer(a->engine->loop, &a->finish, attempt_finish, a);
}

void attempt_done(struct attempt *a, enum failure failure, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	attempt_vdone(a, failure, fmt, args);
	va_end(args);
}

void attempt_end(struct attempt *a, enum failure failure, const char *detail)
{
	attempt_done(a, failure, "%s", detail);
}

static void attempt_timeout(void *ctx)
{
	struct attempt *a = ctx;
	char limit[32];

	duration_print(a->deadline - a->started, limit);
	if (a->auth_request)
		attempt_done(a, FAILURE_AUTH,
			"timeout: no credential within %s; the token endpoint did not answer",
			limit);
	else
		attempt_done(a, FAILURE_TIMEOUT, NULL);
}

/* The file was valid; what a capture or a file at run time gave may still not fit. */
static void fail_by_diags(struct attempt *a, const char *what)
{
	const struct diag *first = &a->diags.items[0];

	attempt_done(a, FAILURE_CAPTURE, "%s: line %u: %s", what, first->span.line, first->message);
}

static bool fill_map(
	struct attempt *a, const struct field *fields, const struct node *map, void *out)
{
	return !map || fields_fill(&a->fill, fields, map, out) == 0;
}

struct header_holder {
	struct pairs headers;
};

static const struct field header_fields[] = {
	{.name = "headers", .type = FIELD_PAIRS, .offset = FIELD_AT(struct header_holder, headers)},
	{.name = NULL},
};

static void add_headers(struct attempt *a, const struct node *node, const struct pairs *flags)
{
	struct header_holder holder = {0};
	const struct pairs *more = flags;

	if (node) {
		struct node *map = node_map(a->arena, node->span);

		node_map_add(a->arena, map, "headers", (struct node *)node);
		if (!fill_map(a, header_fields, map, &holder))
			return;
		more = &holder.headers;
	}
	if (!more || !more->count)
		return;
	struct pairs old = a->headers;
	struct pair *items = ARENA_ARRAY(a->arena, old.count + more->count, struct pair);
	size_t count = 0;

	/* A later source replaces a name as a whole; repeated names within one source stay. */
	for (size_t i = 0; i < old.count; i++) {
		bool replaced = false;

		for (size_t j = 0; j < more->count && !replaced; j++)
			replaced = str_equal_nocase(old.items[i].name, more->items[j].name);
		if (!replaced)
			items[count++] = old.items[i];
	}
	memcpy(items + count, more->items, more->count * sizeof(*items));
	a->headers = (struct pairs){items, count + more->count};
}

static void random_hex(char *out, size_t digits)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[16];
	size_t got = 0;

	while (got < sizeof(bytes)) {
		ssize_t n = getrandom(bytes + got, sizeof(bytes) - got, 0);

		if (n > 0)
			got += (size_t)n;
	}
	/* All zeroes are not a valid id (W3C Trace Context, section 3.2.2.3). */
	bytes[0] |= 1;
	for (size_t i = 0; i < digits; i++)
		out[i] = hex[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
	out[digits] = '\0';
}

/* Takes over the ids of a traceparent that the user gave (W3C Trace Context, section 3.2). */
static bool take_traceparent(struct attempt *a)
{
	for (size_t i = 0; i < a->headers.count; i++) {
		struct str value = a->headers.items[i].value;

		if (!str_is_nocase(a->headers.items[i].name, "traceparent"))
			continue;
		if (value.len >= 55 && value.ptr[2] == '-' && value.ptr[35] == '-') {
			snprintf(a->step->trace_id, 33, "%.32s", value.ptr + 3);
			snprintf(a->span_id, 17, "%.16s", value.ptr + 36);
		}
		return true;
	}
	return false;
}

static void add_trace(struct attempt *a)
{
	a->step->traced = true;
	if (take_traceparent(a))
		return;
	random_hex(a->span_id, 16);
	struct pair *items = ARENA_ARRAY(a->arena, a->headers.count + 1, struct pair);

	if (a->headers.count)
		memcpy(items, a->headers.items, a->headers.count * sizeof(*items));
	items[a->headers.count] = (struct pair){STR("traceparent"),
		str_of(arena_printf(a->arena, "00-%s-%s-01", a->step->trace_id, a->span_id))};
	a->headers.items = items;
	a->headers.count++;
}

static void has_reference(void *ctx, const struct node *node, const struct reference *reference)
{
	(void)node;
	(void)reference;
	*(bool *)ctx = true;
}

static bool fill_connection(struct attempt *a)
{
	const struct node *own = a->step->plan->connection_own;
	bool refers = false;

	a->connection = a->step->plan->connection;
	if (own)
		node_references(own, has_reference, &refers);
	return !refers || connection_fill(&a->fill, own, &a->connection) == 0;
}

static void attempt_begin(struct attempt *a)
{
	const struct plan_step *plan = a->step->plan;

	a->spec = arena_alloc(a->arena, a->kind->spec_size);
	a->state = arena_alloc(a->arena, a->kind->state_size);
	if (!fill_connection(a) ||
		!fill_map(a, a->kind->fields,
			a->kind->shorthand && plan->source->body->type != NODE_MAP
				? a->kind->shorthand(a->arena, plan->source->body, &a->diags)
				: plan->source->body,
			a->spec)) {
		fail_by_diags(a, "a value of the step does not fit");
		return;
	}
	if (a->kind->uses & STEP_USES_AUTH) {
		add_headers(a, plan->header_defaults, NULL);
		add_headers(a, plan->header_own, NULL);
		add_headers(a, NULL, plan->header_flags);
		if (diags_failed(&a->diags)) {
			fail_by_diags(a, "a header does not fit");
			return;
		}
		keep_header_secrets(a->engine->plan->redactor, &a->headers);
		add_trace(a);
	}
	a->begun = true;
	a->kind->start(a);
}

static struct pairs copy_pairs(struct arena *arena, const struct pairs *pairs)
{
	struct pairs copy = {ARENA_ARRAY(arena, pairs->count, struct pair), pairs->count};

	for (size_t i = 0; i < pairs->count; i++) {
		copy.items[i].name = arena_str(arena, pairs->items[i].name);
		copy.items[i].value = arena_str(arena, pairs->items[i].value);
	}
	return copy;
}

static void credential_got(void *ctx, const struct credential *credential, const char *problem)
{
	struct attempt *a = ctx;

	a->auth_request = NULL;
	if (!credential) {
		attempt_done(a, FAILURE_AUTH, "%s", problem);
		return;
	}
	a->credential.headers = copy_pairs(a->arena, &credential->headers);
	a->credential.query = copy_pairs(a->arena, &credential->query);
	a->credential.subprotocols.count = credential->subprotocols.count;
	a->credential.subprotocols.items =
		ARENA_ARRAY(a->arena, credential->subprotocols.count, struct str);
	for (size_t i = 0; i < credential->subprotocols.count; i++)
		a->credential.subprotocols.items[i] =
			arena_str(a->arena, credential->subprotocols.items[i]);
	attempt_begin(a);
}

static void obtain_credential(struct attempt *a)
{
	const struct plan_step *plan = a->step->plan;
	struct auth_want want = {
		.profile = plan->auth,
		.reject_body = plan->source->reject,
		.reject = a->reject,
		.fill = &a->fill,
		.connection = &a->connection,
		.session = a->engine->session,
		.target = a->engine->plan->target,
	};

	if (!fill_connection(a)) {
		fail_by_diags(a, "the connection does not fit");
		return;
	}
	a->auth_request = auth_obtain(a->engine->auth, &want, credential_got, a);
}

void attempt_start(struct step_run *step)
{
	struct engine *engine = step->engine;
	struct arena *arena = arena_new();
	struct attempt *a = ARENA_NEW(arena, struct attempt);

	a->engine = engine;
	a->step = step;
	a->kind = step->kind;
	a->arena = arena;
	a->facts = facts_new(arena);
	a->timing = TIMING_NONE;
	a->messages = value_array();
	diags_init(&a->diags, arena);
	a->fill = (struct fill){.arena = arena,
		.scope = step->scope,
		.diags = &a->diags,
		.dir = step->plan->source->dir};
	a->started = loop_now(engine->loop);
	a->started_wall = loop_wall(engine->loop);
	a->deadline = a->started + step->plan->timeout;
	if (step->credential)
		a->reject = arena_printf(
			arena, "%.*s", STR_ARG(step->plan->reject.items[step->credential - 1]));
	step->attempt = a;
	step->last_started = a->started;
	timer_start(engine->loop, &a->timer, a->deadline, attempt_timeout, a);
	if (step->plan->auth)
		obtain_credential(a);
	else
		attempt_begin(a);
}

void attempt_drop(struct attempt *a)
{
	if (!a)
		return;
	timer_stop(a->engine->loop, &a->timer);
	timer_stop(a->engine->loop, &a->finish);
	if (a->auth_request)
		auth_cancel(a->auth_request);
	if (a->begun)
		a->kind->stop(a);
	arena_free(a->arena);
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
	return a->engine->loop;
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
	return a->engine->plan->target;
}

const char *attempt_dir(const struct attempt *a)
{
	return a->step->plan->source->dir;
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
	if (!a->engine->session)
		a->engine->session = http_session_new(a->engine->loop);
	return a->engine->session;
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
	return a->reject ? a->step->plan->settle : 0;
}

bool attempt_wants_fact(const struct attempt *a, const char *name)
{
	const struct step_source *source = a->step->plan->source;

	if (source->expect && node_find(source->expect, name))
		return true;
	for (size_t i = 0; source->capture && i < source->capture->count; i++) {
		const struct node *how = source->capture->pairs[i].value;
		const struct node *fact =
			how && how->type == NODE_MAP ? node_find(how, "fact") : NULL;

		if (fact && str_is(fact->text, name))
			return true;
	}
	return false;
}

void attempt_fact(struct attempt *a, const char *name, struct value value)
{
	facts_set(a->facts, name, value);
}

static void set_phase(struct attempt *a, const char *name, int64_t *kept, int64_t ns)
{
	if (ns < 0)
		return;
	*kept = ns;
	facts_set(a->facts, name, value_integer(ns));
}

void attempt_timing(struct attempt *a, const struct timing *timing)
{
	set_phase(a, "time.dns", &a->timing.dns, timing->dns);
	set_phase(a, "time.connect", &a->timing.connect, timing->connect);
	set_phase(a, "time.tls", &a->timing.tls, timing->tls);
	set_phase(a, "time.first_byte", &a->timing.first_byte, timing->first_byte);
	set_phase(a, "time.total", &a->timing.total, timing->total);
}

void attempt_message(struct attempt *a, struct str text)
{
	if (a->messages.array.count >= MESSAGES_FACT_MAX ||
		text.len > MESSAGES_BYTES_MAX - a->message_bytes)
		return;
	a->message_bytes += text.len;
	value_push(a->arena, &a->messages, value_string(arena_str(a->arena, text)));
	facts_set(a->facts, "messages", a->messages);
}

void attempt_remote(struct attempt *a, struct str address)
{
	a->remote = arena_printf(a->arena, "%.*s", STR_ARG(address));
}

struct str attempt_masked(struct attempt *a, struct str text, bool cut)
{
	return redact(a->engine->plan->redactor, a->arena, text, cut);
}

void attempt_secret(struct attempt *a, struct str secret)
{
	redactor_add(a->engine->plan->redactor, secret);
}

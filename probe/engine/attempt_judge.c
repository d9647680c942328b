/*
 * What an attempt's facts mean for its step: checks, captures, and whether a bad credential was
 * refused.
 */
#include "engine_private.h"

static const char *print_ns(struct arena *arena, int64_t ns)
{
	char text[32];

	duration_print(ns, text);
	return arena_strdup(arena, text);
}

/* How far it came before the time was up: the phase says where to look. */
static const char *timeout_text(struct attempt *a)
{
	struct arena *arena = a->arena;
	const struct timing *t = &a->timing;
	const char *limit = print_ns(arena, a->deadline - a->started);
	const struct value *open = facts_find(a->facts, STR("status"), NULL);

	if (!(a->kind->uses & STEP_USES_CONNECTION))
		return arena_printf(arena, "not finished within %s", limit);
	if (t->dns == TIME_NONE && t->connect == TIME_NONE)
		return arena_printf(arena, "no connection within %s", limit);
	if (t->connect == TIME_NONE)
		return arena_printf(arena, "the connection was not accepted within %s", limit);
	if (t->first_byte == TIME_NONE && !open)
		return arena_printf(arena, "connected after %s, but no answer within %s",
			print_ns(arena, t->connect), limit);
	return arena_printf(arena, "the answer began but was not complete within %s", limit);
}

static void keep_secret(struct redactor *redactor, struct arena *arena, const struct value *value)
{
	switch (value->type) {
	case VALUE_ARRAY:
		for (size_t i = 0; i < value->array.count; i++)
			keep_secret(redactor, arena, &value->array.items[i]);
		break;
	case VALUE_OBJECT:
		for (size_t i = 0; i < value->object.count; i++)
			keep_secret(redactor, arena, &value->object.members[i].value);
		break;
	case VALUE_NULL:
	case VALUE_BOOLEAN: break;
	default: redactor_add(redactor, value_to_str(arena, value));
	}
}

static void capture_got(void *ctx, struct str name, const struct value *value, bool secret)
{
	struct attempt *a = ctx;

	if (secret)
		keep_secret(a->engine->plan->redactor, a->arena, value);
	scope_set(a->engine->scope, name, value);
}

/* `why` is the kind's own word on what may have failed, or NULL. */
static void judge_checks(struct attempt *a, const char *why)
{
	const struct plan_step *plan = a->step->plan;
	struct check_result *results = NULL;
	size_t count = 0;
	size_t failed = checks_evaluate(&plan->checks, a->facts, &a->fill, &results, &count);

	record_checks(a, results, count);
	if (a->failure != FAILURE_NONE || !failed)
		return;
	for (size_t i = 0; i < count; i++) {
		if (results[i].passed)
			continue;
		a->failure = FAILURE_CHECK;
		a->detail = failed == 1 ? results[i].text
					: arena_printf(a->arena, "%s (and %zu more)",
						  results[i].text, failed - 1);
		if (why && *why)
			a->detail = arena_printf(a->arena, "%s: %s", a->detail, why);
		return;
	}
}

static void judge_captures(struct attempt *a)
{
	struct error err;

	if (captures_take(&a->step->plan->captures, a->facts, &a->fill, capture_got, a, &err)) {
		a->failure = FAILURE_CAPTURE;
		a->detail = arena_strdup(a->arena, err.text);
	}
}

static int64_t integer_fact(struct attempt *a, struct str name)
{
	const struct value *value = facts_find(a->facts, name, NULL);

	return value && value->type == VALUE_INTEGER ? value->integer : -1;
}

/* 1008 policy violation (RFC 6455, 7.4.1), 3000 unauthorized (IANA), 4000-4999 private use. */
static bool close_refuses(int64_t code)
{
	return code == 1008 || code == 3000 || (code >= 4000 && code <= 4999);
}

/* A 2xx says it all, also when its body never ends; a socket has to have stayed open in order. */
static bool reject_accepted(const struct attempt *a, int64_t status, int64_t close)
{
	if (status >= 200 && status < 300)
		return a->failure != FAILURE_INTERRUPTED;
	return status == 101 && close < 0 &&
	       (a->failure == FAILURE_NONE || a->failure == FAILURE_CHECK);
}

static void reject_let_in(struct attempt *a, int64_t status)
{
	struct step_run *step = a->step;
	struct arena *arena = step->engine->arena;

	a->detail = arena_printf(a->arena, "a credential of kind '%s' was accepted (%s)", a->reject,
		status == 101 ? "the WebSocket stayed open"
			      : arena_printf(a->arena, "status %d", (int)status));
	value_push(arena, &step->accepted, value_text(arena_strdup(arena, a->reject)));
	if (!step->let_in)
		step->let_in = arena_strdup(arena, a->detail);
}

/*
 * A bad credential must be refused: 401 or 403, or for a WebSocket a close that says so. 2xx or an
 * open socket lets it in. Anything else is neither.
 */
static void judge_reject(struct attempt *a)
{
	int64_t status = integer_fact(a, STR("status")), close = integer_fact(a, STR("close_code"));

	if (status == 401 || status == 403 || (status == 101 && close_refuses(close))) {
		a->failure = FAILURE_NONE;
		a->detail = NULL;
		return;
	}
	bool accepted = reject_accepted(a, status, close);

	/* An attempt that ended before an answer keeps its own failure. */
	if (status < 0 || (!accepted && a->failure != FAILURE_NONE && a->failure != FAILURE_CHECK))
		return;
	a->failure = FAILURE_CHECK;
	if (accepted)
		reject_let_in(a, status);
	else if (status == 101)
		a->detail = arena_printf(a->arena,
			"a credential of kind '%s' was answered by close code %d, wanted 1008, 3000 or "
			"4000-4999",
			a->reject, (int)close);
	else
		a->detail = arena_printf(a->arena,
			"a credential of kind '%s' was answered by status %d, wanted 401 or 403",
			a->reject, (int)status);
}

/* JSON is parsed when a check or a capture asks for it, so its maxima show only then. */
static void judge_maximum(struct attempt *a)
{
	const char *past = facts_past_maximum(a->facts);

	if (!past || (a->failure != FAILURE_CHECK && a->failure != FAILURE_CAPTURE))
		return;
	a->failure = FAILURE_PROTOCOL;
	a->detail = past;
}

void attempt_judge(struct attempt *a)
{
	struct pairs headers = facts_headers(a->facts);
	const char *why = NULL;

	if (a->failure == FAILURE_NONE) {
		why = a->detail;
		a->detail = NULL;
	}
	keep_header_secrets(a->engine->plan->redactor, &headers);
	facts_set(a->facts, "time", value_integer(a->timing.total));
	if (facts_find(a->facts, STR("time.total"), NULL) == NULL)
		facts_set(a->facts, "time.total", value_integer(a->timing.total));
	if (a->failure == FAILURE_TIMEOUT && !a->detail)
		a->detail = timeout_text(a);
	if (a->reject) {
		judge_reject(a);
		return;
	}
	if (a->failure == FAILURE_NONE || a->failure == FAILURE_CHECK)
		judge_checks(a, why);
	if (a->failure == FAILURE_NONE)
		judge_captures(a);
	judge_maximum(a);
}

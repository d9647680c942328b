/*
 * What is kept of attempts: copies in memory of their own, so that the first and the last ones stay
 * and the rest is freed however long a step retries.
 */
#include "probe/json.h"

#include "engine_private.h"

static const char *copy_text(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static struct str copy_cut(struct arena *arena, struct str s)
{
	return s.ptr ? arena_str(arena, str_sub(s, 0, RUN_TEXT_KEPT)) : s;
}

static void copy_result(
	struct arena *arena, const struct attempt_result *from, struct attempt_result *to)
{
	const struct observed *seen = &from->observed;

	*to = *from;
	to->detail = copy_text(arena, from->detail);
	to->credential = copy_text(arena, from->credential);
	to->span_id = copy_text(arena, from->span_id);
	to->remote = copy_text(arena, from->remote);
	to->observed.headers.items = ARENA_ARRAY(arena, seen->headers.count, struct pair);
	for (size_t i = 0; i < seen->headers.count; i++) {
		to->observed.headers.items[i].name = copy_cut(arena, seen->headers.items[i].name);
		to->observed.headers.items[i].value =
			header_is_secret(seen->headers.items[i].name)
				? STR("***")
				: copy_cut(arena, seen->headers.items[i].value);
	}
	to->observed.body = copy_cut(arena, seen->body);
	to->observed.body_cut = seen->body_cut || seen->body.len > RUN_TEXT_KEPT;
	to->observed.messages.items = ARENA_ARRAY(arena, seen->messages.count, struct str);
	for (size_t i = 0; i < seen->messages.count; i++)
		to->observed.messages.items[i] = copy_cut(arena, seen->messages.items[i]);
}

static struct observed observe(struct attempt *a)
{
	struct observed seen = {.status = -1, .close_code = -1};
	const struct value *value = facts_find(a->facts, STR("status"), NULL);
	size_t count = a->messages.array.count, skipped = 0;

	if (value && value->type == VALUE_INTEGER)
		seen.status = value->integer;
	value = facts_find(a->facts, STR("close_code"), NULL);
	if (value && value->type == VALUE_INTEGER)
		seen.close_code = value->integer;
	value = facts_find(a->facts, STR("body"), NULL);
	if (value && value->type == VALUE_STRING)
		seen.body = value->string;
	seen.headers = facts_headers(a->facts);
	/* The last messages are those that matter when a dialog failed. */
	if (count > RUN_MESSAGES_MAX) {
		skipped = count - RUN_MESSAGES_MAX;
		count = RUN_MESSAGES_MAX;
	}
	seen.messages.items = ARENA_ARRAY(a->arena, count, struct str);
	seen.messages.count = count;
	for (size_t i = 0; i < count; i++)
		seen.messages.items[i] = a->messages.array.items[skipped + i].string;
	return seen;
}

static size_t kept_slot(int64_t number)
{
	if (number < ATTEMPTS_FIRST)
		return (size_t)number;
	return ATTEMPTS_FIRST + (size_t)(number - ATTEMPTS_FIRST) % ATTEMPTS_LAST;
}

static struct kept_attempt *keep(struct step_run *step)
{
	size_t slot = kept_slot(step->result->attempts_total);

	if (slot == step->kept_count) {
		step->kept = arena_grow(step->engine->arena, step->kept, step->kept_count,
			&step->kept_capacity, sizeof(*step->kept));
		step->kept_count++;
	}
	return &step->kept[slot];
}

void record_attempt(struct attempt *a, struct attempt_result *shown)
{
	struct step_run *step = a->step;
	struct kept_attempt *kept = keep(step);
	const struct redactor *redactor = a->engine->plan->redactor;
	const struct value *after = facts_find(a->facts, STR("tls.not_after"), NULL);

	*shown = (struct attempt_result){
		.started_at = a->started_wall,
		.duration = loop_now(a->engine->loop) - a->started,
		.failure = a->failure,
		.detail = redact_text(redactor, a->arena, a->detail),
		.credential = a->reject                  ? a->reject
			      : step->plan->reject.count ? "good"
							 : NULL,
		.span_id = a->span_id[0] ? a->span_id : NULL,
		.remote = a->remote,
		.timing = a->timing,
		.observed = observe(a),
	};
	if (after && after->type == VALUE_INTEGER)
		step->result->tls_not_after = after->integer;
	arena_free(kept->arena);
	kept->arena = arena_new();
	copy_result(kept->arena, shown, &kept->result);
	step->result->attempts_total++;
}

/* What was seen may be a whole body: beyond what is shown it is kept as a beginning of its text. */
static struct value copy_value(struct arena *arena, const struct value *value)
{
	BUF_SCOPED struct buf text;

	buf_init(&text, RUN_TEXT_KEPT);
	if (json_print(&text, value))
		return value_copy(arena, value);
	if (value->type == VALUE_STRING)
		return value_string(copy_cut(arena, value->string));
	return value_string(arena_str(arena, buf_str(&text)));
}

static void copy_checks(struct arena *arena, const struct check_result *from, size_t count,
	struct check_result **to)
{
	*to = ARENA_ARRAY(arena, count, struct check_result);
	for (size_t i = 0; i < count; i++) {
		(*to)[i] = from[i];
		(*to)[i].fact = copy_text(arena, from[i].fact);
		(*to)[i].select = copy_text(arena, from[i].select);
		(*to)[i].op = copy_text(arena, from[i].op);
		(*to)[i].text = copy_text(arena, from[i].text);
		(*to)[i].wanted = copy_value(arena, &from[i].wanted);
		(*to)[i].actual = copy_value(arena, &from[i].actual);
	}
}

void record_checks(struct attempt *a, const struct check_result *results, size_t count)
{
	struct step_run *step = a->step;

	arena_free(step->checks_arena);
	step->checks_arena = arena_new();
	step->check_count = count;
	copy_checks(step->checks_arena, results, count, &step->checks);
}

void record_step(struct step_run *step)
{
	struct arena *arena = step->engine->arena;
	struct step_result *result = step->result;
	int64_t total = result->attempts_total;

	result->attempt_count = (size_t)(total < ATTEMPTS_KEPT ? total : ATTEMPTS_KEPT);
	result->attempts = ARENA_ARRAY(arena, result->attempt_count, struct attempt_result);
	for (size_t i = 0; i < result->attempt_count; i++) {
		int64_t number = i < ATTEMPTS_FIRST ? (int64_t)i
						    : total - (int64_t)(result->attempt_count - i);

		copy_result(arena, &step->kept[kept_slot(number)].result, &result->attempts[i]);
	}
	copy_checks(arena, step->checks, step->check_count, &result->checks);
	result->check_count = step->check_count;
	result->accepted.count = step->accepted.array.count;
	result->accepted.items = ARENA_ARRAY(arena, result->accepted.count, struct str);
	for (size_t i = 0; i < result->accepted.count; i++)
		result->accepted.items[i] = step->accepted.array.items[i].string;
	if (step->traced)
		result->trace_id = arena_strdup(arena, step->trace_id);
	record_release(step);
}

const struct attempt_result *record_last(const struct step_run *step)
{
	return &step->kept[kept_slot(step->result->attempts_total - 1)].result;
}

void record_release(struct step_run *step)
{
	for (size_t i = 0; i < step->kept_count; i++) {
		arena_free(step->kept[i].arena);
		step->kept[i].arena = NULL;
	}
	arena_free(step->checks_arena);
	step->checks_arena = NULL;
	step->checks = NULL;
	step->check_count = 0;
}

/* Reads the steps of a document back. */
#include "report_load.h"

#include <string.h>

static enum failure load_failure(struct loader *l, const struct value *object)
{
	int failure = failure_find(load_text_or_null(l, object, "failure"));

	if (failure < 0)
		load_fail(l, "failure", "is none of the known words");
	return failure < 0 ? FAILURE_NONE : (enum failure)failure;
}

static struct pairs load_headers(struct loader *l, const struct value *observed)
{
	const struct value *map = load_object(l, observed, "headers");
	struct pairs headers = {0};

	if (!map)
		return headers;
	headers.items = ARENA_ARRAY(l->arena, map->object.count, struct pair);
	for (size_t i = 0; i < map->object.count; i++) {
		const struct member *m = &map->object.members[i];

		if (m->value.type != VALUE_STRING) {
			load_fail(l, "headers", "must be texts");
			continue;
		}
		headers.items[headers.count++] = (struct pair){
			arena_str(l->arena, m->key), arena_str(l->arena, m->value.string)};
	}
	return headers;
}

static void load_observed(struct loader *l, const struct value *attempt, struct observed *observed)
{
	const struct value *o = load_object(l, attempt, "observed");
	size_t mark = load_enter(l, "observed", LOAD_NO_INDEX);
	const char *body = load_text_or_null(l, o, "body");

	*observed = (struct observed){
		.status = load_integer_or(l, o, "status", -1),
		.headers = load_headers(l, o),
		.body = body ? str_of(body) : (struct str){NULL, 0},
		.messages = load_strs(l, o, "messages"),
		.close_code = load_integer_or(l, o, "close_code", -1),
	};
	load_leave(l, mark);
}

static void load_attempt(struct loader *l, const struct value *a, struct attempt_result *out)
{
	const struct value *timing = load_object(l, a, "timing");

	*out = (struct attempt_result){
		.started_at = load_moment(l, a, "started_at"),
		.duration = load_ms(l, a, "duration_ms"),
		.failure = load_failure(l, a),
		.detail = load_text_or_null(l, a, "detail"),
		.credential = load_text_or_null(l, a, "credential"),
		.timing = {load_ms(l, timing, "dns_ms"), load_ms(l, timing, "connect_ms"),
			load_ms(l, timing, "tls_ms"), load_ms(l, timing, "first_byte_ms"),
			load_ms(l, timing, "total_ms")},
	};
	if (out->started_at == TIME_NONE || out->duration == TIME_NONE)
		load_fail(l, "started_at", "and duration_ms may not be null");
	load_observed(l, a, &out->observed);
}

static void load_check(struct loader *l, const struct value *c, struct check_result *out)
{
	const struct value *wanted = value_find(c, "wanted"), *actual = value_find(c, "actual");

	*out = (struct check_result){
		.fact = load_text(l, c, "fact"),
		.select = load_text_or_null(l, c, "select"),
		.op = load_text(l, c, "op"),
		.passed = load_boolean(l, c, "passed"),
	};
	if (!wanted || !actual) {
		load_fail(l, "wanted", "and actual must be there");
		return;
	}
	out->wanted = value_copy(l->arena, wanted);
	out->actual = value_copy(l->arena, actual);
	out->has_actual = actual->type != VALUE_NULL;
}

static void load_attempts(struct loader *l, const struct value *s, struct step_result *step)
{
	const struct value *items = load_list(l, s, "attempts", &step->attempt_count);

	step->attempts = ARENA_ARRAY(l->arena, step->attempt_count, struct attempt_result);
	for (size_t i = 0; i < step->attempt_count; i++) {
		size_t mark = load_enter(l, "attempts", i);

		load_attempt(l, &items[i], &step->attempts[i]);
		load_leave(l, mark);
	}
	if (!step->attempt_count || l->failed)
		return;
	const struct attempt_result *last = step_last(step);

	step->started_at = step->attempts[0].started_at;
	step->finished_at = last->started_at + last->duration;
}

static void load_checks(struct loader *l, const struct value *s, struct step_result *step)
{
	const struct value *items = load_list(l, s, "checks", &step->check_count);

	step->checks = ARENA_ARRAY(l->arena, step->check_count, struct check_result);
	for (size_t i = 0; i < step->check_count; i++) {
		size_t mark = load_enter(l, "checks", i);

		load_check(l, &items[i], &step->checks[i]);
		load_leave(l, mark);
	}
}

static void load_step(struct loader *l, const struct value *s, struct step_result *step)
{
	*step = (struct step_result){
		.name = load_text(l, s, "name"),
		.kind = load_text(l, s, "kind"),
		.capability = load_text_or_null(l, s, "capability"),
		.status =
			LOAD_ENUM(l, s, "status", enum step_status, step_status_name, STEP_SKIPPED),
		.optional = load_boolean(l, s, "optional"),
		.trace_id = load_text_or_null(l, s, "trace_id"),
		.failure = load_failure(l, s),
		.detail = load_text_or_null(l, s, "detail"),
		.blocked_by = -1,
		.started_at = TIME_NONE,
		.finished_at = TIME_NONE,
		.attempts_total = load_integer(l, s, "attempts_total", 0),
		.tls_not_after = TIME_NONE,
	};
	load_attempts(l, s, step);
	load_checks(l, s, step);
}

void load_steps(struct loader *l, const struct value *document, struct run *run)
{
	const struct value *items = load_list(l, document, "steps", &run->step_count);

	run->steps = ARENA_ARRAY(l->arena, run->step_count, struct step_result);
	for (size_t i = 0; i < run->step_count && !l->failed; i++) {
		size_t mark = load_enter(l, "steps", i);

		load_step(l, &items[i], &run->steps[i]);
		load_leave(l, mark);
	}
}

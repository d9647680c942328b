/* json: the steps with their attempts and checks. */
#include "report_json.h"

static void write_ms(struct json_writer *w, const char *key, int64_t ns)
{
	if (ns == TIME_NONE)
		json_null(w, key);
	else
		json_num(w, key, (double)ns / NS_PER_MS, 3);
}

/* A status or close code; none is -1. */
static void write_code(struct json_writer *w, const char *key, int64_t code)
{
	if (code < 0)
		json_null(w, key);
	else
		json_int(w, key, code);
}

static bool named_before(const struct pairs *headers, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (str_equal_nocase(headers->items[i].name, headers->items[at].name))
			return true;
	return false;
}

/* Repeated headers are one, joined by ", " (RFC 9110, section 5.3). */
static void write_headers(struct json_writer *w, const struct pairs *headers)
{
	size_t count = headers->count < JSON_HEADERS_MAX ? headers->count : JSON_HEADERS_MAX;

	json_begin(w, "headers", '{');
	for (size_t i = 0; i < count; i++) {
		BUF_SCOPED struct buf name, value;

		if (named_before(headers, i))
			continue;
		buf_init(&name, 1024);
		buf_init(&value, RUN_TEXT_MAX);
		text_clean(&name, headers->items[i].name, false);
		buf_add_str(&value, headers->items[i].value);
		for (size_t j = i + 1; j < count; j++) {
			if (!str_equal_nocase(headers->items[i].name, headers->items[j].name))
				continue;
			buf_add_text(&value, ", ");
			buf_add_str(&value, headers->items[j].value);
		}
		json_cut_str(w, name.len ? name.data : "", buf_str(&value));
	}
	json_end(w);
}

static void write_observed(struct json_writer *w, const struct observed *seen)
{
	json_begin(w, "observed", '{');
	write_code(w, "status", seen->status);
	write_headers(w, &seen->headers);
	if (seen->body.ptr)
		json_cut_str(w, "body", seen->body);
	else
		json_null(w, "body");
	json_begin(w, "messages", '[');
	for (size_t i = 0; i < seen->messages.count; i++)
		json_cut_str(w, NULL, seen->messages.items[i]);
	json_end(w);
	write_code(w, "close_code", seen->close_code);
	json_end(w);
}

static void write_attempt(struct json_writer *w, const struct attempt_result *attempt)
{
	json_begin(w, NULL, '{');
	json_moment(w, "started_at", attempt->started_at);
	write_ms(w, "duration_ms", attempt->duration);
	json_text(w, "failure", failure_name(attempt->failure));
	json_cut(w, "detail", attempt->failure ? attempt->detail : NULL);
	json_cut(w, "credential", attempt->credential);
	json_begin(w, "timing", '{');
	write_ms(w, "dns_ms", attempt->timing.dns);
	write_ms(w, "connect_ms", attempt->timing.connect);
	write_ms(w, "tls_ms", attempt->timing.tls);
	write_ms(w, "first_byte_ms", attempt->timing.first_byte);
	write_ms(w, "total_ms", attempt->timing.total);
	json_end(w);
	write_observed(w, &attempt->observed);
	json_end(w);
}

static void write_check(struct json_writer *w, const struct check_result *check)
{
	json_begin(w, NULL, '{');
	json_cut(w, "fact", check->fact);
	json_cut(w, "select", check->select);
	json_cut(w, "op", check->op);
	json_value(w, "wanted", &check->wanted);
	if (check->has_actual)
		json_value(w, "actual", &check->actual);
	else
		json_null(w, "actual");
	json_bool(w, "passed", check->passed);
	json_end(w);
}

static void write_step(
	struct json_writer *w, const struct report *report, const struct step_result *step)
{
	struct arena *arena = arena_new();
	bool left_out = step->status == STEP_NOT_REACHED || step->status == STEP_SKIPPED;

	json_begin(w, NULL, '{');
	json_cut(w, "name", step->name);
	json_cut(w, "kind", step->kind);
	json_cut(w, "capability", step->capability);
	json_text(w, "status", step_status_name(step->status));
	json_bool(w, "optional", step->optional);
	json_cut(w, "trace_id", step->trace_id);
	json_text(w, "failure", failure_name(step->failure));
	json_cut(w, "detail",
		left_out                      ? step_why(arena, report->run, step)
		: step->status == STEP_FAILED ? step->detail
					      : NULL);
	json_int(w, "attempts_total", step->attempts_total);
	json_begin(w, "attempts", '[');
	for (size_t i = 0; i < step->attempt_count; i++)
		write_attempt(w, &step->attempts[i]);
	json_end(w);
	json_begin(w, "checks", '[');
	for (size_t i = 0; i < step->check_count; i++)
		write_check(w, &step->checks[i]);
	json_end(w);
	json_end(w);
	arena_free(arena);
}

void json_steps(struct json_writer *w, const struct report *report)
{
	json_begin(w, "steps", '[');
	for (size_t i = 0; i < report->run->step_count; i++)
		write_step(w, report, &report->run->steps[i]);
	json_end(w);
}

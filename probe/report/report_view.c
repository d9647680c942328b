/* Views of the data that several formats need. */
#include "report_private.h"

#include <string.h>

/* Without a diagnosis: what SPEC says of steps alone. */
static enum golden_path judge(const struct run *run)
{
	bool optional_failed = false;

	if (run->end == RUN_INTERRUPTED)
		return GOLDEN_UNKNOWN;
	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *step = &run->steps[i];

		if (step->status == STEP_PASSED || step->status == STEP_SKIPPED)
			continue;
		if (!step->optional)
			return GOLDEN_BROKEN;
		optional_failed = true;
	}
	return optional_failed ? GOLDEN_DEGRADED : GOLDEN_HEALTHY;
}

struct verdict report_verdict(const struct report *report)
{
	static const struct verdict own[] = {
		[GOLDEN_HEALTHY] = {GOLDEN_HEALTHY, "every step passed", 0},
		[GOLDEN_DEGRADED] = {GOLDEN_DEGRADED, "only optional steps failed", 0},
		[GOLDEN_BROKEN] = {GOLDEN_BROKEN, "a required step did not pass", 1},
		[GOLDEN_UNKNOWN] = {GOLDEN_UNKNOWN, "the run did not come to its end", 3},
	};

	return report->diagnosis ? report->diagnosis->verdict : own[judge(report->run)];
}

const char *report_verdict_word(enum golden_path golden_path)
{
	static const char *const words[] = {
		[GOLDEN_HEALTHY] = "HEALTHY",
		[GOLDEN_DEGRADED] = "DEGRADED",
		[GOLDEN_BROKEN] = "BROKEN",
		[GOLDEN_UNKNOWN] = "UNKNOWN",
	};

	return words[golden_path];
}

const char *report_name(const struct report *report)
{
	return report->run->scenario ? report->run->scenario : "logs";
}

size_t report_steps_with(const struct report *report, enum step_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < report->run->step_count; i++)
		count += report->run->steps[i].status == status;
	return count;
}

const struct attempt_result *step_last(const struct step_result *step)
{
	return step->attempt_count ? &step->attempts[step->attempt_count - 1] : NULL;
}

int64_t step_took(const struct step_result *step)
{
	if (step->started_at != TIME_NONE && step->finished_at != TIME_NONE &&
		step->finished_at >= step->started_at && step->attempts_total)
		return step->finished_at - step->started_at;
	const struct attempt_result *last = step_last(step);

	return last ? last->started_at + last->duration - step->attempts[0].started_at : TIME_NONE;
}

static const char *why_not_reached(
	struct arena *arena, const struct run *run, const struct step_result *step)
{
	if (step->detail)
		return step->detail;
	if (step->blocked_by >= 0 && (size_t)step->blocked_by < run->step_count)
		return arena_printf(arena, "needs '%s'", run->steps[step->blocked_by].name);
	return "not reached";
}

const char *step_why(struct arena *arena, const struct run *run, const struct step_result *step)
{
	switch (step->status) {
	case STEP_NOT_REACHED: return why_not_reached(arena, run, step);
	case STEP_SKIPPED: return step->detail ? step->detail : "not chosen";
	case STEP_FAILED:
		if (!step->detail)
			return failure_text(step->failure);
		return arena_printf(arena, "%s: %s",
			step->failure ? failure_name(step->failure) : "failed", step->detail);
	case STEP_PASSED: break;
	}
	return "";
}

const char *step_tries(struct arena *arena, const struct step_result *step)
{
	char tries[64];

	/* Each kind of bad credential is an attempt of its own, not a try. */
	if (step->attempts_total < 2 || (step_last(step) && step_last(step)->credential))
		return NULL;
	text_count(tries, step->attempts_total, "try", "tries");
	return arena_printf(
		arena, "%s after %s", step->status == STEP_PASSED ? "passed" : "failed", tries);
}

const char *check_text(struct arena *arena, const struct check_result *check)
{
	BUF_SCOPED struct buf b = {0};
	bool equals = strcmp(check->op, "equals") == 0;

	if (check->text)
		return check->text;
	buf_init(&b, RUN_TEXT_MAX);
	buf_printf(&b, "%s%s%s: wanted %s%s", check->fact, check->select ? " " : "",
		check->select ? check->select : "", equals ? "" : check->op, equals ? "" : " ");
	json_print(&b, &check->wanted);
	buf_add_text(&b, ", saw ");
	if (check->has_actual)
		json_print(&b, &check->actual);
	else
		buf_add_text(&b, "nothing");
	return arena_str(arena, buf_str(&b)).ptr;
}

const char *capability_status_text(enum capability_status status)
{
	return status == CAPABILITY_NOT_REACHED ? "not reached" : capability_status_name(status);
}

const char *capability_why(
	struct arena *arena, const struct report *report, const struct capability *capability)
{
	const struct run *run = report->run;

	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *step = &run->steps[i];

		if (step->status != STEP_PASSED && step->status != STEP_SKIPPED &&
			step->capability && strcmp(step->capability, capability->name) == 0)
			return arena_printf(
				arena, "step '%s': %s", step->name, step_why(arena, run, step));
	}
	return "";
}

const char *finding_seen(struct arena *arena, const struct finding *f)
{
	BUF_SCOPED struct buf b;
	char text[64];

	buf_init(&b, RUN_TEXT_MAX);
	if (f->incidents) {
		text_count(text, f->incidents, "incident", "incidents");
		buf_add_text(&b, text);
	}
	if (f->entries) {
		text_count(text, f->entries, "log entry", "log entries");
		buf_printf(&b, "%s%s", b.len ? " in " : "", text);
	}
	if (f->instances) {
		text_count(text, f->instances, "instance", "instances");
		buf_printf(&b, "%son %s", b.len ? " " : "", text);
	}
	if (f->revision)
		buf_printf(&b, "%srevision %s", b.len ? ", " : "", f->revision);
	return arena_str(arena, buf_str(&b)).ptr;
}

const char *finding_state_text(struct arena *arena, const struct finding *f)
{
	return arena_printf(arena, "%s%s%s", f->cause,
		f->new_since_baseline ? ", new since the baseline" : "",
		f->state == FINDING_RECOVERED ? ", recovered"
		: f->state == FINDING_OLD     ? ", old"
					      : "");
}

const char *findings_as_of(struct arena *arena, const struct diagnosis *d)
{
	char utc[36];

	if (!d->stale || d->logs_last == TIME_NONE)
		return NULL;
	time_print_utc(d->logs_last, 0, utc);
	return arena_printf(arena, "as of %s, when the log ends", utc);
}

/* As exact as it is known, so that it finds the entry again. */
void text_moment(char out[36], int64_t wall_ns)
{
	out[0] = '\0';
	if (wall_ns != TIME_NONE)
		time_print_utc(wall_ns, wall_ns % NS_PER_MS == 0 ? 3 : 6, out);
}

const char *evidence_place(struct arena *arena, const struct evidence *e)
{
	char utc[36];

	text_moment(utc, e->time);
	return arena_printf(arena, "%s%s%s%s", e->source ? e->source : "unknown source",
		e->entry ? arena_printf(arena, ", entry %lld", (long long)e->entry) : "",
		*utc ? ", " : "", utc);
}

const char *texts_join(struct arena *arena, const struct texts *texts)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, 1 << 16);
	for (size_t i = 0; i < texts->count; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", texts->items[i]);
	return arena_str(arena, buf_str(&b)).ptr;
}

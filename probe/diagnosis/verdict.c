/*
 * The verdict, capability by capability, and the one line for whoever is on call.
 */
#include "diagnosis_private.h"

struct tally {
	size_t passed, failed_required, failed_optional, unreached_required, unreached;
	const struct step_result *first_failed;
	bool internal;
};

static struct tally count_steps(const struct run *run)
{
	struct tally t = {0};

	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *s = &run->steps[i];

		if (s->status == STEP_PASSED)
			t.passed++;
		if (s->status == STEP_FAILED) {
			if (s->optional)
				t.failed_optional++;
			else
				t.failed_required++;
			t.internal = t.internal || s->failure == FAILURE_INTERNAL;
			if (!t.first_failed || (t.first_failed->optional && !s->optional))
				t.first_failed = s;
		}
		if (s->status == STEP_NOT_REACHED) {
			t.unreached++;
			t.unreached_required += !s->optional;
		}
	}
	return t;
}

static bool any_active(const struct diagnosis *d, enum priority most)
{
	for (size_t i = 0; i < d->finding_count; i++) {
		if (d->findings[i].priority <= most && d->findings[i].state == FINDING_ACTIVE)
			return true;
	}
	return false;
}

static void judge_run(struct context *c, const struct tally *t)
{
	struct verdict *v = &c->out->verdict;

	v->golden_path = GOLDEN_HEALTHY;
	if (t->failed_optional || any_active(c->out, PRIORITY_P1))
		v->golden_path = GOLDEN_DEGRADED;
	if (t->failed_required || t->unreached_required || c->run->end == RUN_DEADLINE)
		v->golden_path = GOLDEN_BROKEN;
	if (c->run->end == RUN_INTERRUPTED || t->internal)
		v->golden_path = GOLDEN_UNKNOWN;
	switch (v->golden_path) {
	case GOLDEN_HEALTHY: v->exit_code = 0; break;
	case GOLDEN_DEGRADED: v->exit_code = c->options->strict ? 1 : 0; break;
	case GOLDEN_BROKEN: v->exit_code = 1; break;
	case GOLDEN_UNKNOWN: v->exit_code = 3; break;
	}
}

/* Logs alone: broken or degraded by what they tell; healthy only with proof. */
static void judge_logs(struct context *c)
{
	struct verdict *v = &c->out->verdict;
	bool any = false;

	for (size_t i = 0; c->logs && i < c->logs->source_count; i++)
		any = any || c->logs->sources[i].status != LOG_FAILED;
	v->golden_path = GOLDEN_UNKNOWN;
	if (any_active(c->out, PRIORITY_P0))
		v->golden_path = GOLDEN_BROKEN;
	else if (any_active(c->out, PRIORITY_P1))
		v->golden_path = GOLDEN_DEGRADED;
	else if (c->logs && c->logs->healthy > 0)
		v->golden_path = GOLDEN_HEALTHY;
	v->exit_code = !any ? 3 : any_active(c->out, PRIORITY_P1) ? 1 : 0;
}

static enum capability_status worse(enum capability_status old, const struct step_result *s)
{
	enum capability_status now = CAPABILITY_WORKING;

	if (s->status == STEP_FAILED)
		now = s->optional ? CAPABILITY_DEGRADED : CAPABILITY_BROKEN;
	else if (s->status == STEP_NOT_REACHED)
		now = CAPABILITY_NOT_REACHED;
	if (old == CAPABILITY_BROKEN || now == CAPABILITY_BROKEN)
		return CAPABILITY_BROKEN;
	return now > old ? now : old;
}

static void judge_capabilities(struct context *c)
{
	struct diagnosis *d = c->out;

	d->capabilities = ARENA_ARRAY(c->arena, c->run->step_count, struct capability);
	for (size_t i = 0; i < c->run->step_count; i++) {
		const struct step_result *s = &c->run->steps[i];
		size_t k = 0;

		if (!s->capability || s->status == STEP_SKIPPED)
			continue;
		while (k < d->capability_count &&
			strcmp(d->capabilities[k].name, s->capability) != 0)
			k++;
		if (k == d->capability_count)
			d->capabilities[d->capability_count++] =
				(struct capability){s->capability, CAPABILITY_WORKING};
		d->capabilities[k].status = worse(d->capabilities[k].status, s);
	}
}

/* With a capital letter, as it begins a sentence. */
static const char *sentence(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	if (copy[0] >= 'a' && copy[0] <= 'z')
		copy[0] = (char)(copy[0] - 'a' + 'A');
	return copy;
}

/* "Auth, chat and database", or nothing. */
static const char *list_unreached(struct context *c, size_t *count)
{
	const struct diagnosis *d = c->out;
	const char *text = NULL, *last = NULL;

	*count = 0;
	for (size_t i = 0; i < d->capability_count; i++) {
		if (d->capabilities[i].status != CAPABILITY_NOT_REACHED)
			continue;
		if (last)
			text = text ? arena_printf(c->arena, "%s, %s", text, last) : last;
		last = d->capabilities[i].name;
		++*count;
	}
	text = text ? arena_printf(c->arena, "%s and %s", text, last) : last;
	return text ? sentence(c->arena, text) : NULL;
}

/* Title, root message and place, each said once. */
static const char *cause_text(struct context *c, const struct finding *f)
{
	struct str message = text_first_line(str_of(f->message));
	const char *text = f->title;

	/* of a log line what it says, without its time and level */
	if (!f->type && text_subject(message).len >= 10)
		message = text_subject(message);
	message = str_sub(message, 0, 240);
	while (message.len && message.ptr[message.len - 1] == '.')
		message.len--;

	if (message.len && !str_contains(str_of(f->title), arena_str(c->arena, message).ptr))
		text = arena_printf(c->arena, "%s: %.*s", text, STR_ARG(message));
	if (f->location && !str_contains(str_of(text), f->location)) {
		const char *slash = strrchr(f->location, '/');
		text = arena_printf(c->arena, "%s (%s)", text, slash ? slash + 1 : f->location);
	}
	return text;
}

static const char *state_word(enum golden_path g)
{
	return g == GOLDEN_BROKEN     ? "BROKEN"
	       : g == GOLDEN_DEGRADED ? "degraded"
				      : golden_path_name(g);
}

static const char *reached_text(struct context *c, const struct tally *t)
{
	size_t count;
	const char *list = list_unreached(c, &count);

	if (list)
		return arena_printf(
			c->arena, " %s %s not reached.", list, count > 1 ? "were" : "was");
	if (t->unreached)
		return arena_printf(c->arena, " %zu step%s not reached.", t->unreached,
			t->unreached > 1 ? "s were" : " was");
	return "";
}

/* What an old log tells is dated, since it may be so no more. */
static const char *as_of(struct context *c, const struct finding *f)
{
	char when[36];

	if (!f || !c->out->stale || !f->clusters.count)
		return "";
	time_print_utc(c->out->logs_last, 0, when);
	return arena_printf(c->arena, "; so it was at %s, when the log ends", when);
}

/* The finding that says why: of the first failed step, else the worst of the log. */
static const struct finding *reason_of(const struct diagnosis *d, const struct tally *t)
{
	const struct finding *f =
		t->first_failed ? diagnosis_explains(d, t->first_failed->name) : NULL;

	if (!f && d->finding_count && d->findings[0].priority <= PRIORITY_P1)
		f = &d->findings[0];
	return f;
}

static const char *run_summary(struct context *c, const struct tally *t)
{
	const struct diagnosis *d = c->out;
	const struct finding *f;
	const char *word = state_word(d->verdict.golden_path);

	if (d->verdict.golden_path == GOLDEN_UNKNOWN)
		return arena_printf(c->arena, "Golden path unknown: %s.%s",
			c->run->end_detail ? c->run->end_detail : "the probe itself failed",
			reached_text(c, t));
	if (d->verdict.golden_path == GOLDEN_HEALTHY)
		return arena_printf(c->arena, "Golden path healthy: %s%zu step%s passed.",
			t->passed == 1 ? "" : "all ", t->passed, t->passed == 1 ? "" : "s");
	f = reason_of(d, t);
	if (!t->first_failed)
		return arena_printf(c->arena, "Golden path %s: %s%s%s.%s", word,
			t->unreached ? "not every step was reached" : "every step passed",
			f ? ", but the log tells of: " : "", f ? cause_text(c, f) : "",
			reached_text(c, t));
	return arena_printf(c->arena, "Golden path %s at '%s': %s%s.%s", word,
		t->first_failed->name, f ? cause_text(c, f) : "the cause is unknown", as_of(c, f),
		reached_text(c, t));
}

static const char *logs_summary(struct context *c)
{
	const struct diagnosis *d = c->out;
	size_t urgent = 0;

	for (size_t i = 0; i < d->finding_count; i++)
		urgent += d->findings[i].priority <= PRIORITY_P1;
	if (d->verdict.exit_code == 3)
		return "No log could be read.";
	if (!c->logs || c->logs->entries == 0)
		return "The log is empty: nothing can be said.";
	if (!urgent)
		return d->finding_count
			       ? arena_printf(c->arena,
					 "Nothing urgent in the log; %zu finding%s for later.",
					 d->finding_count, d->finding_count == 1 ? "" : "s")
			       : "Nothing wrong in the log.";
	return arena_printf(c->arena, "%s%s: %s.",
		d->findings[0].priority == PRIORITY_P0 ? "Root cause" : "Problem",
		urgent > 1 ? arena_printf(c->arena, " (the first of %zu)", urgent) : "",
		cause_text(c, &d->findings[0]));
}

void verdict_build(struct context *c)
{
	struct diagnosis *d = c->out;
	struct tally t = {0};

	if (c->run && c->run->step_count) {
		t = count_steps(c->run);
		judge_run(c, &t);
		judge_capabilities(c);
		d->verdict.summary = run_summary(c, &t);
	} else {
		judge_logs(c);
		d->verdict.summary = logs_summary(c);
	}
	if (d->stale && !(c->run && c->run->step_count)) {
		char when[36];
		time_print_utc(d->logs_last, 0, when);
		d->verdict.summary =
			arena_printf(c->arena, "As of %s: %s", when, d->verdict.summary);
	}
	if (d->change_count)
		d->verdict.summary = arena_printf(c->arena, "%s Since the baseline: %s%s.",
			d->verdict.summary, d->changes[0].text,
			d->change_count > 1
				? arena_printf(c->arena, ", and %zu more", d->change_count - 1)
				: "");
	d->verdict.summary = redact_text(c->options->redactor, c->arena, d->verdict.summary);
}

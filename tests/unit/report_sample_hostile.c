/* The incident, with one text in place of all of its texts. */
#include "report_sample.h"

static void hostile_attempt(struct arena *arena, struct attempt_result *attempt, const char *text)
{
	struct str s = str_of(text);

	attempt->failure = FAILURE_CHECK;
	attempt->detail = attempt->remote = attempt->credential = text;
	attempt->observed.body = s;
	attempt->observed.headers =
		(struct pairs){arena_copy(arena, &(struct pair){s, s}, sizeof(struct pair)), 1};
	attempt->observed.messages = (struct strs){arena_copy(arena, &s, sizeof(s)), 1};
}

static void hostile_run(struct arena *arena, struct run *run, const char *text)
{
	const struct check_result check = {.fact = text,
		.select = text,
		.op = text,
		.wanted = value_text(text),
		.actual = value_text(text),
		.has_actual = true};

	run->id = run->scenario = run->file = run->target = run->end_detail = text;
	run->step_count = 2;
	for (size_t i = 0; i < 2; i++) {
		struct step_result *step = &run->steps[i];

		/* Names of steps are unique. */
		step->name = i ? arena_printf(arena, "%s 2", text) : text;
		step->capability = step->detail = step->target = text;
		step->check_count = 1;
		step->checks = arena_copy(arena, &check, sizeof(check));
		for (size_t a = 0; a < step->attempt_count; a++)
			hostile_attempt(arena, &step->attempts[a], text);
	}
	run->child = arena_copy(arena, &(struct child_result){text, true, 3, 0, 1200 * NS_PER_MS},
		sizeof(struct child_result));
}

static void hostile_logs(struct logs *logs, const char *text)
{
	for (size_t i = 0; i < logs->source_count; i++)
		logs->sources[i].name = logs->sources[i].error = text;
	for (size_t i = 0; i < logs->cluster_count; i++) {
		logs->clusters[i]->id = text;
		logs->clusters[i]->template = logs->clusters[i]->sample = str_of(text);
	}
}

static void hostile_finding(struct finding *f, const char *text, struct texts list)
{
	f->cause = f->title = f->message = f->type = f->location = f->revision = text;
	for (size_t i = 0; i < f->chain_count; i++)
		f->chain[i] = (struct finding_link){text, text, text};
	for (size_t i = 0; i < f->evidence_count; i++)
		f->evidence[i].quote = f->evidence[i].source = text;
	f->clusters = f->steps = f->confidence_reasons = list;
	f->now = f->next = f->later = list;
}

static void hostile_diagnosis(struct arena *arena, struct diagnosis *d, const char *text)
{
	struct texts list = {arena_copy(arena, &text, sizeof(text)), 1};

	d->verdict.summary = d->banner = d->baseline_id = text;
	for (size_t i = 0; i < d->capability_count; i++)
		d->capabilities[i].name = text;
	for (size_t i = 0; i < d->finding_count; i++)
		hostile_finding(&d->findings[i], text, list);
	for (size_t i = 0; i < d->change_count; i++)
		d->changes[i].name = d->changes[i].text = text;
	d->notes = list;
}

struct report *sample_hostile(struct arena *arena, const char *text)
{
	struct report *report = sample_incident(arena);

	/* The sample is ours: what is const to a report is not to its maker. */
	hostile_run(arena, (struct run *)report->run, text);
	hostile_logs((struct logs *)report->logs, text);
	hostile_diagnosis(arena, (struct diagnosis *)report->diagnosis, text);
	return report;
}

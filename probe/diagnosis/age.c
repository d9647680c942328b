/*
 * How old the logs are, and what else limits the judgement: what was not read, what is missing.
 */
#include "diagnosis_private.h"

void diagnosis_date_logs(struct arena *arena, struct diagnosis *d, const struct logs *logs,
	int64_t now, int64_t limit)
{
	char age[32], when[36];

	d->logs_first = logs ? logs->first : TIME_NONE;
	d->logs_last = logs ? logs->last : TIME_NONE;
	if (d->logs_last == TIME_NONE || now - d->logs_last <= limit)
		return;
	age_print(now - d->logs_last, age);
	time_print_utc(d->logs_last, 0, when);
	d->stale = true;
	d->banner = arena_printf(arena,
		"the newest log line is %s old (%s): this is what was, not what is", age, when);
}

static void add_notes(struct context *c)
{
	struct diagnosis *d = c->out;

	for (size_t i = 0; c->logs && i < c->logs->source_count; i++) {
		const struct log_source *s = &c->logs->sources[i];

		if (s->error)
			texts_add(c->arena, &d->notes,
				arena_printf(c->arena, "%s: %s", s->name, s->error));
		if (s->capped)
			texts_add(c->arena, &d->notes,
				arena_printf(c->arena,
					"%s has exactly as many entries as an export is cut at: older ones may be missing",
					s->name));
		if (s->gap_from != TIME_NONE && s->gap_to != TIME_NONE) {
			char gap[32];
			duration_print(s->gap_to - s->gap_from, gap);
			texts_add(c->arena, &d->notes,
				arena_printf(
					c->arena, "%s is silent for %s in between", s->name, gap));
		}
	}
	if (c->logs && c->logs->events_left_out)
		texts_add(c->arena, &d->notes,
			arena_printf(c->arena,
				"%lld entries that mattered were counted, but are not in the order of events",
				(long long)c->logs->events_left_out));
}

void age_judge(struct context *c)
{
	const struct diagnose_options *o = c->options;

	diagnosis_date_logs(
		c->arena, c->out, c->logs, o->now, o->live || !o->window ? LOGS_STALE : o->window);
	add_notes(c);
}

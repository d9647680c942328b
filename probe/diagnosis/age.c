/*
 * How old the logs are, and what else limits the judgement: what was not read, what is missing.
 */
#include "diagnosis_private.h"

const char *age_text(struct arena *arena, int64_t ns)
{
	int64_t minutes = ns / (60 * NS_PER_S);

	if (minutes < 120)
		return arena_printf(arena, "%lld minutes", (long long)minutes);
	if (minutes < 72 * 60)
		return arena_printf(arena, "%lld hours", (long long)(minutes / 60));
	return arena_printf(arena, "%lld days", (long long)(minutes / 1440));
}

/* Old logs: how old, and nothing in the present tense. */
static void judge_age(struct context *c)
{
	struct diagnosis *d = c->out;
	const struct diagnose_options *o = c->options;
	int64_t limit = o->live || !o->window ? 15 * 60 * NS_PER_S : o->window;
	char when[36];

	d->logs_first = d->logs_last = TIME_NONE;
	if (!c->logs)
		return;
	d->logs_first = c->logs->first;
	d->logs_last = c->logs->last;
	if (d->logs_last == TIME_NONE || o->now - d->logs_last <= limit)
		return;
	time_print_utc(d->logs_last, 0, when);
	d->stale = true;
	d->banner = arena_printf(c->arena,
		"the newest log line is %s old (%s): this is what was, not what is",
		age_text(c->arena, o->now - d->logs_last), when);
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
	judge_age(c);
	add_notes(c);
}

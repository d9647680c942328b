#include "report_timeline.h"

/* Sorting is quadratic at worst. */
enum { COLLECTED_MAX = 2000 };

struct collecting {
	struct arena *arena;
	struct moment *items;
	size_t count, capacity;
};

static void add(struct collecting *c, int64_t time, enum moment_kind kind, const char *text,
	const char *quote)
{
	if (time == TIME_NONE || c->count == COLLECTED_MAX)
		return;
	c->items = arena_grow(c->arena, c->items, c->count, &c->capacity, sizeof(*c->items));
	c->items[c->count++] = (struct moment){time, kind, text, quote};
}

static void add_steps(struct collecting *c, const struct run *run)
{
	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *step = &run->steps[i];

		if (!step->attempt_count)
			continue;
		const struct attempt_result *last = step_last(step);
		const char *tries = step_tries(c->arena, step);
		bool failed = step->status == STEP_FAILED;

		if (step->attempt_count > 1)
			add(c, step->attempts[0].started_at, MOMENT_PROBE,
				arena_printf(c->arena, "step '%s' begins", step->name), NULL);
		add(c, last->started_at + last->duration, MOMENT_PROBE,
			arena_printf(c->arena, "step '%s' %s", step->name,
				tries    ? tries
				: failed ? "failed"
					 : "passed"),
			failed ? step_why(c->arena, run, step) : NULL);
	}
}

static void add_findings(struct collecting *c, const struct diagnosis *d)
{
	for (size_t i = 0; i < d->finding_count; i++) {
		const struct finding *f = &d->findings[i];
		char entries[64];

		text_count(entries, f->entries, "log entry", "log entries");
		if (!f->entries)
			continue;
		add(c, f->first_seen, MOMENT_LOG,
			arena_printf(c->arena, "first of %s of finding %u", entries, f->rank),
			f->message);
		if (f->last_seen != f->first_seen)
			add(c, f->last_seen, MOMENT_LOG,
				arena_printf(
					c->arena, "last of %s of finding %u", entries, f->rank),
				NULL);
	}
}

/* Equal moments keep the order in which they were added, so that two runs give one report; steps
 * come nearly sorted. */
static void sort(struct moment *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct moment moved = items[i];
		size_t at = i;

		for (; at && items[at - 1].time > moved.time; at--)
			items[at] = items[at - 1];
		items[at] = moved;
	}
}

struct moment *report_timeline(
	struct arena *arena, const struct report *report, size_t *count, size_t *left_out)
{
	struct collecting c = {.arena = arena};
	const struct run *run = report->run;

	if (report->logs) {
		add(&c, report->logs->first, MOMENT_LOG, "oldest log line read", NULL);
		add(&c, report->logs->last, MOMENT_LOG, "newest log line read", NULL);
	}
	if (run->scenario) {
		add(&c, run->started_at, MOMENT_PROBE, "the run begins", NULL);
		add_steps(&c, run);
		add(&c, run->finished_at, MOMENT_PROBE, "the run ends", NULL);
	}
	if (report->diagnosis)
		add_findings(&c, report->diagnosis);
	*left_out = c.count > MOMENTS_MAX ? c.count - MOMENTS_MAX : 0;
	*count = c.count - *left_out;
	sort(c.items, c.count);
	return c.items;
}

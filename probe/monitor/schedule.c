/*
 * When runs start: on a grid of their own, so that nothing drifts; never two of one scenario at once;
 * a bounded number in all. First runs are spread, and the grids with them.
 */
#include <stdlib.h>
#include <sys/random.h>

#include "monitor_private.h"

/* First runs follow each other this closely. Of very many scenarios some start together: they share
 * the cost of waking up. */
#define STAGGER (20 * NS_PER_MS)
#define STAGGER_MANY (50 * NS_PER_MS)
#define LATE NS_PER_S

void queue_init(struct queue *q)
{
	q->first = NULL;
	q->end = &q->first;
}

void queue_put(struct queue *q, struct watched *w)
{
	w->queued = true;
	w->next = NULL;
	*q->end = w;
	q->end = &w->next;
}

struct watched *queue_take(struct queue *q)
{
	struct watched *w = q->first;

	if (!w)
		return NULL;
	q->first = w->next;
	if (!q->first)
		q->end = &q->first;
	w->next = NULL;
	w->queued = false;
	return w;
}

static void fire_due(void *ctx);

static int64_t jitter_of(const struct watched *w)
{
	uint32_t random = 0;

	if (w->jitter <= 0 || getrandom(&random, sizeof(random), 0) != sizeof(random))
		return 0;
	return (int64_t)(w->jitter * (double)w->every * ((double)random / (double)UINT32_MAX));
}

static void arm(struct watched *w)
{
	timer_start(w->monitor->loop, &w->timer, w->due + jitter_of(w), fire_due, w);
}

/* Fresh values for this run. What stands in the way is told when it begins. */
static const struct plan *plan_of(struct watched *w)
{
	struct monitor *m = w->monitor;
	struct diags *diags;
	const struct plan *plan;

	if (!w->job->varies)
		return w->job->plan;
	diags = ARENA_NEW(w->arena, struct diags);
	diags_init(diags, w->arena);
	plan = job_plan(w->job, w->arena, m->options.vocabulary, &m->options.job, diags);
	if (diags_failed(diags) && !w->plan_wrong) {
		diags_print(diags, m->diagnostics, m->color);
		monitor_notice(m, "'%s' runs with the values of before", w->name);
	}
	w->plan_wrong = diags_failed(diags);
	return plan;
}

static void start_run(struct watched *w)
{
	struct monitor *m = w->monitor;
	struct engine_options options = {.auths = m->options.vocabulary->auths};
	const struct plan *plan;

	watch_adopt(w);
	w->arena = arena_new();
	w->run = NULL;
	m->running++;
	plan = plan_of(w);
	/* Variables may have the id of the plan. */
	options.run_id = plan == w->job->plan ? NULL : plan->run_id;
	w->engine = engine_start(w->arena, plan, m->loop, &options, monitor_run_done, w);
}

static bool is_busy(const struct watched *w)
{
	return w->engine || w->queued;
}

static void fire_due(void *ctx)
{
	struct watched *w = ctx;
	struct monitor *m = w->monitor;
	int64_t now = loop_now(m->loop), due = w->due;

	/* After the machine or the process slept, what was missed is counted and not made up for. */
	w->due += w->every;
	if (w->due <= now) {
		int64_t missed = (now - w->due) / w->every + 1;

		w->skipped += missed;
		w->due += missed * w->every;
	}
	arm(w);
	if (is_busy(w)) {
		w->skipped++;
		return;
	}
	if (now - due > LATE + (int64_t)(w->jitter * (double)w->every))
		w->late++;
	if (m->running >= MONITOR_RUNS_AT_ONCE) {
		w->queued_at = now;
		queue_put(&m->due, w);
		return;
	}
	start_run(w);
}

void schedule_freed(struct monitor *m)
{
	struct watched *w;

	m->running--;
	while (!m->stopping && m->running < MONITOR_RUNS_AT_ONCE && (w = queue_take(&m->due))) {
		if (loop_now(m->loop) - w->queued_at > LATE)
			w->late++;
		start_run(w);
	}
}

void schedule_start(struct monitor *m)
{
	int64_t now = loop_now(m->loop);

	for (size_t i = 0; i < m->count; i++) {
		struct watched *w = m->watched[i];
		int64_t apart = w->every / (int64_t)m->count, after = (int64_t)i * STAGGER;

		if (apart < STAGGER)
			after = (int64_t)i * apart / STAGGER_MANY * STAGGER_MANY;
		w->due = now + after;
		timer_start(m->loop, &w->timer, w->due, fire_due, w);
	}
}

void schedule_changed(struct watched *w)
{
	int64_t soonest = loop_now(w->monitor->loop) + w->every;

	if (w->monitor->stopping || w->due <= soonest)
		return;
	w->due = soonest;
	arm(w);
}

void schedule_stop(struct monitor *m)
{
	for (size_t i = 0; i < m->count; i++)
		timer_stop(m->loop, &m->watched[i]->timer);
	while (queue_take(&m->due))
		;
}

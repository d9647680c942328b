/*
 * What is different from an earlier run: new error clusters, slower steps, changed results.
 */
#include "diagnosis_private.h"

enum { CHANGES_MAX = 200 };

static void change(struct context *c, enum change_kind kind, const char *name, const char *text)
{
	struct diagnosis *d = c->out;

	if (d->change_count < CHANGES_MAX)
		d->changes[d->change_count++] = (struct change){kind, name, text};
}

static const struct log_cluster *find_cluster(const struct logs *logs, const char *id)
{
	for (size_t i = 0; logs && i < logs->cluster_count; i++) {
		if (strcmp(logs->clusters[i]->id, id) == 0)
			return logs->clusters[i];
	}
	return NULL;
}

static void compare_clusters(struct context *c, const struct logs *from, const struct logs *to,
	enum change_kind kind, const char *words)
{
	for (size_t i = 0; from && i < from->cluster_count && i < CLUSTERS_JUDGED; i++) {
		const struct log_cluster *k = from->clusters[i];

		if (k->severity < SEVERITY_ERROR || find_cluster(to, k->id))
			continue;
		change(c, kind, k->id,
			arena_printf(c->arena, "%s: %.*s (%lld times)", words,
				STR_ARG(str_sub(text_first_line(k->template), 0, 200)),
				(long long)k->count));
	}
}

static const struct step_result *find_step(const struct run *run, const char *name)
{
	for (size_t i = 0; i < run->step_count; i++) {
		if (strcmp(run->steps[i].name, name) == 0)
			return &run->steps[i];
	}
	return NULL;
}

static int64_t duration_of(const struct step_result *s)
{
	return s->attempt_count ? s->attempts[s->attempt_count - 1].duration : TIME_NONE;
}

static void compare_checks(
	struct context *c, const struct step_result *now, const struct step_result *then)
{
	for (size_t i = 0; i < now->check_count; i++) {
		const struct check_result *a = &now->checks[i];

		for (size_t k = 0; k < then->check_count; k++) {
			const struct check_result *b = &then->checks[k];

			if (!text_equal(a->fact, b->fact) || !text_equal(a->select, b->select) ||
				!text_equal(a->op, b->op) || a->passed == b->passed)
				continue;
			change(c, CHANGE_CHECK, now->name,
				arena_printf(c->arena, "check on %s%s%s %s, before it %s", a->fact,
					a->select ? " " : "", a->select ? a->select : "",
					a->passed ? "passes" : "fails",
					b->passed ? "passed" : "failed"));
			break;
		}
	}
}

static void compare_step(
	struct context *c, const struct step_result *now, const struct step_result *then)
{
	int64_t a = duration_of(now), b = duration_of(then);

	if (now->status != then->status)
		change(c, CHANGE_STEP_STATUS, now->name,
			arena_printf(c->arena, "'%s' %s, before it %s", now->name,
				step_status_name(now->status), step_status_name(then->status)));
	else if (now->status == STEP_PASSED && a != TIME_NONE && b != TIME_NONE &&
		 a - b >= 50 * NS_PER_MS && a >= b + b / 2) {
		char x[32], y[32];

		duration_print(a - a % NS_PER_MS, x);
		duration_print(b - b % NS_PER_MS, y);
		change(c, CHANGE_STEP_SLOWER, now->name,
			arena_printf(c->arena, "'%s' took %s, before %s", now->name, x, y));
	}
	compare_checks(c, now, then);
}

/* A problem is old when each of its clusters was there before. */
static void mark_old(struct context *c)
{
	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];
		bool all = p->cluster_count > 0;

		for (size_t k = 0; k < p->cluster_count; k++)
			all = all && find_cluster(c->options->baseline_logs, p->clusters[k]->id);
		p->new_since_baseline = !all;
		if (!all || p->state != FINDING_ACTIVE || p->breaks_required)
			continue;
		p->state = FINDING_OLD;
		p->state_reason = "it is in the baseline too";
		p->priority = p->priority >= PRIORITY_P2 ? PRIORITY_P3 : PRIORITY_P2;
	}
}

void baseline_compare(struct context *c)
{
	const struct run *then = c->options->baseline_run;
	struct diagnosis *d = c->out;

	if (!then)
		return;
	d->has_baseline = true;
	d->baseline_id = then->id;
	d->changes = ARENA_ARRAY(c->arena, CHANGES_MAX, struct change);
	for (size_t i = 0; c->run && i < c->run->step_count; i++) {
		const struct step_result *s = find_step(then, c->run->steps[i].name);

		if (s)
			compare_step(c, &c->run->steps[i], s);
	}
	if (!c->options->baseline_logs || !c->logs)
		return;
	compare_clusters(c, c->logs, c->options->baseline_logs, CHANGE_CLUSTER_NEW, "new");
	compare_clusters(c, c->options->baseline_logs, c->logs, CHANGE_CLUSTER_GONE, "gone");
	mark_old(c);
}

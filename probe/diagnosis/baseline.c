/*
 * What is different from an earlier run: new error clusters, slower steps, changed results.
 */
#include "diagnosis_private.h"
#include "probe/json.h"

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
			arena_printf(c->arena, "%s in the log: %s %.*s (%lld time%s)", words,
				severity_name(k->severity),
				STR_ARG(str_sub(text_first_line(k->template), 0, 200)),
				(long long)k->count, k->count == 1 ? "" : "s"));
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

/* From the first try to the end of the last. */
static int64_t duration_of(const struct step_result *s)
{
	if (!s->attempt_count)
		return TIME_NONE;
	const struct attempt_result *last = &s->attempts[s->attempt_count - 1];
	return last->started_at - s->attempts[0].started_at + last->duration;
}

/* A wait is as long as its pauses make it: a second more or less says nothing. */
static int64_t least_difference(const struct step_result *now, const struct step_result *then)
{
	return now->attempts_total > 1 || then->attempts_total > 1 ? 2 * NS_PER_S : 50 * NS_PER_MS;
}

static bool is_slower(const struct step_result *now, const struct step_result *then)
{
	int64_t a = duration_of(now), b = duration_of(then);

	return now->status == STEP_PASSED && a != TIME_NONE && b != TIME_NONE &&
	       a - b >= least_difference(now, then) && a >= b + b / 2;
}

/* What another value of says something; times and ids differ with every run. */
static bool is_steady(const char *fact)
{
	static const char *const facts[] = {"status", "protocol", "subprotocol", "redirects",
		"close_code", "exec.exit", "grpc.status", "tls.version", "tls.issuer", NULL};

	for (size_t i = 0; facts[i]; i++) {
		if (strcmp(fact, facts[i]) == 0)
			return true;
	}
	return false;
}

static const char *saw(struct context *c, const struct check_result *check)
{
	struct buf b;

	if (!check->has_actual)
		return "nothing";
	buf_init(&b, 400);
	json_print(&b, &check->actual);
	const char *text = arena_str(c->arena, str_sub(buf_str(&b), 0, 200)).ptr;
	buf_release(&b);
	return text;
}

static bool is_same_check(const struct check_result *a, const struct check_result *b)
{
	return text_equal(a->fact, b->fact) && text_equal(a->select, b->select) &&
	       text_equal(a->op, b->op);
}

static void compare_check(struct context *c, const char *step, const struct check_result *now,
	const struct check_result *then)
{
	const char *a = saw(c, now), *b = saw(c, then);
	bool steady = is_steady(now->fact), differs = strcmp(a, b) != 0;

	if (now->passed == then->passed &&
		(!differs || (now->passed && !steady) || str_starts(str_of(now->fact), "time")))
		return;
	change(c, CHANGE_CHECK, step,
		arena_printf(c->arena, "'%s': the check on %s%s%s %s%s and saw %s, before %s", step,
			now->fact, now->select ? " " : "", now->select ? now->select : "",
			now->passed == then->passed ? "still " : "",
			now->passed ? "passed" : "failed", a, b));
}

static void compare_checks(
	struct context *c, const struct step_result *now, const struct step_result *then)
{
	for (size_t i = 0; i < now->check_count; i++) {
		for (size_t k = 0; k < then->check_count; k++) {
			if (!is_same_check(&now->checks[i], &then->checks[k]))
				continue;
			compare_check(c, now->name, &now->checks[i], &then->checks[k]);
			break;
		}
	}
}

/* "passed", "failed", "was not reached". */
static const char *status_words(enum step_status status)
{
	static const char *const words[] = {"passed", "failed", "was not reached", "was skipped"};

	return words[status];
}

static void compare_step(
	struct context *c, const struct step_result *now, const struct step_result *then)
{
	char x[32], y[32];

	if (now->status != then->status) {
		change(c, CHANGE_STEP_STATUS, now->name,
			arena_printf(c->arena, "'%s' %s, before it %s", now->name,
				status_words(now->status), status_words(then->status)));
	} else if (is_slower(now, then)) {
		int64_t a = duration_of(now), b = duration_of(then);

		duration_print(a - a % NS_PER_MS, x);
		duration_print(b - b % NS_PER_MS, y);
		change(c, CHANGE_STEP_SLOWER, now->name,
			arena_printf(c->arena, "'%s' took %s, before %s", now->name, x, y));
	}
	compare_checks(c, now, then);
}

static void compare_steps(struct context *c, const struct run *then)
{
	for (size_t i = 0; i < c->run->step_count; i++) {
		const struct step_result *now = &c->run->steps[i], *s = find_step(then, now->name);

		if (s)
			compare_step(c, now, s);
		else
			change(c, CHANGE_STEP_STATUS, now->name,
				arena_printf(c->arena, "'%s' is a new step; it %s", now->name,
					status_words(now->status)));
	}
	for (size_t i = 0; i < then->step_count; i++) {
		if (!find_step(c->run, then->steps[i].name))
			change(c, CHANGE_STEP_STATUS, then->steps[i].name,
				arena_printf(
					c->arena, "'%s' is no step any more", then->steps[i].name));
	}
}

/* Seen by steps alone: new when one of them had not failed before. */
static bool is_new_to_steps(const struct context *c, const struct problem *p)
{
	for (size_t i = 0; i < p->step_count; i++) {
		const struct step_result *s = find_step(c->options->baseline_run, p->steps[i]);

		if (!s || s->status != STEP_FAILED)
			return true;
	}
	return false;
}

/* A problem is old when each of its clusters was there before. */
static void mark_old(struct context *c)
{
	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];
		bool all = p->cluster_count || !is_new_to_steps(c, p);

		if (p->cluster_count && !c->options->baseline_logs)
			continue;
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

/* What the comparison cannot tell. */
static void note_limits(struct context *c, const struct run *then)
{
	struct texts *notes = &c->out->notes;
	bool failed = false;

	for (size_t i = 0; i < then->step_count; i++)
		failed = failed ||
			 (then->steps[i].status == STEP_FAILED && !then->steps[i].optional);
	if (failed)
		texts_add(c->arena, notes,
			arena_printf(c->arena, "the baseline, run %s, was broken itself",
				then->id ? then->id : "-"));
	if (c->logs && !c->options->baseline_logs)
		texts_add(c->arena, notes,
			"the baseline has no logs: what is new in them is not known");
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
	if (c->run && c->run->step_count)
		compare_steps(c, then);
	if (c->options->baseline_logs && c->logs) {
		compare_clusters(c, c->logs, c->options->baseline_logs, CHANGE_CLUSTER_NEW, "new");
		compare_clusters(
			c, c->options->baseline_logs, c->logs, CHANGE_CLUSTER_GONE, "gone");
	}
	mark_old(c);
	note_limits(c, then);
}

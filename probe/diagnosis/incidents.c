/*
 * The flow of time. Each instance lives from a start to an exit; the problem that stands best in a
 * life that failed is the root of that crash, what comes after the failure (exit hooks) is not, and
 * the same crash told by several layers within a moment is counted once.
 */
#include <stdlib.h>

#include "diagnosis_private.h"

/* Entries of one problem on one instance within this time are one incident; a life that failed ends
 * for good after LIFE_GAP, when nothing else says so. */
static const int64_t BURST = 250 * NS_PER_MS, LIFE_GAP = NS_PER_S, REACH = 60 * NS_PER_S;

enum { LIFE_PROBLEMS_MAX = 16 };

struct moment {
	int64_t time, index;
	const struct log_instance *instance;
	struct problem *problem; /* NULL: not a root */
	const struct log_entry *entry;
	bool effect, start;
};

struct life {
	const struct log_instance *instance;
	struct problem *problems[LIFE_PROBLEMS_MAX];
	size_t count;
	int64_t failed; /* TIME_NONE: it goes well so far */
	struct problem *culprit;
};

/* How well a problem stands for a root, by what it is and not by when it was. */
static double standing(const struct problem *p)
{
	double score = p->level >= SEVERITY_CRITICAL ? 30 : p->level >= SEVERITY_ERROR ? 15 : 5;

	if (p->exception) {
		score += p->exception->frames ? 25 : 10;
		score += p->exception->fatal ? 30 : 0;
	}
	score += p->weight * 5;
	if (p->platform && p->weight)
		score += 20;
	if (p->tolerant)
		score -= 70;
	if (p->resolved)
		score -= 60;
	if (p->rule->priority >= PRIORITY_P2 && strcmp(p->rule->id, "config-whitespace") != 0)
		score -= 30;
	return score;
}

static int order_moments(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Start, exit and failure words of the platform; a probe that succeeded is nothing. */
static bool ends_life(
	const struct context *c, unsigned traits, enum severity level, size_t position)
{
	if (traits & LOG_EXIT)
		return true;
	if ((traits & LOG_PROBE) && level >= SEVERITY_WARNING)
		return true;
	return position != SIZE_MAX && c->roles[position] == ROLE_EFFECT && !(traits & LOG_REQUEST);
}

/* The moment that the event with this number is; false: none that matters. */
static bool of_event(const struct context *c, size_t number, struct moment *out)
{
	const struct log_event *e = &c->logs->events[number];
	size_t at = cluster_position(c, e->cluster);

	*out = (struct moment){.time = e->time,
		.instance = e->instance,
		.entry = e->entry,
		.start = (e->traits & LOG_STARTING) != 0,
		.effect = ends_life(c, e->traits, e->level, at)};
	if (at != SIZE_MAX && c->roles[at] == ROLE_ROOT)
		out->problem = c->cluster_problems[at];
	if (out->problem)
		out->effect = false;
	return out->problem || out->effect || out->start;
}

/* Whether its roots and effects are no events, being below WARNING; the entries that were kept of them stand
 * in. */
static bool is_quiet(const struct context *c, size_t position)
{
	const struct log_cluster *cluster = c->logs->clusters[position];

	return cluster->severity < SEVERITY_WARNING &&
	       !(cluster->traits & (LOG_PLATFORM | LOG_STARTING)) &&
	       (c->roles[position] == ROLE_ROOT || c->roles[position] == ROLE_EFFECT);
}

/* Their moments, in order. */
static struct moment *quiet_moments(const struct context *c, size_t *count)
{
	size_t most = 0;

	*count = 0;
	for (size_t i = 0; i < c->judged; i++)
		most += is_quiet(c, i) ? c->logs->clusters[i]->entry_count : 0;
	struct moment *out = ARENA_ARRAY(c->arena, most + 1, struct moment);

	for (size_t i = 0; i < c->judged; i++) {
		const struct log_cluster *cluster = c->logs->clusters[i];

		for (size_t k = 0; is_quiet(c, i) && k < cluster->entry_count; k++) {
			const struct log_entry *e = cluster->entries[k];

			out[(*count)++] = (struct moment){.time = e->time,
				.index = e->index,
				.instance = e->instance,
				.entry = e,
				.problem = c->roles[i] == ROLE_ROOT ? c->cluster_problems[i] : NULL,
				.effect = c->roles[i] == ROLE_EFFECT};
		}
	}
	qsort(out, *count, sizeof(*out), order_moments);
	return out;
}

/* The same problem on the same instance within a moment is the same incident. */
static void count_incident(struct problem *p, const struct moment *m)
{
	bool again = p->incidents && p->last_instance == m->instance && m->time != TIME_NONE &&
		     p->last_moment != TIME_NONE && m->time - p->last_moment <= BURST;

	if (!again)
		p->incidents++;
	p->last_moment = m->time;
	p->last_instance = m->instance;
}

static void keep_effect(struct problem *p, const struct log_entry *entry)
{
	if (!entry || p->effect_count == 4)
		return;
	for (size_t i = 0; i < p->effect_count; i++) {
		if (p->effects[i]->cluster == entry->cluster)
			return;
	}
	p->effects[p->effect_count++] = entry;
}

/* A sign of failure: the best of what happened in this life is to blame, the first of equals. */
static void fail(struct life *life, const struct moment *m)
{
	if (life->failed == TIME_NONE) {
		double best = 0;

		life->failed = m->time;
		for (size_t i = 0; i < life->count; i++) {
			double score = standing(life->problems[i]);

			if (score > best) {
				best = score;
				life->culprit = life->problems[i];
			}
		}
		if (life->culprit)
			life->culprit->fatal++;
	}
	if (life->culprit)
		keep_effect(life->culprit, m->entry);
}

static void live(struct life *life, const struct moment *m)
{
	if (m->start ||
		(m->problem && life->failed != TIME_NONE && m->time - life->failed > LIFE_GAP))
		*life = (struct life){.instance = life->instance, .failed = TIME_NONE};
	if (m->effect) {
		if (life->failed == TIME_NONE || m->time - life->failed < REACH)
			fail(life, m);
		return;
	}
	if (!m->problem)
		return;
	count_incident(m->problem, m);
	for (size_t i = 0; i < life->count; i++) {
		if (life->problems[i] == m->problem)
			return;
	}
	if (life->failed != TIME_NONE && life->culprit)
		m->problem->after_failure++;
	else if (life->count < LIFE_PROBLEMS_MAX)
		life->problems[life->count++] = m->problem;
}

static struct life *life_of(struct life *lives, size_t mask, const struct log_instance *instance)
{
	size_t at = ((uintptr_t)instance >> 4) * 2654435761u & mask;

	while (lives[at].instance && lives[at].instance != instance)
		at = (at + 1) & mask;
	if (!lives[at].instance)
		lives[at] = (struct life){.instance = instance, .failed = TIME_NONE};
	return &lives[at];
}

/* What has no moment of its own, as noise has: once on each instance. */
static void count_rest(struct context *c)
{
	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];

		if (p->incidents == 0 && p->cluster_count)
			p->incidents = p->instances > 1 ? p->instances : 1;
	}
}

struct lives {
	struct life *slots; /* by instance */
	size_t mask;
};

static void count_moment(const struct context *c, struct lives *lives, const struct moment *m)
{
	bool named = m->instance && m->instance->name && m->instance->name[0];

	/* platform lines that name no instance could be of any */
	if (!m->instance || (!named && m->effect && m->entry && (m->entry->traits & LOG_PLATFORM) &&
				    c->logs->instance_count > 1))
		return;
	live(life_of(lives->slots, lives->mask, m->instance), m);
}

void incidents_count(struct context *c)
{
	size_t quiet_count, next = 0, slots = 64;
	struct moment m;

	if (!c->logs)
		return;
	while (slots < 4 * (c->logs->instance_count + 16))
		slots *= 2;
	struct lives lives = {ARENA_ARRAY(c->arena, slots, struct life), slots - 1};
	const struct moment *quiet = quiet_moments(c, &quiet_count);

	for (size_t i = 0; i < c->logs->event_count; i++) {
		while (next < quiet_count && quiet[next].time < c->logs->events[i].time)
			count_moment(c, &lives, &quiet[next++]);
		if (of_event(c, i, &m))
			count_moment(c, &lives, &m);
	}
	while (next < quiet_count)
		count_moment(c, &lives, &quiet[next++]);
	count_rest(c);
}

/* Health of the problem's service: what there was while it failed or shortly before proves nothing
 * afterwards. */
struct health {
	bool before, during, after;
};

/* Whether an instance speaks for the problem's service; `same` also for its revision. */
static bool speaks_for(const struct problem *p, const struct log_instance *in, bool *same)
{
	const struct log_entry *e = p->entry;

	*same = !e || !e->revision.len || !in->revision || !in->revision[0] ||
		str_is(e->revision, in->revision);
	if (in->healthy == 0 || in->last_healthy == TIME_NONE)
		return false;
	return !e || !e->service.len || !in->service || !in->service[0] ||
	       str_is(e->service, in->service);
}

static struct health health_around(const struct context *c, const struct problem *p)
{
	struct health h = {false, false, false};

	for (size_t i = 0; i < c->logs->instance_count; i++) {
		const struct log_instance *in = c->logs->instances[i];
		bool same;

		if (!speaks_for(p, in, &same))
			continue;
		h.during = h.during ||
			   (same && in->first_healthy <= p->last && in->last_healthy >= p->first);
		/* a crash among others that live on proves nothing by their health */
		h.before = h.before || (same && p->fatal && in->first_healthy < p->first &&
					       in->last_healthy >= p->first - 120 * NS_PER_S);
		h.after = h.after || in->last_healthy > p->last;
	}
	return h;
}

/* Stopped: quiet for much longer than it was between two of them. */
static bool stopped(const struct context *c, const struct problem *p)
{
	if (p->last == TIME_NONE || c->logs->last == TIME_NONE)
		return false;
	int64_t mean = p->incidents > 1 ? (p->last - p->first) / (p->incidents - 1) : 0;
	int64_t quiet = 3 * mean > 10 * NS_PER_S ? 3 * mean : 10 * NS_PER_S;

	return c->logs->last - p->last >= quiet;
}

/* When the first step passed, in a run where none failed: what the log told before that is over. */
static int64_t first_pass(const struct run *run)
{
	int64_t first = TIME_NONE;

	for (size_t i = 0; run && i < run->step_count; i++) {
		const struct step_result *s = &run->steps[i];

		if (s->status == STEP_FAILED || s->status == STEP_NOT_REACHED)
			return TIME_NONE;
		if (s->status != STEP_PASSED || !s->attempt_count)
			continue;
		int64_t at = s->attempts[s->attempt_count - 1].started_at;
		if (first == TIME_NONE || at < first)
			first = at;
	}
	return first;
}

static void judge_state(struct context *c, struct problem *p)
{
	p->state = FINDING_ACTIVE;
	if (!c->logs || p->cluster_count == 0)
		return;
	p->state_reason = deploy_text(c, p);
	if (deploy_is_old(c, p)) {
		p->state = FINDING_OLD;
		return;
	}
	if (p->last == TIME_NONE)
		return;
	if (p->resolved) {
		p->state = FINDING_RECOVERED;
		p->state_reason = "a later line of the same part says that it worked";
		return;
	}
	int64_t passed = first_pass(c->run);
	if (passed != TIME_NONE && p->last < passed) {
		p->state = FINDING_RECOVERED;
		p->state_reason = "it stopped, and every step passed after it";
		return;
	}
	struct health h = health_around(c, p);
	if (h.after && !h.during && !h.before && stopped(c, p)) {
		p->state = FINDING_RECOVERED;
		p->state_reason = "it stopped, and requests were answered well after it";
	}
}

/* An instance that answered well after the problem did not die of it. */
static bool survived(const struct problem *p)
{
	for (size_t i = 0; i < p->cluster_count; i++) {
		for (size_t k = 0; k < p->clusters[i]->presence_count; k++) {
			const struct log_instance *in = p->clusters[i]->presences[k].instance;

			if (in && in->healthy && in->last_healthy > p->first)
				return true;
		}
	}
	return false;
}

/* Of Python a module's traceback may also be of an import that was tried: then the service starts. */
static bool started_after(const struct context *c, const struct problem *p)
{
	if (!p->exception || !text_equal(p->exception->language, "python") || p->fatal)
		return false;
	for (size_t i = 0; i < c->judged; i++) {
		const struct log_cluster *k = c->logs->clusters[i];

		for (size_t j = 0; (k->traits & (LOG_LISTENING | LOG_STARTED)) &&
				   !(k->traits & LOG_PLATFORM) && j < k->presence_count;
			j++)
			if (k->presences[j].instance == p->last_instance &&
				(p->first == TIME_NONE || k->presences[j].last > p->first))
				return true;
	}
	return false;
}

/* P0 crashes or keeps from starting; without exits in the log a fatal level or a runtime that ended
 * says the same. */
static bool is_fatal(const struct context *c, const struct problem *p)
{
	if (p->tolerant || p->resolved)
		return false;
	if (p->fatal)
		return true;
	return (p->level >= SEVERITY_CRITICAL ||
		       (p->exception && p->exception->fatal && !started_after(c, p))) &&
	       !survived(p);
}

/* What the problem is worth while it lasts. */
static enum priority active_priority(const struct context *c, const struct problem *p)
{
	enum priority own = p->rule->priority;
	bool whitespace = strcmp(p->rule->id, "config-whitespace") == 0;

	if (strcmp(p->rule->id, "logging-misconfigured") == 0)
		return own;
	if (p->tolerant || p->resolved || p->after_failure > p->incidents / 2)
		return own > PRIORITY_P2 ? own : PRIORITY_P2;
	if (is_fatal(c, p))
		return PRIORITY_P0;
	if (own == PRIORITY_P0 || (whitespace && p->level >= SEVERITY_ERROR))
		return PRIORITY_P1;
	if (p->weight == 0 && !(p->exception && p->exception->frames))
		return PRIORITY_P2;
	return own;
}

static void judge_priority(const struct context *c, struct problem *p)
{
	p->priority = active_priority(c, p);
	if (p->state == FINDING_ACTIVE)
		return;
	/* one lower, and at most P2 */
	p->priority = p->priority >= PRIORITY_P2 ? PRIORITY_P3 : PRIORITY_P2;
}

/* A line at CRITICAL that names no cause ("host terminated unexpectedly"), beside what does: the other
 * one was fatal. */
static bool only_announces(const struct problem *p, const struct problem *cause)
{
	const int64_t near = 5 * NS_PER_S;

	if (cause == p || cause->state != FINDING_ACTIVE || cause->tolerant || cause->resolved ||
		cause->priority > PRIORITY_P1 || cause->last_instance != p->last_instance ||
		(cause->weight < 4 && !(cause->exception && cause->exception->frames)))
		return false;
	return cause->first == TIME_NONE || p->first == TIME_NONE ||
	       (cause->first <= p->last + near && cause->last >= p->first - near);
}

static void blame_causes(struct context *c)
{
	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];

		if (p->priority != PRIORITY_P0 || p->state != FINDING_ACTIVE || p->weight ||
			p->exception || p->fatal)
			continue;
		for (size_t k = 0; k < c->problem_count; k++) {
			if (!only_announces(p, c->problems[k]))
				continue;
			c->problems[k]->priority = PRIORITY_P0;
			p->priority = PRIORITY_P2;
			break;
		}
	}
}

void incidents_judge(struct context *c)
{
	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];

		judge_state(c, p);
		judge_priority(c, p);
		p->score = standing(p) + (p->incidents < 20 ? (double)p->incidents / 2 : 10);
		if (p->fatal)
			p->score += 40 + (p->fatal < 20 ? (double)p->fatal : 20);
		if (p->after_failure)
			p->score -= 50;
	}
	blame_causes(c);
}

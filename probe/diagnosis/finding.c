/*
 * Problems become findings: named, quoted, ranked, with actions.
 */
#include <stdlib.h>

#include "diagnosis_private.h"

static const char *masked(const struct context *c, const char *text)
{
	return redact_text(c->options->redactor, c->arena, text);
}

/* Names every title and action may use. */
static void add_names(struct context *c, struct problem *p)
{
	struct str file = p->location, message = text_first_line(p->message);
	size_t colon = file.len;

	problem_name(c, p, "message", message);
	problem_name(c, p, "type", p->type);
	problem_name(c, p, "location", p->location);
	while (colon > 0 && file.ptr[colon - 1] != ':')
		colon--;
	if (colon > 1)
		problem_name(c, p, "file", str_sub(file, 0, colon - 1));
	if (p->entry)
		problem_name(c, p, "revision", p->entry->revision);
	if (p->effect_count)
		problem_name(c, p, "exit", text_first_line(p->effects[0]->text));
}

static struct texts fill_all(struct context *c, const struct strs *texts, const struct pairs *names)
{
	struct texts out = {0};

	for (size_t i = 0; i < texts->count; i++)
		texts_add(c->arena, &out, masked(c, rule_fill(c->arena, texts->items[i], names)));
	return out;
}

static const char *title_of(struct context *c, const struct problem *p)
{
	const char *title = rule_fill(c->arena, str_of(p->rule->title), &p->names);

	if (!title || !title[0])
		title = text_of(c->arena, text_first_line(p->message));
	return title ? title : p->rule->id;
}

static void reason(struct context *c, struct finding *f, bool holds, double worth, const char *text)
{
	if (!holds)
		return;
	f->confidence += worth;
	texts_add(c->arena, &f->confidence_reasons, text);
}

static void judge_confidence(struct context *c, const struct problem *p, struct finding *f)
{
	f->confidence = 0.3;
	reason(c, f, p->tie_reason != NULL, p->tie >= TIE_INSTANCE ? 0.35 : 0.2, p->tie_reason);
	reason(c, f, p->weight >= 4, 0.25, "the message is that of a known cause");
	reason(c, f, p->fatal > 0 && p->effect_count > 0 && !p->ended, 0.2,
		"the instance failed right after it");
	reason(c, f, p->ended && !p->assumed, 0.2,
		p->ended ? arena_printf(c->arena, "the command %s, right after it", p->ended)
			 : NULL);
	reason(c, f, p->assumed, -0.1,
		"the log does not say why the command ended; this is what its end looks like");
	reason(c, f, p->exception && p->exception->frames, 0.1, "the stack says where it happened");
	reason(c, f, p->fatal > 1, 0.1,
		arena_printf(c->arena, "it is the same in %lld failures", (long long)p->fatal));
	reason(c, f, c->out->stale && p->cluster_count, -0.2,
		"the log is old: what is so now it cannot say");
	reason(c, f, p->tolerant, -0.2, "its own words say that the service goes on");
	reason(c, f, p->state_reason != NULL, 0, p->state_reason);
	reason(c, f, p->cluster_count == 0, 0,
		"seen by the probe only; no log was there to say why");
	reason(c, f, strcmp(p->rule->id, "unknown") == 0, -0.1, "no known cause fits");
	if (f->confidence > 0.99)
		f->confidence = 0.99;
	if (f->confidence < 0.05)
		f->confidence = 0.05;
}

static void fill(struct context *c, struct problem *p, struct finding *f)
{
	const char *message = text_of(c->arena, str_sub(p->message, 0, 4096));

	add_names(c, p);
	*f = (struct finding){.priority = p->priority,
		.cause = p->rule->id,
		.title = masked(c, title_of(c, p)),
		.message = message ? masked(c, message) : "",
		.type = text_of(c->arena, p->type),
		.location = text_of(c->arena, p->location),
		.incidents = p->cluster_count ? p->incidents : 0,
		.entries = p->entries,
		.instances = p->instances,
		.first_seen = p->first,
		.last_seen = p->last,
		.revision = p->entry ? text_of(c->arena, p->entry->revision) : NULL,
		.state = p->state,
		.new_since_baseline = p->new_since_baseline};
	for (size_t i = 0; i < p->cluster_count; i++)
		texts_add(c->arena, &f->clusters, p->clusters[i]->id);
	for (size_t i = 0; i < p->step_count; i++)
		texts_add(c->arena, &f->steps, p->steps[i]);
	chain_build(c, p, f);
	evidence_build(c, p, f);
	judge_confidence(c, p, f);
	f->now = fill_all(c, &p->rule->now, &p->names);
	f->next = fill_all(c, &p->rule->next, &p->names);
	f->later = fill_all(c, &p->rule->later, &p->names);
}

static int order_problems(const void *a, const void *b)
{
	const struct problem *x = *(struct problem *const *)a, *y = *(struct problem *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->new_since_baseline != y->new_since_baseline)
		return x->new_since_baseline ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->entries != y->entries)
		return x->entries > y->entries ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static bool crash_explained(const struct context *c)
{
	for (size_t i = 0; i < c->problem_count; i++) {
		if (c->problems[i]->priority == PRIORITY_P0 && c->problems[i]->cluster_count)
			return true;
	}
	return false;
}

/* An exit before a failed probe: it is nearer to the cause. */
static const struct log_cluster *worst_effect(const struct context *c, bool *exits)
{
	const struct log_cluster *worst = NULL;

	*exits = false;
	for (size_t i = 0; i < c->judged; i++) {
		const struct log_cluster *k = c->logs->clusters[i];
		bool exit = (k->traits & LOG_EXIT) && k->severity >= SEVERITY_WARNING;
		bool probe = (k->traits & LOG_PROBE) && k->severity >= SEVERITY_ERROR;

		if (c->roles[i] != ROLE_EFFECT || (!exit && !probe) ||
			(worst && !(exit && !*exits)))
			continue;
		worst = k;
		*exits = exit;
	}
	return worst;
}

/* Exits and failed probes without anything that could have caused them are told all the same. */
static void add_unexplained(struct context *c)
{
	bool exits;
	const struct log_cluster *worst = crash_explained(c) ? NULL : worst_effect(c, &exits);
	struct problem *p = worst ? problem_add(c, exits ? "crash-loop" : "startup-timeout") : NULL;

	if (!p)
		return;
	p->clusters[p->cluster_count++] = worst;
	p->entry = worst->entry_count ? worst->entries[0] : NULL;
	p->message = str_trim(worst->sample);
	p->first = worst->first_seen;
	p->last = worst->last_seen;
	p->entries = p->incidents = worst->count;
	p->instances = worst->instances;
	p->level = worst->severity;
	problem_name(c, p, "probe", text_first_line(p->message));
	bool healed = c->logs->last_healthy != TIME_NONE && p->last != TIME_NONE &&
		      c->logs->last_healthy > p->last;
	p->state = healed ? FINDING_RECOVERED : FINDING_ACTIVE;
	p->priority = healed ? PRIORITY_P2 : PRIORITY_P0;
}

void findings_build(struct context *c)
{
	struct diagnosis *d = c->out;

	if (c->logs)
		add_unexplained(c);
	qsort(c->problems, c->problem_count, sizeof(*c->problems), order_problems);
	size_t count = c->problem_count < FINDINGS_MAX ? c->problem_count : FINDINGS_MAX;
	d->findings = ARENA_ARRAY(c->arena, count, struct finding);
	d->findings_left_out = c->problem_count - count;
	for (size_t i = 0; i < count; i++) {
		struct finding *f = &d->findings[d->finding_count++];

		fill(c, c->problems[i], f);
		f->rank = (unsigned)d->finding_count;
		f->secondary = i > 0 && f->priority <= PRIORITY_P2;
	}
}

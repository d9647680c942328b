/*
 * A scenario under watch: its file, read again when it changes, and what its last run left. A file
 * with mistakes changes nothing; the last valid one runs on.
 */
#include <stdlib.h>

#include "monitor_private.h"

#define EVERY_DEFAULT (60 * NS_PER_S)
#define EVERY_MIN (NS_PER_S / 10)
#define POLL (2 * NS_PER_S)
/* Files read anew in one turn, and the pause before the next ones. */
enum { RELOADS_AT_ONCE = 10 };
#define POLL_SOON (20 * NS_PER_MS)

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		die("out of memory: %zu bytes", count * size);
	return memory;
}

static char *copy_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		die("out of memory: %zu bytes", strlen(text));
	return copy;
}

static void drop_parts(struct watched *w)
{
	for (size_t i = 0; i < w->part_count; i++)
		free((char *)w->parts[i].path);
	free(w->parts);
	w->parts = NULL;
	w->part_count = 0;
}

/* Remembers which files were read. Paths are copied: the job may go. What was included stays under
 * watch when the file itself cannot be read. */
static void note_parts(struct watched *w, struct file_state own, const struct scenario *scenario)
{
	size_t count = scenario ? scenario->part_count : 0;

	if (!scenario && w->parts) {
		w->parts[0].state = own;
		return;
	}
	drop_parts(w);
	w->parts = allocate(count + 1, sizeof(*w->parts));
	w->part_count = count + 1;
	w->parts[0] = (struct scenario_part){copy_text(w->file), own};
	for (size_t i = 0; i < count; i++)
		w->parts[i + 1] = (struct scenario_part){
			copy_text(scenario->parts[i].path), scenario->parts[i].state};
}

static bool parts_changed(const struct watched *w)
{
	for (size_t i = 0; i < w->part_count; i++) {
		struct file_state now = file_state(w->parts[i].path);

		if (!file_state_equal(&now, &w->parts[i].state))
			return true;
	}
	return false;
}

/* The settings under `monitor` of a scenario, which may use its variables. */
static struct monitor_spec *spec_of(struct job *job)
{
	struct fill fill = {.arena = job->arena,
		.scope = job->plan->scope,
		.diags = &job->diags,
		.dir = job->scenario->dir};
	struct monitor_spec *spec = ARENA_NEW(job->arena, struct monitor_spec);
	const struct node *node = job->scenario->monitor;

	if (!node || fields_fill(&fill, monitor_fields, node, spec))
		return spec;
	for (size_t i = 0; i < spec->alerts.count; i++) {
		const struct alert_spec *alert = spec->alerts.items[i];

		if (!!alert->webhook.len + !!alert->slack.len + !!alert->pagerduty.len != 1)
			diag_error(&job->diags, node->span,
				"alert %zu needs exactly one of 'webhook', 'slack' and 'pagerduty'",
				i + 1);
		redactor_add(job->redactor, alert->pagerduty);
		redactor_add(job->redactor, alert->slack);
	}
	return spec;
}

static bool same_receiver(const struct alert_spec *a, const struct alert_spec *b)
{
	return str_equal(a->webhook, b->webhook) && str_equal(a->slack, b->slack) &&
	       str_equal(a->pagerduty, b->pagerduty);
}

/* An incident that was told of stays told when the file changes, for receivers that stay. */
static void adopt_alerts(struct watched *w, const struct monitor_spec *spec)
{
	struct alert_state *states = allocate(spec->alerts.count, sizeof(*states));

	for (size_t i = 0; i < spec->alerts.count; i++) {
		states[i].spec = spec->alerts.items[i];
		for (size_t k = 0; k < w->alert_count; k++) {
			if (!same_receiver(states[i].spec, w->alerts[k].spec))
				continue;
			states[i] = w->alerts[k];
			states[i].spec = spec->alerts.items[i];
		}
	}
	if (w->alerts) {
		struct retired *retired = allocate(1, sizeof(*retired));

		*retired = (struct retired){w->alerts, w->monitor->retired};
		w->monitor->retired = retired;
	}
	w->alerts = states;
	w->alert_count = spec->alerts.count;
}

static bool name_taken(const struct watched *w, const char *name)
{
	const struct monitor *m = w->monitor;

	for (size_t i = 0; i < m->count; i++)
		if (m->watched[i] != w && m->watched[i]->name &&
			strcmp(m->watched[i]->name, name) == 0)
			return true;
	return false;
}

/* Reads the file; NULL when it has mistakes, which are printed. */
static struct job *read_job(struct watched *w, struct monitor_spec **spec, struct error *err)
{
	struct monitor *m = w->monitor;
	struct file_state own = file_state(w->file);
	int failed;
	struct job *job = job_load(w->file, m->options.vocabulary, &m->options.job, err, &failed);

	note_parts(w, own, job->scenario);
	if (job->plan) {
		*spec = spec_of(job);
		if (name_taken(w, job->scenario->name))
			diag_error(&job->diags, job->scenario->root->span,
				"another file's scenario is called '%s' too; metrics and history "
				"need a name of their own",
				job->scenario->name);
	}
	diags_print(&job->diags, m->diagnostics, m->color);
	if (!job->plan || diags_failed(&job->diags) || failed) {
		job_free(job);
		return NULL;
	}
	return job;
}

static void use_job(struct watched *w, struct job *job, const struct monitor_spec *spec)
{
	const struct monitor_options *o = &w->monitor->options;

	adopt_alerts(w, spec);
	job_free(w->job);
	w->job = job;
	w->secrets = redactor_size(job->redactor);
	free(w->name);
	w->name = copy_text(job->scenario->name);
	w->every = o->every ? o->every : spec->every ? spec->every : EVERY_DEFAULT;
	if (w->every < EVERY_MIN)
		w->every = EVERY_MIN;
	w->jitter = spec->jitter;
}

int watch_load(struct watched *w, struct error *err)
{
	struct monitor_spec *spec;
	struct job *job = read_job(w, &spec, err);

	if (!job)
		return -1;
	w->file_valid = true;
	use_job(w, job, spec);
	return 0;
}

void watch_adopt(struct watched *w)
{
	struct job *job = w->next_job;

	if (!job)
		return;
	w->next_job = NULL;
	use_job(w, job, w->next_spec);
	schedule_changed(w);
}

/* Tokens captured run after run are secrets each; a job read anew knows none of them. */
static bool is_worn(const struct watched *w)
{
	enum { SECRETS_MAX = 1 << 20 };

	return !w->next_job && w->file_valid &&
	       redactor_size(w->job->redactor) > w->secrets + SECRETS_MAX;
}

static void reload(struct watched *w, bool changed)
{
	struct error err = {{0}};
	struct monitor_spec *spec;
	struct job *job = read_job(w, &spec, &err);

	if (!job) {
		/* A worn job goes on; it is tried again when the file changes. */
		w->file_valid = false;
		monitor_notice(w->monitor,
			"'%s' is not used as it is now%s%s: '%s' runs on as it was", w->file,
			err.text[0] ? ": " : "", err.text, w->name);
		return;
	}
	w->file_valid = true;
	job_free(w->next_job);
	w->next_job = job;
	w->next_spec = spec;
	if (changed)
		monitor_notice(w->monitor, "'%s' was read anew", w->file);
	if (!w->engine && !w->queued)
		watch_adopt(w);
}

/* Whether the file was read. */
static bool look_at(struct watched *w)
{
	bool changed = w->reload || parts_changed(w);

	w->reload = false;
	if (!changed && !is_worn(w))
		return false;
	reload(w, changed);
	return true;
}

void watch_poll(void *ctx)
{
	struct monitor *m = ctx;
	size_t reloads = 0;

	while (m->poll_next < m->count && reloads < RELOADS_AT_ONCE)
		reloads += look_at(m->watched[m->poll_next++]);
	bool all = m->poll_next == m->count;

	if (all)
		m->poll_next = 0;
	timer_start(m->loop, &m->poll, loop_now(m->loop) + (all ? POLL : POLL_SOON), watch_poll, m);
}

static void drop_last(struct watched *w)
{
	for (size_t i = 0; i < w->step_count; i++) {
		free(w->steps[i].name);
		free(w->steps[i].kind);
		free(w->steps[i].capability);
	}
	for (size_t i = 0; i < w->finding_count; i++)
		free(w->findings[i].cause);
	free(w->steps);
	free(w->findings);
	free(w->document);
	free(w->run_id);
	free(w->summary);
	w->steps = NULL;
	w->findings = NULL;
	w->step_count = w->finding_count = 0;
	w->document = w->run_id = w->summary = NULL;
}

void watched_free(struct watched *w)
{
	if (!w)
		return;
	timer_stop(w->monitor->loop, &w->timer);
	timer_stop(w->monitor->loop, &w->finish);
	engine_free(w->engine);
	arena_free(w->arena);
	job_free(w->job);
	job_free(w->next_job);
	drop_last(w);
	free(w->alerts);
	free(w->log_problem);
	drop_parts(w);
	free(w->file);
	free(w->name);
	free(w);
}

static void keep_step(struct step_stat *stat, const struct step_result *step)
{
	const struct timing none = TIMING_NONE, *timing = &none;

	stat->name = copy_text(step->name);
	stat->kind = copy_text(step->kind);
	stat->capability = copy_text(step->capability);
	stat->status = step->status;
	stat->duration = TIME_NONE;
	stat->cert_expiry = step->tls_not_after;
	if (step->attempt_count) {
		const struct attempt_result *last = &step->attempts[step->attempt_count - 1];

		timing = &last->timing;
		stat->duration = last->duration;
	}
	const int64_t phases[MONITOR_PHASES] = {
		timing->dns, timing->connect, timing->tls, timing->first_byte, stat->duration};

	memcpy(stat->phase, phases, sizeof(phases));
}

void watched_keep(struct watched *w, const struct report *report, char *document, size_t len)
{
	const struct run *run = report->run;
	const struct diagnosis *diagnosis = report->diagnosis;

	drop_last(w);
	w->document = document;
	w->document_len = len;
	w->run_id = copy_text(run->id);
	w->summary = copy_text(diagnosis->verdict.summary);
	w->state = diagnosis->verdict.golden_path;
	w->started_at = run->started_at;
	w->finished_at = run->finished_at;
	w->duration = run->duration;
	w->has_run = true;
	if (w->state == GOLDEN_HEALTHY || w->state == GOLDEN_DEGRADED)
		w->has_passed = true;
	w->runs[w->state]++;
	w->steps = allocate(run->step_count, sizeof(*w->steps));
	w->step_count = run->step_count;
	for (size_t i = 0; i < run->step_count; i++)
		keep_step(&w->steps[i], &run->steps[i]);
	w->findings = allocate(diagnosis->finding_count, sizeof(*w->findings));
	w->finding_count = diagnosis->finding_count;
	for (size_t i = 0; i < diagnosis->finding_count; i++) {
		w->findings[i].cause = copy_text(diagnosis->findings[i].cause);
		w->findings[i].priority = diagnosis->findings[i].priority;
	}
}

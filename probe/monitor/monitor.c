/*
 * The monitor: what happens to a finished run.
 *
 *   monitor_run_done   the engine has a run
 *   finish             logs, judgement, document, history, alerts, live updates
 *   monitor_run        turns the loop, and finishes runs that have logs between its turns
 *
 * A run without log sources is finished by a timer, so that a slow log store of one scenario holds
 * up no other.
 */
#include "probe/monitor.h"

#include <stdlib.h>

#include "monitor_private.h"

#define MAINTAIN (60 * NS_PER_S)
#define MAINTAIN_SOON (2 * NS_PER_S)
#define DRAIN (5 * NS_PER_S)
#define DRAIN_LAST (NS_PER_S / 2)

/* The worst first. */
static const enum golden_path worst_first[] = {
	GOLDEN_BROKEN, GOLDEN_UNKNOWN, GOLDEN_DEGRADED, GOLDEN_HEALTHY};

void monitor_notice(struct monitor *m, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	m->options.notice(m->options.ctx, text);
}

/* Finishing a run */

/* The store's trouble is told when it begins, changes and ends, not with every run. */
static void tell_store(struct monitor *m, int failed, const struct error *err)
{
	const char *now = failed ? err->text : "";
	size_t waiting;
	int64_t lost;

	if (strcmp(now, m->problem) == 0)
		return;
	snprintf(m->problem, sizeof(m->problem), "%.*s", (int)sizeof(m->problem) - 1, now);
	history_trouble(m->options.history, &waiting, &lost);
	if (failed)
		monitor_notice(m, "%s; runs go on and wait in memory (%zu so far)", now, waiting);
	else
		monitor_notice(m, "the store works again (%lld runs were lost)", (long long)lost);
}

static void record(struct monitor *m, const struct watched *w)
{
	struct history_run run = {
		.id = w->run_id,
		.scenario = w->name,
		.started_at = w->started_at,
		.duration = w->duration,
		.verdict = (int)w->state,
		.summary = w->summary,
		.document = w->document,
	};
	struct history_step *steps;
	struct arena *arena;
	struct error err = {{0}};

	if (!m->options.history)
		return;
	arena = arena_new();
	steps = ARENA_ARRAY(arena, w->step_count, struct history_step);
	for (size_t i = 0; i < w->step_count; i++)
		steps[i] = (struct history_step){
			w->steps[i].name, (int)w->steps[i].status, w->steps[i].duration};
	run.steps = steps;
	run.step_count = w->step_count;
	tell_store(m, history_add(m->options.history, &run, &err), &err);
	arena_free(arena);
}

static void alert(struct monitor *m, struct watched *w, const struct run *run)
{
	struct alert_message message = {
		.scenario = w->name,
		.state = golden_path_name(w->state),
		.summary = w->summary,
		.target = run->target,
		.run_id = w->run_id,
		.time = w->finished_at,
	};

	for (size_t i = 0; i < w->alert_count; i++)
		alerts_run(m->alerts, &w->alerts[i], w->state == GOLDEN_BROKEN,
			w->state == GOLDEN_HEALTHY || w->state == GOLDEN_DEGRADED, &message);
}

/* The table of causes is read when the first run needs it, or at the start when files of the user are
 * to be checked. -1: they have mistakes. */
static int load_rules(struct monitor *m, struct error *err)
{
	const struct strs *files = &m->options.rules;
	struct diags diags;

	m->rules_arena = arena_new();
	diags_init(&diags, m->rules_arena);
	m->rules = rules_new(m->rules_arena);
	for (size_t i = 0; i < files->count; i++)
		if (rules_load(m->rules, files->items[i].ptr, &diags, err))
			return error_context(err, "--rules");
	for (size_t i = 0; i < m->count; i++)
		if (job_rules(m->watched[i]->job, m->rules, &diags, err))
			return error_context(err, "%s", m->watched[i]->file);
	diags_print(&diags, m->diagnostics, m->color);
	return diags_failed(&diags) ? error_set(err, "a file of rules has mistakes") : 0;
}

static bool brings_rules(const struct monitor *m)
{
	bool brings = m->options.rules.count > 0;

	for (size_t i = 0; i < m->count; i++)
		brings = brings || m->watched[i]->job->scenario->rules;
	return brings;
}

static const struct rules *rules_of(struct monitor *m)
{
	if (!m->rules)
		load_rules(m, NULL);
	return m->rules;
}

static char *document_of(const struct report *report, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		die("out of memory: a run's document");
	report_find("json")->write(out, &report, 1);
	if (fclose(out) || !text)
		die("out of memory: a run's document");
	while (*len && text[*len - 1] == '\n')
		text[--*len] = '\0';
	return text;
}

/* A source that cannot be read is told when that begins and when the reason changes. */
static void tell_sources(struct watched *w, const struct logs *logs)
{
	const char *problem = "";

	for (size_t i = 0; i < logs->source_count && !*problem; i++)
		if (logs->sources[i].error)
			problem = arena_printf(w->arena, "logs '%s': %s", logs->sources[i].name,
				redact_text(w->job->redactor, w->arena, logs->sources[i].error));
	if (strcmp(problem, w->log_problem ? w->log_problem : "") == 0)
		return;
	free(w->log_problem);
	w->log_problem = strdup(problem);
	if (*problem)
		monitor_notice(w->monitor, "%s: %s", w->name, problem);
}

static void collect_logs(struct watched *w, struct logs **logs)
{
	struct monitor *m = w->monitor;
	struct error err;

	*logs = NULL;
	if (m->stopping || w->run->end == RUN_INTERRUPTED)
		return;
	if (job_logs(w->job, w->arena, w->run, &m->options.job, NULL, m->loop, logs, &err))
		monitor_notice(m, "logs of '%s': %s", w->name, err.text);
	else if (*logs)
		tell_sources(w, *logs);
}

static void finish(struct watched *w)
{
	struct monitor *m = w->monitor;
	struct report report;
	struct logs *logs;
	char *document;
	size_t len;

	engine_free(w->engine);
	collect_logs(w, &logs);
	job_judge(w->job, w->arena, w->run, logs,
		job_needs_rules(w->run, logs) ? rules_of(m) : NULL, &m->options.job, &report);
	document = document_of(&report, &len);
	watched_keep(w, &report, document, len);
	record(m, w);
	alert(m, w, report.run);
	w->engine = NULL;
	w->run = NULL;
	arena_free(w->arena);
	w->arena = NULL;
	schedule_freed(m);
	if (m->options.finished)
		m->options.finished(m->options.ctx, w);
	watch_adopt(w);
	m->wake = m->wake || m->stopping;
}

static void finish_soon(void *ctx)
{
	finish(ctx);
}

void monitor_run_done(void *ctx, struct run *run)
{
	struct watched *w = ctx;
	struct monitor *m = w->monitor;

	w->run = run;
	if (!w->job->spec_count) {
		loop_defer(m->loop, &w->finish, finish_soon, w);
		return;
	}
	queue_put(&m->finished, w);
	m->wake = true;
}

/* Life */

static void told(void *ctx, const char *text)
{
	monitor_notice(ctx, "%s", text);
}

static int add_file(struct monitor *m, const char *file, struct error *err)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (!w || !(w->file = strdup(file)))
		die("out of memory: %zu bytes", sizeof(*w));
	w->monitor = m;
	w->state = GOLDEN_UNKNOWN;
	m->watched[m->count++] = w;
	err->text[0] = '\0';
	if (!watch_load(w, err))
		return 0;
	return err->text[0] ? -1 : error_set(err, "'%s' has mistakes", file);
}

struct monitor *monitor_new(struct loop *loop, const char *const *files, size_t count,
	const struct monitor_options *options, FILE *diagnostics, bool color, struct error *err)
{
	struct monitor *m = calloc(1, sizeof(*m));
	size_t wrong = 0;

	if (!m)
		die("out of memory: %zu bytes", sizeof(*m));
	m->loop = loop;
	m->options = *options;
	m->diagnostics = diagnostics;
	m->color = color;
	m->since = loop_wall(loop);
	m->alerts = alerts_new(loop, told, m);
	queue_init(&m->due);
	queue_init(&m->finished);
	m->watched = calloc(count ? count : 1, sizeof(*m->watched));
	for (size_t i = 0; m->watched && i < count; i++)
		wrong += add_file(m, files[i], err) != 0;
	if (!wrong && (!brings_rules(m) || !load_rules(m, err)))
		return m;
	if (wrong > 1)
		error_set(err, "%zu scenarios have mistakes", wrong);
	monitor_free(m);
	return NULL;
}

void monitor_free(struct monitor *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		timer_stop(m->loop, &m->watched[i]->timer);
	timer_stop(m->loop, &m->poll);
	timer_stop(m->loop, &m->maintain);
	timer_stop(m->loop, &m->drain);
	alerts_free(m->alerts);
	for (size_t i = 0; i < m->count; i++)
		watched_free(m->watched[i]);
	while (m->retired) {
		struct retired *retired = m->retired;

		m->retired = retired->next;
		free(retired->memory);
		free(retired);
	}
	rules_free(m->rules);
	arena_free(m->rules_arena);
	free(m->watched);
	free(m);
}

static void maintain(void *ctx)
{
	struct monitor *m = ctx;
	struct error err = {{0}};

	tell_store(m, history_maintain(m->options.history, loop_wall(m->loop), &err), &err);
	timer_start(m->loop, &m->maintain,
		loop_now(m->loop) + (m->problem[0] ? MAINTAIN_SOON : MAINTAIN), maintain, m);
}

int monitor_run(struct monitor *m, struct error *err)
{
	schedule_start(m);
	watch_poll(m);
	if (m->options.history)
		maintain(m);
	while (!m->stopped && !(m->stopping && !m->running)) {
		struct watched *w = queue_take(&m->finished);

		if (w) {
			finish(w);
			continue;
		}
		m->wake = false;
		if (loop_run(m->loop, &m->wake, err))
			return -1;
	}
	return 0;
}

/* A run that does not end although it was interrupted is given up. */
static void drained(void *ctx)
{
	struct monitor *m = ctx;

	if (m->last_drain) {
		m->stopped = m->wake = true;
		return;
	}
	m->last_drain = true;
	for (size_t i = 0; i < m->count; i++)
		if (m->watched[i]->engine && !m->watched[i]->run)
			engine_interrupt(m->watched[i]->engine, "the monitor ends");
	timer_start(m->loop, &m->drain, loop_now(m->loop) + DRAIN_LAST, drained, m);
}

void monitor_stop(struct monitor *m)
{
	m->wake = true;
	if (m->stopping) {
		m->stopped = true;
		return;
	}
	m->stopping = true;
	schedule_stop(m);
	timer_stop(m->loop, &m->poll);
	for (size_t i = 0; i < m->count; i++)
		if (m->watched[i]->engine && !m->watched[i]->run)
			engine_interrupt(m->watched[i]->engine, "the monitor ends");
	timer_start(m->loop, &m->drain, loop_now(m->loop) + DRAIN, drained, m);
}

void monitor_reload(struct monitor *m)
{
	for (size_t i = 0; i < m->count; i++)
		m->watched[i]->reload = true;
	m->poll_next = 0;
	if (!m->stopping)
		loop_defer(m->loop, &m->poll, watch_poll, m);
}

/* What is known */

const struct watched *const *monitor_watched(const struct monitor *m, size_t *count)
{
	*count = m->count;
	return (const struct watched *const *)m->watched;
}

bool monitor_started(const struct monitor *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->watched[i]->has_passed)
			return false;
	return true;
}

enum golden_path monitor_state(const struct monitor *m)
{
	for (size_t s = 0; s < 3; s++)
		for (size_t i = 0; i < m->count; i++)
			if (m->watched[i]->state == worst_first[s])
				return worst_first[s];
	return GOLDEN_HEALTHY;
}

int64_t monitor_since(const struct monitor *m)
{
	return m->since;
}

const struct history *monitor_history(const struct monitor *m)
{
	return m->options.history;
}

const char *monitor_problem(const struct monitor *m)
{
	return m->problem[0] ? m->problem : NULL;
}

struct loop *monitor_loop(const struct monitor *m)
{
	return m->loop;
}

/*
 * The run of a plan. By role:
 *
 *   engine_start, engine_setup            make the run and its steps
 *   engine_advance, step_ready, slot_*    which steps may start, 64 attempts at a time
 *   (settle.c)                            what follows an attempt: retry, next credential, end
 *   step_end                              the one place where a step gets its result
 *   engine_stop, engine_interrupt         deadline and signals
 *   engine_finish                         the one place where the run ends
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "probe/url.h"

#include "engine_private.h"

static void engine_advance(void *ctx);

void engine_advance_soon(struct engine *e)
{
	if (!timer_running(&e->advance))
		loop_defer(e->loop, &e->advance, engine_advance, e);
}

static size_t slots_allowed(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return wanted;
	if (limit.rlim_cur < limit.rlim_max) {
		rlim_t enough = 4096 < limit.rlim_max ? 4096 : limit.rlim_max;

		if (limit.rlim_cur < enough) {
			limit.rlim_cur = enough;
			setrlimit(RLIMIT_NOFILE, &limit);
			getrlimit(RLIMIT_NOFILE, &limit);
		}
	}
	if (limit.rlim_cur >= FDS_RESERVED + (rlim_t)wanted * FDS_PER_SLOT)
		return wanted;
	if (limit.rlim_cur <= FDS_RESERVED + FDS_PER_SLOT)
		return 1;
	return (size_t)((limit.rlim_cur - FDS_RESERVED) / FDS_PER_SLOT);
}

static void random_id(char *out, size_t bytes)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[16];

	if (getrandom(raw, bytes, 0) != (ssize_t)bytes)
		die("getrandom failed");
	raw[0] |= 1; /* a trace id of zeroes is invalid */
	for (size_t i = 0; i < 2 * bytes; i++)
		out[i] = hex[raw[i / 2] >> (i % 2 ? 0 : 4) & 15];
	out[2 * bytes] = '\0';
}

static void set_text(struct scope *scope, const char *name, const char *text)
{
	struct value value = value_text(text);

	scope_set(scope, str_of(name), &value);
}

static const char *masked(struct engine *e, const char *text)
{
	/* A copy in any case: the text may live in the attempt. */
	return text ? redact_text(e->plan->redactor, e->arena, arena_strdup(e->arena, text)) : NULL;
}

static void step_setup(struct engine *e, size_t index)
{
	struct step_run *step = &e->steps[index];
	const struct plan_step *plan = &e->plan->steps[index];

	step->engine = e;
	step->index = index;
	step->plan = plan;
	step->kind = plan->source->kind;
	step->accepted = value_array();
	step->result = &e->run->steps[index];
	random_id(step->trace_id, 16);
	step->scope = scope_new(e->arena, e->scope);
	set_text(step->scope, "run.trace_id", step->trace_id);
	if (plan->source->item)
		scope_set(step->scope, STR("item"), plan->source->item);
	*step->result = (struct step_result){
		.name = plan->name,
		.kind = step->kind->name,
		.capability = plan->capability,
		.optional = plan->optional,
		.always = plan->always,
		.target = plan->describe,
		.status = STEP_SKIPPED,
		.blocked_by = -1,
		.started_at = TIME_NONE,
		.finished_at = TIME_NONE,
		.retry_for = plan->retries ? plan->retry.for_ns : 0,
		.tls_not_after = TIME_NONE,
	};
	if (!plan->selected) {
		step->state = STATE_ENDED;
		e->ended++;
	}
}

static void engine_setup(struct engine *e)
{
	struct run *run = ARENA_NEW(e->arena, struct run);
	size_t count = e->plan->step_count;

	e->run = run;
	if (e->options.run_id) {
		run->id = arena_strdup(e->arena, e->options.run_id);
	} else {
		char id[17];

		random_id(id, 8);
		run->id = arena_strdup(e->arena, id);
	}
	run->scenario = e->plan->scenario->name;
	run->file = e->plan->scenario->file;
	run->target = url_masked(e->arena, e->plan->target).ptr;
	run->started_at = loop_wall(e->loop);
	run->steps = ARENA_ARRAY(e->arena, count, struct step_result);
	run->step_count = count;
	e->scope = scope_new(e->arena, e->plan->scope);
	set_text(e->scope, "run.id", run->id);
	e->steps = ARENA_ARRAY(e->arena, count, struct step_run);
	for (size_t i = 0; i < count; i++)
		step_setup(e, i);
}

static void engine_finish(struct engine *e)
{
	struct run *run = e->run;

	if (e->finished)
		return;
	e->finished = true;
	timer_stop(e->loop, &e->deadline);
	timer_stop(e->loop, &e->grace);
	run->finished_at = loop_wall(e->loop);
	run->duration = loop_now(e->loop) - e->started;
	e->done(e->ctx, run);
}

void step_end(
	struct step_run *step, enum step_status status, enum failure failure, const char *detail)
{
	struct engine *e = step->engine;
	struct step_result *result = step->result;

	timer_stop(e->loop, &step->pause);
	step->state = STATE_ENDED;
	result->status = status;
	result->failure = failure;
	result->detail = masked(e, detail);
	if (status == STEP_PASSED || status == STEP_FAILED)
		result->finished_at = loop_wall(e->loop);
	record_step(step);
	e->ended++;
	if (e->options.sink && e->options.sink->step_ended)
		e->options.sink->step_ended(e->options.sink->ctx, step->index, result);
	engine_advance_soon(e);
}

/* Starts queued attempts while there are slots. */
static void slots_fill(struct engine *e)
{
	while (e->queue && e->slots_used < e->slots) {
		struct step_run *step = e->queue;

		e->queue = step->next_queued;
		if (!e->queue)
			e->queue_end = &e->queue;
		if (step->state != STATE_QUEUED)
			continue;
		if (step->started == TIME_NONE) {
			step->started = loop_now(e->loop);
			step->result->started_at = loop_wall(e->loop);
			if (e->options.sink && e->options.sink->step_started)
				e->options.sink->step_started(
					e->options.sink->ctx, step->plan, step->index);
		}
		step->state = STATE_RUNNING;
		e->slots_used++;
		attempt_start(step);
	}
}

void step_queue(void *ctx)
{
	struct step_run *step = ctx;
	struct engine *e = step->engine;

	step->state = STATE_QUEUED;
	step->next_queued = NULL;
	*e->queue_end = step;
	e->queue_end = &step->next_queued;
	engine_advance_soon(e);
}

static void step_first(struct step_run *step)
{
	step->started = TIME_NONE;
	step_queue(step);
}

/* Whether a waiting step may start; one whose needs did not pass is ended as not reached. */
static bool step_ready(struct step_run *step)
{
	struct engine *e = step->engine;
	const struct plan_step *plan = step->plan;

	for (size_t i = 0; i < plan->after_count; i++)
		if (e->steps[plan->after[i]].state != STATE_ENDED)
			return false;
	for (size_t i = 0; i < plan->need_count; i++) {
		const struct step_run *need = &e->steps[plan->needs[i]];

		if (need->state != STATE_ENDED)
			return false;
	}
	return true;
}

static const struct step_run *step_blocker(const struct step_run *step)
{
	for (size_t i = 0; !step->plan->always && i < step->plan->need_count; i++) {
		const struct step_run *need = &step->engine->steps[step->plan->needs[i]];

		if (need->result->status != STEP_PASSED)
			return need;
	}
	return NULL;
}

static void step_not_reached(struct step_run *step, const struct step_run *blocker)
{
	struct engine *e = step->engine;
	const char *why = e->run->end_detail;

	if (blocker) {
		/* Name the step that failed, not the last link of the chain to it. */
		while (blocker->result->status == STEP_NOT_REACHED &&
			blocker->result->blocked_by >= 0)
			blocker = &e->steps[blocker->result->blocked_by];
		step->result->blocked_by = (int64_t)blocker->index;
		if (blocker->result->status != STEP_NOT_REACHED)
			why = arena_printf(e->arena, "needs '%s', which %s", blocker->plan->name,
				blocker->result->status == STEP_SKIPPED ? "was skipped" : "failed");
	}
	step_end(step, STEP_NOT_REACHED, FAILURE_NONE, why);
}

/* One pass over the waiting steps; true when it changed something that others may wait for. */
static bool advance_steps(struct engine *e)
{
	bool changed = false;

	for (size_t i = 0; i < e->plan->step_count; i++) {
		struct step_run *step = &e->steps[i];
		const struct step_run *blocker;

		if (step->state != STATE_WAITING)
			continue;
		if (e->stopping && !step->plan->always) {
			step_not_reached(step, NULL);
			changed = true;
		} else if (step_ready(step)) {
			blocker = step_blocker(step);
			if (blocker)
				step_not_reached(step, blocker);
			else
				step_first(step);
			changed = true;
		}
	}
	return changed;
}

static void engine_advance(void *ctx)
{
	struct engine *e = ctx;

	/* Steps usually stand in the order of their needs, so one pass settles nearly all. */
	while (advance_steps(e))
		;
	slots_fill(e);
	timer_stop(e->loop, &e->advance);
	if (e->ended == e->plan->step_count)
		engine_finish(e);
}

static void step_stop(struct step_run *step)
{
	struct engine *e = step->engine;
	const char *last = NULL;

	if (step->plan->always && timer_running(&e->grace))
		return;
	switch (step->state) {
	case STATE_RUNNING: attempt_end(step->attempt, e->stop_failure, e->run->end_detail); break;
	case STATE_PAUSED:
		last = record_last(step)->detail;
		step_end(step, STEP_FAILED, e->stop_failure,
			last ? arena_printf(e->arena, "%s; last: %s", e->run->end_detail, last)
			     : e->run->end_detail);
		break;
	case STATE_QUEUED:
		if (step->result->attempts_total)
			step_end(step, STEP_FAILED, e->stop_failure, e->run->end_detail);
		else
			step_not_reached(step, NULL);
		break;
	case STATE_WAITING: step_not_reached(step, NULL); break;
	case STATE_ENDED: break;
	}
}

static void grace_over(void *ctx)
{
	struct engine *e = ctx;

	timer_stop(e->loop, &e->grace);
	for (size_t i = 0; i < e->plan->step_count; i++)
		step_stop(&e->steps[i]);
	engine_advance_soon(e);
}

static void engine_stop(
	struct engine *e, enum run_end end, enum failure failure, const char *detail)
{
	if (e->finished)
		return;
	if (e->stopping) {
		grace_over(e);
		return;
	}
	e->stopping = true;
	e->stop_failure = failure;
	e->run->end = end;
	e->run->end_detail = arena_strdup(e->arena, detail);
	timer_start(e->loop, &e->grace, loop_now(e->loop) + e->options.grace, grace_over, e);
	for (size_t i = 0; i < e->plan->step_count; i++)
		if (!e->steps[i].plan->always)
			step_stop(&e->steps[i]);
	engine_advance_soon(e);
}

static void deadline_reached(void *ctx)
{
	struct engine *e = ctx;
	char text[32], detail[80];

	duration_print(e->options.deadline, text);
	snprintf(detail, sizeof(detail), "the deadline of %s for the whole run was reached", text);
	engine_stop(e, RUN_DEADLINE, FAILURE_TIMEOUT, detail);
}

void engine_interrupt(struct engine *e, const char *reason)
{
	engine_stop(e, RUN_INTERRUPTED, FAILURE_INTERRUPTED, reason);
}

void engine_child_exited(struct engine *e, const char *what)
{
	if (e->finished || e->child_exit)
		return;
	e->child_exit = arena_strdup(e->arena, what);
	for (size_t i = 0; i < e->plan->step_count; i++) {
		struct step_run *step = &e->steps[i];

		if (step->state != STATE_PAUSED)
			continue;
		const struct attempt_result *last = record_last(step);

		step_fail(step, last->failure ? last->failure : FAILURE_CONNECT,
			last->detail ? last->detail : "no attempt followed");
	}
}

struct engine *engine_start(struct arena *arena, const struct plan *plan, struct loop *loop,
	const struct engine_options *options, void (*done)(void *ctx, struct run *), void *ctx)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		die("out of memory: %zu bytes", sizeof(*e));
	e->arena = arena;
	e->plan = plan;
	e->loop = loop;
	e->options = *options;
	if (!e->options.grace)
		e->options.grace = 5 * NS_PER_S;
	e->done = done;
	e->ctx = ctx;
	e->queue_end = &e->queue;
	e->slots = slots_allowed(options->concurrency ? options->concurrency : SLOTS_DEFAULT);
	loop_refresh(loop);
	engine_setup(e);
	if (options->auths && options->auths[0])
		e->auth = auth_new(loop, plan->redactor, options->auths);
	e->started = loop_now(loop);
	if (options->deadline)
		timer_start(
			loop, &e->deadline, e->started + options->deadline, deadline_reached, e);
	engine_advance_soon(e);
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	timer_stop(e->loop, &e->deadline);
	timer_stop(e->loop, &e->grace);
	timer_stop(e->loop, &e->advance);
	for (size_t i = 0; i < e->plan->step_count; i++) {
		timer_stop(e->loop, &e->steps[i].pause);
		attempt_drop(e->steps[i].attempt);
		record_release(&e->steps[i]);
	}
	auth_free(e->auth);
	http_session_free(e->session);
	free(e);
}

struct waiting {
	struct run *run;
	bool done;
};

static void execute_done(void *ctx, struct run *run)
{
	struct waiting *waiting = ctx;

	waiting->run = run;
	waiting->done = true;
}

struct run *run_execute(struct arena *arena, const struct plan *plan, struct loop *loop,
	const struct engine_options *options, struct error *err)
{
	struct waiting waiting = {0};
	struct engine *e = engine_start(arena, plan, loop, options, execute_done, &waiting);

	if (loop_run(loop, &waiting.done, err))
		waiting.run = NULL;
	engine_free(e);
	return waiting.run;
}

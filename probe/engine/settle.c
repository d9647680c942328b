/* What follows an attempt of a step: another one, the next credential, or the end. */
#include "engine_private.h"

void step_fail(struct step_run *step, enum failure failure, const char *detail)
{
	struct engine *e = step->engine;
	const struct retry *retry = &step->plan->retry;
	int64_t tries = step->result->attempts_total;

	if (e->child_exit && failure != FAILURE_INTERRUPTED)
		detail = arena_printf(e->arena, "%s; %s", e->child_exit, detail);
	else if (tries > 1 && step->plan->retries && retry->for_ns && !step->credential) {
		char window[32];

		duration_print(retry->for_ns, window);
		detail = arena_printf(
			e->arena, "%s (%d tries within %s)", detail, (int)tries, window);
	}
	step_end(step, STEP_FAILED, failure, detail);
}

/* With `reject` the good credential is followed by the bad ones; a kind that was let in does not
 * keep the others from being tried. Returns false when none is left. */
static bool step_next_credential(struct step_run *step)
{
	if (step->credential >= step->plan->reject.count)
		return false;
	step->credential++;
	step->failures = 0;
	step->passes = 0;
	step_queue(step);
	return true;
}

static void step_passed(struct step_run *step)
{
	if (step_next_credential(step))
		return;
	if (step->accepted.array.count > 1)
		step_fail(step, FAILURE_CHECK,
			arena_printf(step->engine->arena,
				"%zu kinds of bad credentials were accepted, among them: %s",
				step->accepted.array.count, step->let_in));
	else if (step->let_in)
		step_fail(step, FAILURE_CHECK, step->let_in);
	else if (step->neither)
		step_fail(step, step->neither_failure, step->neither);
	else
		step_end(step, STEP_PASSED, FAILURE_NONE, NULL);
}

/* The sink hears of the attempt before it hears of the end of its step. */
static void tell(struct step_run *step, const struct attempt_result *shown, int64_t next)
{
	const struct run_sink *sink = step->engine->options.sink;

	if (sink && sink->attempt_ended)
		sink->attempt_ended(
			sink->ctx, step->index, step->result->attempts_total, shown, next);
}

/* Says which credential it was, where the failure does not say so itself. */
static const char *reject_problem(const struct step_run *step, const struct attempt *a)
{
	if (a->failure == FAILURE_CHECK || a->failure == FAILURE_AUTH)
		return arena_strdup(step->engine->arena, a->detail);
	return arena_printf(
		step->engine->arena, "with a credential of kind '%s': %s", a->reject, a->detail);
}

/* What follows an attempt that was recorded. */
static void step_settle(
	struct step_run *step, struct attempt *a, const struct attempt_result *shown)
{
	bool passed = a->failure == FAILURE_NONE;
	int64_t next = TIME_NONE;

	step->passes = passed ? step->passes + 1 : 0;
	step->failures = passed ? 0 : step->failures + 1;
	if (passed && (step->credential || step->passes >= step->plan->stable)) {
		tell(step, shown, TIME_NONE);
		step_passed(step);
		return;
	}
	if (!step->engine->stopping || step->plan->always)
		next = retry_next(step, a, passed);
	tell(step, shown, next);
	if (next != TIME_NONE) {
		step->state = STATE_PAUSED;
		timer_start(step->engine->loop, &step->pause, next, step_queue, step);
	} else if (passed) {
		step_fail(step, FAILURE_CHECK,
			arena_printf(step->engine->arena, "passed %d times in a row, wanted %d",
				(int)step->passes, (int)step->plan->stable));
	} else if (a->reject && a->failure != FAILURE_INTERNAL && !step->engine->stopping) {
		/* Remembered, also when the connection failed: the other kinds still have their turn. */
		if (!step->neither) {
			step->neither = reject_problem(step, a);
			step->neither_failure = a->failure;
		}
		step_passed(step);
	} else {
		step_fail(step, a->failure, a->detail);
	}
}

void engine_attempt_ended(struct attempt *a)
{
	struct step_run *step = a->step;
	struct engine *e = a->engine;
	struct attempt_result shown;

	record_attempt(a, &shown);
	step->attempt = NULL;
	e->slots_used--;
	step_settle(step, a, &shown);
	engine_advance_soon(e);
	arena_free(a->arena);
}

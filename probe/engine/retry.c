/* Whether and when a step tries again. */
#include <stdlib.h>

#include "engine_private.h"

static int64_t status_of(const struct attempt *a)
{
	const struct value *status = facts_find(a->facts, STR("status"), NULL);

	return status && status->type == VALUE_INTEGER ? status->integer : 0;
}

static bool certificate_failed(const struct attempt *a)
{
	const struct value *verified = facts_find(a->facts, STR("tls.verified"), NULL);

	if (a->failure != FAILURE_TLS && !(a->failure == FAILURE_CHECK && a->kind == &step_tls))
		return false;
	if (verified && verified->type == VALUE_BOOLEAN)
		return !verified->boolean;
	return a->detail && str_contains(str_of(a->detail), "certificate");
}

/* What does not heal by waiting: a certificate, a credential that could not be had, 401 and 403, a
 * bad credential let in, and failures of the probe itself. */
bool attempt_may_heal(const struct attempt *a)
{
	int64_t status = status_of(a);

	if (a->failure == FAILURE_AUTH || a->failure == FAILURE_INTERNAL || certificate_failed(a))
		return false;
	if (a->reject)
		return a->failure != FAILURE_CHECK || status >= 500;
	return status != 401 && status != 403;
}

static double jitter_factor(const struct step_run *step, double share)
{
	/* Spread by the step's own trace id: no generator with a state is needed. */
	unsigned long seed = strtoul(step->trace_id + 24, NULL, 16) ^
			     (unsigned long)(step->result->attempts_total * 2654435761u);

	return 1 + share * ((double)(seed % 2001) / 1000.0 - 1);
}

static int64_t pause_of(const struct step_run *step)
{
	const struct retry *retry = &step->plan->retry;
	double pause = (double)retry->every;
	double most = retry->max_every ? (double)retry->max_every : 3600.0 * NS_PER_S;

	for (int64_t i = 1; i < step->failures && pause < most && retry->backoff > 1; i++)
		pause *= retry->backoff;
	if (pause > most)
		pause = most;
	if (retry->jitter > 0)
		pause *= jitter_factor(step, retry->jitter);
	return (int64_t)pause;
}

int64_t retry_next(const struct step_run *step, const struct attempt *a, bool passed)
{
	const struct retry *retry = &step->plan->retry;
	int64_t now = loop_now(step->engine->loop);

	if (!passed) {
		if (!step->plan->retries || step->engine->child_exit)
			return TIME_NONE;
		if (retry->on == RETRY_NOT_READY && !attempt_may_heal(a))
			return TIME_NONE;
	}
	if (retry->attempts && step->result->attempts_total >= retry->attempts)
		return TIME_NONE;
	int64_t next = step->last_started + pause_of(step);

	if (next < now)
		next = now;
	if (retry->for_ns && next > step->started + retry->for_ns)
		return TIME_NONE;
	return next;
}

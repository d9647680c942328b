/*
 * The order of judging, on one page.
 */
#include "diagnosis_private.h"

const char *golden_path_name(enum golden_path g)
{
	static const char *const names[] = {"healthy", "degraded", "broken", "unknown"};

	return names[g];
}

const char *finding_state_name(enum finding_state s)
{
	static const char *const names[] = {"active", "recovered", "old"};

	return names[s];
}

const char *capability_status_name(enum capability_status s)
{
	static const char *const names[] = {"working", "degraded", "broken", "not_reached"};

	return names[s];
}

const char *change_kind_name(enum change_kind k)
{
	static const char *const names[] = {
		"cluster-new", "cluster-gone", "step-slower", "step-status", "check"};

	return names[k];
}

const struct finding *diagnosis_explains(const struct diagnosis *d, const char *step)
{
	for (size_t i = 0; i < d->finding_count; i++) {
		for (size_t k = 0; k < d->findings[i].steps.count; k++) {
			if (strcmp(d->findings[i].steps.items[k], step) == 0)
				return &d->findings[i];
		}
	}
	return NULL;
}

const struct diagnosis *diagnose(struct arena *arena, const struct run *run,
	const struct logs *logs, const struct rules *rules, const struct diagnose_options *options)
{
	struct context c = {.arena = arena,
		.run = run,
		.logs = logs,
		.rules = rules,
		.options = options,
		.out = ARENA_NEW(arena, struct diagnosis)};

	age_judge(&c);
	deploy_find(&c);
	problems_find(&c);
	incidents_count(&c);
	child_blame(&c);
	incidents_judge(&c);
	ports_compare(&c);
	correlate(&c);
	baseline_compare(&c);
	findings_build(&c);
	verdict_build(&c);
	return c.out;
}

/* What the tests of diagnosis share: a run of a few steps, a log read as a file would be. */
#ifndef DIAGNOSIS_HELP_H
#define DIAGNOSIS_HELP_H

#include "probe/diagnosis.h"
#include "probe/log_source.h"

enum { STEPS = 4 };

/* 2026-01-02T10:00:00Z */
#define START (INT64_C(1767348000) * NS_PER_S)

struct fixture {
	struct arena *arena;
	struct rules *rules;
	struct run run;
	struct step_result steps[STEPS];
	struct attempt_result attempts[STEPS];
	struct check_result checks[STEPS];
	struct diagnose_options options;
	const struct logs *logs;
};

/* All steps passed. */
void fixture_init(struct fixture *, size_t steps);
void fixture_end(struct fixture *);
/* One step fails, those behind it are not reached. */
void fail_step(struct fixture *, size_t step, enum failure, int64_t status, const char *detail);
/* Reads a log text as a file would be. */
void read_log(struct fixture *, const char *text);
const struct diagnosis *judge(struct fixture *);

#endif

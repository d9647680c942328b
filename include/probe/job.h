/*
 * job: one scenario on its way from file to report, for `run` (once) and `serve` (again and again).
 *
 *   job_load    scenario_load, plan_build, log sources      every mistake of the file
 *   job_plan    plan_build                                  values that differ from run to run
 *   (engine)    run_execute or engine_start                 facts
 *   job_logs    logs_collect                                what the backend wrote meanwhile
 *   job_judge   run_mask, logs_mask, diagnose               verdict, causes, actions
 *
 * The job keeps what lives as long as the file does; each run has an arena of its own.
 */
#ifndef PROBE_JOB_H
#define PROBE_JOB_H

#include "probe/diagnosis.h"
#include "probe/engine.h"
#include "probe/log_source.h"
#include "probe/report.h"

struct job {
	struct arena *arena;
	struct redactor *redactor;
	struct diags diags; /* of loading */
	struct scenario *scenario;
	struct plan *plan; /* NULL when the file is wrong */
	bool varies;       /* each run needs a plan of its own, see job_plan() */
	struct log_spec *specs;
	size_t spec_count;
};

struct job_options {
	struct plan_options plan;
	struct strs logs; /* --logs */
	int64_t since;    /* 0: 15 minutes */
	bool strict;
	const struct report *const *baselines; /* saved runs; NULL: none */
	size_t baseline_count;
};

/* Loads a scenario and builds its plan. Never NULL; mistakes are in job->diags. -1 through *failed
 * with err is a wrong --logs. */
struct job *job_load(const char *file, const struct vocabulary *, const struct job_options *,
	struct error *err, int *failed);
void job_free(struct job *);
/* The plan for the next run: the job's own, or, when values differ from run to run, one made in `arena`
 * with fresh values. Mistakes (a {file: PATH} that is gone) go to diags: the plan is the job's own
 * then. */
const struct plan *job_plan(const struct job *, struct arena *, const struct vocabulary *,
	const struct job_options *, struct diags *);

/* Reads the logs of the run's window into `arena`, turning the loop. `child`: one more source, or
 * NULL. *logs stays NULL when there is no source. */
int job_logs(const struct job *, struct arena *, const struct run *, const struct job_options *,
	const struct log_spec *child, struct loop *, struct logs **logs, struct error *err);

/* Whether anything is there that the table of causes could explain. Reading that table takes longer
 * than a healthy run does. */
bool job_needs_rules(const struct run *, const struct logs *);

/* Adds the files that the scenario names under `rules:`. Mistakes in the scenario's list or in a file
 * go to diags; -1 with err for a file that cannot be read. */
int job_rules(const struct job *, struct rules *, struct diags *, struct error *);

/* Masks run and logs and judges them. `rules` may be NULL when job_needs_rules() says no. */
void job_judge(const struct job *, struct arena *, struct run *, struct logs *,
	const struct rules *, const struct job_options *, struct report *out);

#endif

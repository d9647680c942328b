/*
 * plan: a scenario made ready to run: variables known, names checked, keys filled, order computed.
 * After a plan was built without diagnostics nothing can be wrong with the file any more.
 */
#ifndef PROBE_PLAN_H
#define PROBE_PLAN_H

#include "probe/redact.h"
#include "probe/scenario.h"

struct plan_step {
	const struct step_source *source;
	const char *name, *capability; /* capability NULL: none */
	int64_t timeout;
	struct retry retry;
	bool retries;   /* a `retry` was written (here or in defaults) */
	int64_t stable; /* passes in a row, at least 1 */
	size_t *needs;  /* indexes of steps that must have passed */
	size_t need_count;
	size_t *after; /* steps that must have ended, whatever came of them */
	size_t after_count;
	bool optional, always;
	bool selected; /* false: skipped by --only, --tag, --skip-tag */
	struct strs tags;
	struct checks checks;
	struct captures captures;
	const struct node *auth; /* the profile's map, by name or inline; `in` of the use merged */
	struct connection connection; /* as far as it does not depend on captures */
	const struct node *connection_defaults, *connection_own;
	const struct node *header_defaults, *header_own;
	const struct pairs *header_flags; /* -H, NULL: none */
	struct strs reject;               /* kinds to try; empty: none */
	int64_t settle;
	const char *describe; /* address for people, masked; may hold ${} of captures */
};

struct plan {
	struct arena *arena;
	const struct scenario *scenario;
	const char *run_id;  /* 16 hex digits, `${run.id}` in variables */
	struct scope *scope; /* variables and run.id; captures go into a child of it */
	struct str target;   /* empty: every address is absolute */
	struct plan_step *steps;
	size_t step_count;
	struct redactor *redactor; /* shared by everything that shows text of this run */
};

struct plan_options {
	const struct pairs *vars; /* --var, in order */
	const char *vars_file;    /* NULL */
	const char *target;       /* --target, NULL */
	struct strs only, tags, skip_tags;
	int64_t timeout;                     /* --timeout, 0: none */
	const struct connection *connection; /* flags; a member that is set beats the file */
	const struct pairs *headers;         /* -H */
};

/* Builds the plan; mistakes go to diags. `redactor` takes the secrets that are known by now. */
struct plan *plan_build(struct arena *, const struct scenario *, const struct vocabulary *,
	const struct plan_options *, struct redactor *, struct diags *);
/* Whether a variable, the target or an item of `for_each` has a value of its own for each run
 * (`${uuid}`, `${now}`, `${run.id}`, {file: PATH}): then each run needs a plan of its own. */
bool plan_varies(const struct plan *);

#endif

/* Shared by cmd_check.c and check_step.c only. */
#ifndef CLI_CHECK_PRIVATE_H
#define CLI_CHECK_PRIVATE_H

#include "probe/cli.h"
#include "probe/engine.h"
#include "probe/url.h"

struct check_run {
	struct cli *cli;
	struct arena *arena;
	struct url url;
	struct source source; /* that diagnostics of flags point into */
	struct span span;
	struct step_source step;
	struct scenario scenario;
	struct engine *engine;
	struct run *run;
	bool done;
};

/* Makes the one step of the URL (as it was given) and of the flags. `token`: a bearer token, or
 * empty. */
void check_fill(struct check_run *, const struct step_kind *, struct str url, struct str token);

#endif

/* Between the files of the scenario loader. */
#ifndef PROBE_SCENARIO_SCENARIO_PRIVATE_H
#define PROBE_SCENARIO_SCENARIO_PRIVATE_H

#include "probe/scenario.h"

/* One file being read; included ones point to the file that includes them. */
struct scenario_file {
	const struct scenario_file *parent;
	const char *path, *real; /* `real` is resolved, for cycles */
	const char *dir;
	unsigned depth;
	struct scenario_keys keys;
};

struct scenario_loader {
	struct arena *arena;
	const struct vocabulary *vocabulary;
	const char *const *kind_names;
	struct diags *diags;
	struct scenario *scenario;
	size_t step_capacity, stray_capacity, var_capacity, part_capacity;
	size_t includes;
};

/* Adds the step, or its repetitions; mistakes become diagnostics. */
void step_load(struct scenario_loader *, const struct scenario_file *, const struct node *);
/* Splices in what `include: PATH` names. */
void include_load(struct scenario_loader *, const struct scenario_file *, const struct node *path);
/* Reads one file with its steps. False when nothing could be made of it. */
bool scenario_file_load(struct scenario_loader *, struct scenario_file *, struct span from);
/* Tells names that steps share. */
void check_names(struct scenario_loader *);

#endif

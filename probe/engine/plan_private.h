/* Between the files that make a plan. */
#ifndef PROBE_ENGINE_PLAN_PRIVATE_H
#define PROBE_ENGINE_PLAN_PRIVATE_H

#include "probe/plan.h"

/* A value from outside the file for a variable. */
struct override {
	struct str name;
	struct value value;
	bool typed;     /* the value has its own type; else it takes that of the file's value */
	bool from_flag; /* --var: told when nothing uses it */
	bool any_case;  /* from the environment */
	bool used;
};

struct capture_site {
	struct str name;
	size_t step;
};

enum var_state { VAR_UNKNOWN, VAR_UNDER_WAY, VAR_DONE, VAR_BROKEN };

struct planner {
	struct arena *arena;
	const struct scenario *scenario;
	const struct vocabulary *vocabulary;
	const struct plan_options *options;
	struct redactor *redactor;
	struct diags *diags;
	struct plan *plan;
	struct override *overrides;
	size_t override_count, override_capacity;
	enum var_state *vars; /* one for each of scenario->vars */
	unsigned var_depth;
	const char *var_path; /* "a -> b", for cycles */
	struct capture_site *captures;
	size_t capture_count, capture_capacity;
	bool *reached;       /* of the step at hand, see plan_reached() */
	size_t *stack;       /* for plan_reached() */
	bool order_known;    /* needs are complete and without cycle */
	size_t wants_target; /* index + 1 of the first step without an absolute address */
};

/* What texts of one step may refer to. */
struct step_texts {
	struct planner *planner;
	size_t step;
	bool reached_known; /* planner->reached is that of this step */
	struct fill fill;
	bool deferred; /* a text had a name that gets its value later */
	bool varies;   /* or one whose value differs from attempt to attempt */
};

/* Variables (plan_vars.c). */
void plan_overrides(struct planner *);
void plan_vars(struct planner *);
void plan_secrets(struct planner *);
void plan_unused_overrides(struct planner *);
/* Marks overrides of this name as used. */
void override_touch(struct planner *, struct str name);

/* Names (plan_names.c). */
/* The name without what enters it: "user.id" is "user"; "run.id" stays. */
struct str name_head(struct str name);
void plan_captures(struct planner *);
/* Where a name is captured, or NULL. */
const struct capture_site *capture_find(const struct planner *, struct str name);
bool var_broken(const struct planner *, struct str name);
/* Prepares the names that a step sees; `texts->fill` is for everything of the step. */
void step_texts_init(struct step_texts *, struct planner *, size_t step);
/* Tells every reference below the node that the step cannot make; NULL is accepted. */
void step_texts_check(struct step_texts *, const struct node *);

/* Order and choice (plan_order.c, plan_select.c). */
void plan_order(struct planner *);
void plan_select(struct planner *);
/* Sets planner->reached for all steps that have to pass before this one, beside those it has. */
void plan_reached(struct planner *, size_t step);

/* Target (plan_target.c). */
void plan_target(struct planner *);
void plan_target_missing(struct planner *);

/* Steps (plan_step.c). */
void plan_step_keys(struct planner *, size_t step);
void plan_step_fill(struct planner *, size_t step);
/* The profile that a node names or is; NULL (told) when there is none. */
const struct node *plan_auth(struct planner *, const struct node *);

#endif

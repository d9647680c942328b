/*
 * scenario: a file as its author wrote it, checked and complete (includes spliced, for_each
 * repeated), but not yet expanded. Transparent and read-only once scenario_load returns.
 */
#ifndef PROBE_SCENARIO_H
#define PROBE_SCENARIO_H

#include "probe/auth.h"
#include "probe/step.h"
#include "probe/yaml.h"

/* What the loader knows of kinds: given by cli, so that scenario/ includes none of them. Arrays end
 * with NULL. */
struct log_source_kind;
struct vocabulary {
	const struct step_kind *const *steps;
	const struct auth_kind *const *auths;
	/* Names of log sources ("gcp", "k8s", "loki", "file") with their fields. */
	const struct log_source_kind *const *logs;
};

enum { INCLUDE_DEPTH_MAX = 16, STEPS_MAX = 10000 };

/* A step as written. Nodes are NULL when the key is absent. */
struct step_source {
	const struct step_kind *kind;
	const struct node *node; /* the whole map */
	const struct node *body; /* value of the kind's key */
	struct str name;         /* written, or composed; ends in " [item]" under for_each */
	struct span name_span;
	const struct value *item; /* `${item}`, NULL without for_each */
	const char *dir;          /* of the file it stands in */
	const struct node *name_node, *capability, *timeout, *retry, *stable, *needs, *optional,
		*always, *tags, *expect, *capture, *reject, *auth, *connection, *headers;
};

struct var_source {
	struct str name;
	const struct node *value;
	const char *dir;
};

struct scenario {
	struct arena *arena;
	const char *file; /* as given; "-" is stdin */
	const char *dir;  /* relative paths are relative to it */
	const char *name; /* written, or the file's base name without ending */
	const char *description;
	const struct node *root, *target, *defaults, *logs, *rules, *monitor;
	struct var_source *vars;
	size_t var_count;
	const struct node *secrets; /* list of variable names */
	const struct node *auth;    /* map of profiles */
	struct step_source *steps;
	size_t step_count;
};

/*
 * Loads a file with its includes. All mistakes go to diags: unreadable file, YAML, unknown keys with
 * suggestions, not exactly one kind, repeated names, cycles of includes. Returns NULL only when
 * nothing could be made of it. Lives in the arena.
 */
struct scenario *scenario_load(
	struct arena *, const char *file, const struct vocabulary *, struct diags *);

/* The tables of keys, for help and schema. */
extern const struct field scenario_fields[], step_fields[], defaults_fields[], retry_fields[];

/* The JSON Schema (2020-12) of a scenario file, printed from the tables. */
void scenario_schema_print(FILE *, const struct vocabulary *);

#endif

/*
 * scenario: a file as its author wrote it, checked and complete (includes spliced, for_each
 * repeated), but not yet expanded. Transparent and read-only once scenario_load returns.
 */
#ifndef PROBE_SCENARIO_H
#define PROBE_SCENARIO_H

#include "probe/auth.h"
#include "probe/file.h"
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
	struct str base_name;    /* the same without " [item]" */
	struct span name_span;
	const struct value *item; /* `${item}`, NULL without for_each; not expanded */
	const char *dir;          /* of the file it stands in; "." for the working directory */
	const struct node
		*file_defaults; /* `defaults` of the included file it stands in, or NULL */
	const struct node *name_node, *capability, *timeout, *retry, *stable, *needs, *optional,
		*always, *tags, *expect, *capture, *reject, *auth, *connection, *headers;
};

struct var_source {
	struct str name;
	const struct node *value;
	const char *dir;
};

/* A file that the scenario was read from, as it was just before. */
struct scenario_part {
	const char *path;
	struct file_state state;
};

struct scenario {
	struct arena *arena;
	const char *file; /* as given; "-" is stdin */
	const char *dir;  /* relative paths are relative to it; "." for the working directory */
	const char *name; /* written, or the file's base name without ending */
	const char *description;
	const struct node *root, *target, *defaults, *logs, *rules, *monitor;
	struct var_source *vars;
	size_t var_count;
	const struct node *secrets; /* list of variable names, those of included files with them */
	const struct node *auth;    /* map of profiles, likewise; the file's own win */
	struct step_source *steps;
	size_t step_count;
	struct scenario_part *parts; /* included files, also those that could not be read */
	size_t part_count;
	/* Steps whose kind is wrong, which was told: name, name_span and node alone are set. */
	struct step_source *strays;
	size_t stray_count;
};

/*
 * Loads a file with its includes. All mistakes go to diags: unreadable file, YAML, unknown keys with
 * suggestions, not exactly one kind, repeated names, cycles of includes. Returns NULL only when
 * nothing could be made of it. Lives in the arena.
 */
struct scenario *scenario_load(
	struct arena *, const char *file, const struct vocabulary *, struct diags *);

/* The tables of keys, for the plan, help and schema. What they fill is below; the keys of a scenario
 * and of `defaults` stay nodes. */
extern const struct field scenario_fields[], step_fields[], defaults_fields[], retry_fields[];

enum retry_on { RETRY_NOT_READY, RETRY_ANY };

struct retry {
	int64_t for_ns; /* no attempt starts later than this after the first; 0: by attempts only */
	int64_t every, max_every; /* ns; max_every 0: none */
	double backoff;           /* factor from pause to pause, at least 1 */
	double jitter;            /* 0..1, share of the pause */
	int64_t attempts;         /* 0: no limit of its own */
	int on;                   /* enum retry_on */
};

struct scenario_keys {
	const struct node *name, *description, *target, *vars, *secrets, *auth, *defaults, *steps,
		*logs, *rules, *monitor;
};

struct defaults_keys {
	const struct node *timeout, *retry, *connection, *headers, *auth;
};

struct step_keys {
	struct str name, capability;
	int64_t timeout, stable;
	struct retry *retry; /* NULL: none */
	bool optional, always;
	struct strs needs, tags;
	const struct node *for_each, *expect, *capture, *reject, *auth, *headers;
	struct connection *connection; /* NULL: none */
};

/* The address in a step's body as it is written ("GET /x", "db:5432"), without user and password. */
const char *step_address_text(struct arena *, const struct step_kind *, const struct node *body);
/* The names of all kinds, NULL-ended. */
const char *const *vocabulary_names(struct arena *, const struct vocabulary *);

/* The JSON Schema (2020-12) of a scenario file, printed from the tables. */
void scenario_schema_print(FILE *, const struct vocabulary *);

#endif

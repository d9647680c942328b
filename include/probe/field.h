/*
 * field: keys as data. One table of fields is the parser, the validation, `goldprobe help` and the
 * JSON Schema of a map in a scenario.
 *
 * A table describes a C struct: each field fills the member at `offset`. Absent keys keep what the
 * caller put there, or get `fallback`. Tables end with a field whose name is NULL.
 */
#ifndef PROBE_FIELD_H
#define PROBE_FIELD_H

#include "probe/diag.h"
#include "probe/expand.h"
#include "probe/yaml.h"

enum field_type {
	FIELD_STRING,   /* struct str; numbers and booleans are taken as their text */
	FIELD_BOOLEAN,  /* bool */
	FIELD_INTEGER,  /* int64_t within min..max */
	FIELD_NUMBER,   /* double within min..max */
	FIELD_DURATION, /* int64_t ns within min..max */
	FIELD_SIZE,     /* uint64_t bytes within min..max */
	FIELD_ENUM,     /* int: index into `choices` */
	FIELD_VALUE, /* struct value: anything, texts in it expanded at any depth; {file: PATH} too */
	FIELD_STRINGS, /* struct strs: a list, or one scalar for a list of one */
	FIELD_PAIRS,   /* struct pairs: a map of name to text; a list of texts repeats the name */
	FIELD_OBJECT, /* pointer to a zeroed struct of `size` filled by `fields`; NULL when absent */
	FIELD_OBJECTS, /* struct objects: a list of such */
	FIELD_NODE,    /* const struct node *: as it stands, the owner parses it */
};

struct strs {
	struct str *items;
	size_t count;
};

struct pair {
	struct str name, value;
};

struct pairs {
	struct pair *items;
	size_t count;
};

struct objects {
	void **items;
	size_t count;
};

struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	bool required;
	double min, max;            /* both 0: any; durations in seconds */
	const char *fallback;       /* default, as it would be written; NULL: none */
	const char *const *choices; /* FIELD_ENUM, NULL-ended */
	const struct field *fields; /* FIELD_OBJECT(S) */
	size_t size;                /* FIELD_OBJECT(S) */
	/* FIELD_OBJECT(S): turns a scalar or list that stands for the map into the map, or reports a
	 * diagnostic and returns NULL; may be NULL. */
	struct node *(*shorthand)(struct arena *, const struct node *, struct diags *);
	const char *schema; /* FIELD_NODE: its JSON Schema as JSON text; NULL: anything */
	const char *help;   /* one sentence */
};

#define FIELD_AT(type, member) offsetof(type, member)

/* Where values come from while a struct is filled. */
struct fill {
	struct arena *arena;
	const struct scope *scope;
	struct diags *diags;
	const char *dir; /* directory that {file: PATH} is relative to */
	/* Names that will exist later (captures): a text that refers to one is skipped, its member
	 * stays zeroed, and nothing is said. NULL: every name must be in the scope. */
	bool (*deferred)(void *ctx, struct str name);
	void *ctx;
	/* Keys that an unknown key may have been meant to stand among, and the key that the map is the
	 * value of there; NULL: none. */
	const struct field *outer;
	const char *inside;
};

/*
 * Fills `spec` from the map. All mistakes become diagnostics: unknown keys with a suggestion, wrong
 * types, values out of bounds, unknown names, missing required keys. Returns 0 when it added none, 1
 * when unknown keys of this map were all that is wrong, else -1.
 */
int fields_fill(
	const struct fill *, const struct field *fields, const struct node *map, void *spec);

/* Expands a node of any shape to a value, {file: PATH} included. */
int node_expand(const struct fill *, const struct node *, struct value *out);

/* Calls `each` for every text of the tree that has references, with the reference and its place. */
void node_references(const struct node *,
	void (*each)(void *ctx, const struct node *, const struct reference *), void *ctx);

/* The span of a part of a scalar (bytes from, len of its text), for carets inside texts. Exact for
 * plain and simple quoted scalars on one line, else the whole node's span. */
struct span node_part_span(const struct node *, size_t from, size_t len);

#endif

/*
 * yaml: YAML 1.2 (and JSON, its subset) into a tree of nodes that know their place.
 *
 * Anchors, aliases and `<<` are resolved within a node budget, so that an alias bomb is a mistake
 * with a place and not a crash. Duplicate keys, several documents, tabs as indentation, keys that
 * are no scalars: mistakes. The one user of libfyaml.
 */
#ifndef PROBE_YAML_H
#define PROBE_YAML_H

#include "probe/diag.h"
#include "probe/error.h"
#include "probe/value.h"

enum { YAML_BYTES_MAX = 1 << 20, YAML_NODES_MAX = 10000, YAML_DEPTH_MAX = 64 };

enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_type type;
	bool quoted; /* scalar in quotes or a block: always a string */
	struct span span;
	size_t offset;      /* of the scalar's content in the source's text, bytes */
	struct str text;    /* scalar: as written, escapes resolved */
	struct value value; /* scalar: by the core schema of YAML 1.2; a quoted one is a string */
	size_t count;       /* of items or pairs */
	struct node **items;
	struct node_pair *pairs;
};

struct node_pair {
	struct node *key; /* a scalar */
	struct node *value;
};

/* Reads `path` ("-" is standard input). Unreadable or too large: -1 and err. Mistakes go to diags and *root may
 * be NULL. Everything lives in the arena. */
int yaml_load_file(
	struct arena *, const char *path, struct node **root, struct diags *, struct error *err);
/* The same for text at hand; `source` outlives the tree. */
void yaml_load(struct arena *, const struct source *source, struct node **root, struct diags *);

/* What a plain scalar means by the core schema of YAML 1.2; infinities and NaN stay texts. */
struct value yaml_scalar(struct str text);

/* Value of a key in a map, or NULL. */
struct node *node_find(const struct node *map, const char *key);
/* The place of a key (for "unknown key"), or the map's own. */
struct span node_key_span(const struct node *map, const char *key);
/* "a string", "a list", "a map", "a number" ...: what stands there, for messages. */
const char *node_kind_text(const struct node *);
/* Deep conversion of the tree to a value, texts not expanded. */
struct value node_value(struct arena *, const struct node *);
/* New nodes at the place of another, for shorthands ("GET /x" becomes {method, path}). */
struct node *node_scalar(struct arena *, struct span, struct str text);
struct node *node_map(struct arena *, struct span);
void node_map_add(struct arena *, struct node *map, const char *key, struct node *value);

#endif

/*
 * jsonpath: queries over JSON values (RFC 9535), with its functions length count match search value.
 *
 * A query is compiled once and read-only then. Selecting is bounded in work and in results, so that
 * `$..*..*..*` on a large answer is an error and not a hang.
 */
#ifndef PROBE_JSONPATH_H
#define PROBE_JSONPATH_H

#include <stdbool.h>

#include "probe/arena.h"
#include "probe/error.h"
#include "probe/value.h"

enum { JSONPATH_NODES_MAX = 1000000 };

struct jsonpath;

struct jsonpath_node {
	const struct value *value;
	const char *path; /* normalized path (section 2.7), NULL unless asked for */
};

struct jsonpath_nodes {
	struct jsonpath_node *items;
	size_t count;
};

/* Compiles into the arena. -1: err says what is wrong and *offset (may be NULL) where, in code
 * points of the query from 0. */
int jsonpath_compile(
	struct arena *, struct str query, struct jsonpath **out, size_t *offset, struct error *err);
/* The nodes in the order of the RFC; in objects that of the text. -1: a bound was reached. */
int jsonpath_select(const struct jsonpath *, struct arena *, const struct value *root, bool paths,
	struct jsonpath_nodes *out, struct error *err);
/* Whether it can select one node at most (a "singular query"). */
bool jsonpath_singular(const struct jsonpath *);

#endif

/*
 * facts: what a step recorded, by name. Facts are the contract between kinds, checks and captures:
 * a new protocol adds names and nothing else changes.
 *
 * Names are dotted ("time.connect", "header.content-type", "jwt.claim.iss"): an exact name wins,
 * else the longest name that is an object is entered by the rest. `header` is a map without regard
 * to case, repeated ones joined by ", ". `json` is the body, parsed when first asked for.
 */
#ifndef PROBE_FACTS_H
#define PROBE_FACTS_H

#include "probe/field.h"
#include "probe/value.h"

struct facts;

struct facts *facts_new(struct arena *);
/* Copies nothing: values live in the arena of the facts. Setting again replaces. */
void facts_set(struct facts *, const char *name, struct value);
void facts_set_headers(struct facts *, const struct pairs *);
/* The body text and the depth its JSON may have (0: the default). Also the facts `body`, `json`. */
void facts_set_body(struct facts *, struct str body, unsigned json_depth);
/* NULL when there is no such fact. For `json` of a body that is not JSON: NULL and *problem says
 * why (problem may be NULL). */
const struct value *facts_find(struct facts *, struct str name, const char **problem);
/* What of the body asked for went past a maximum; NULL when nothing did. */
const char *facts_past_maximum(const struct facts *);
struct pairs facts_headers(const struct facts *);

/* Documentation of a fact of a kind; tables end with a NULL name. A name that ends in ".*" takes any
 * suffix. */
struct fact_def {
	const char *name;
	const char *type; /* "integer", "string", "duration", "size", "boolean", "object", "list" */
	const char *help;
};

#endif

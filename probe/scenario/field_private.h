/* Between the files that fill structs from maps. */
#ifndef PROBE_SCENARIO_FIELD_PRIVATE_H
#define PROBE_SCENARIO_FIELD_PRIVATE_H

#include "probe/field.h"

/* What became of one node. */
enum filled {
	FILLED_OK,
	FILLED_LATER, /* depends on a deferred name: the member stays zero */
	FILLED_WRONG, /* a diagnostic was added */
};

/* A scalar (or {file: PATH}) as a value; references expanded. `expanded`: it had some. */
enum filled fill_scalar(
	const struct fill *, const struct node *, struct value *out, bool *expanded);
/* The same as text; `field` is for messages. */
enum filled fill_text(const struct fill *, const struct field *, const struct node *,
	struct str *out, bool *expanded);
/* Any node as a value. */
enum filled fill_value(const struct fill *, const struct node *, struct value *out);
/* Whether the node is {file: PATH}. */
bool node_is_file(const struct node *);

/* The types that fit one scalar. `target` is the member. */
enum filled fill_simple(
	const struct fill *, const struct field *, const struct node *, void *target);
/* The value of a field by its type. */
enum filled fill_one(const struct fill *, const struct field *, const struct node *, void *target);

#endif

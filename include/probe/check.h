/*
 * check: judging facts. `expect` becomes an array of checks, each (fact, selector, operator,
 * wanted); all of them are evaluated. Captures take values out of facts by the same selectors.
 */
#ifndef PROBE_CHECK_H
#define PROBE_CHECK_H

#include "probe/facts.h"
#include "probe/field.h"
#include "probe/run.h"

struct check;   /* parsed, opaque */
struct capture; /* parsed, opaque */

struct checks {
	struct check *items;
	size_t count;
};

struct captures {
	struct capture *items;
	size_t count;
};

/* What a kind says when nothing is written on the fact: {"status", "2xx"}; `value` as in YAML. */
struct implied_check {
	const char *fact, *value;
};

/*
 * Parses the map `expect` (NULL: none). `facts` are the kind's; an unknown one is a mistake with a
 * suggestion. Implied checks (ended by a NULL fact) are put before, unless one on that fact is
 * written. References in wanted values are expanded at evaluation.
 */
void checks_parse(struct arena *, const struct node *expect, const struct fact_def *facts,
	const struct implied_check *implied, struct checks *out, struct diags *);
/* The checks on one message of a dialog: {json: {...}, text: ..., binary: ...}, other keys are the
 * caller's; a plain value is about the text. The facts are `text` and `binary`, and the body
 * (facts_set_body) is what `json` reads. */
void checks_parse_message(
	struct arena *, const struct node *map, struct checks *out, struct diags *);

/*
 * Evaluates all; results (as many as checks) live in fill->arena. Returns the number that failed.
 * `fill` gives scope and place for expanding what is wanted; a wanted value that cannot be expanded
 * fails its check and says so.
 */
size_t checks_evaluate(const struct checks *, struct facts *, const struct fill *,
	struct check_result **results, size_t *result_count);

/* Parses the map `capture`. Names are those of variables ([A-Za-z_][A-Za-z0-9_]*). */
void captures_parse(struct arena *, const struct node *map, const struct fact_def *facts,
	struct captures *out, struct diags *);
/* Takes all captures; calls `got` for each with its value. The first that finds nothing: -1, err. */
int captures_take(const struct captures *, struct facts *, const struct fill *,
	void (*got)(void *ctx, struct str name, const struct value *, bool secret), void *ctx,
	struct error *err);

/* The matchers in the order of the manual, for help and schema: false past the last. */
struct check_op_def {
	const char *name, *help, *example;
};
bool check_op_at(size_t i, struct check_op_def *out);

#endif

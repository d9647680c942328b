/*
 * rules: the table of causes, as data. What a message, an exception type or an observation of the
 * probe means, how bad it is, and what to do about it. The shipped table is rules.yaml; users add
 * files of the same shape, and an id of theirs replaces the shipped one.
 *
 *   - id: missing-module
 *     title: "{module} is not in the image"
 *     priority: P0
 *     logs:
 *       - {type: ModuleNotFoundError, matches: "No module named '(?<module>[^']+)'"}
 *     actions: {now: ["..."], next: ["..."], later: ["..."]}
 *
 * `matches` is PCRE2 with match limits; its named groups fill {name} in title and actions, beside
 * {message} {type} {location} {file} {line} {step} {target} {revision} {instances}. A line whose
 * {name} has no value is left out, unless it says {name|otherwise} or stands in a part in brackets,
 * which is left out instead: "the database[ at {host}] does not answer".
 */
#ifndef PROBE_RULES_H
#define PROBE_RULES_H

#include <stdio.h>

#include "probe/arena.h"
#include "probe/diag.h"
#include "probe/error.h"
#include "probe/field.h"

enum priority { PRIORITY_P0, PRIORITY_P1, PRIORITY_P2, PRIORITY_P3 };
/* "P0" ... "P3". */
const char *priority_name(enum priority);

enum { RULES_MAX = 1000, RULE_NAMES_MAX = 32 };

struct rules; /* patterns compiled, opaque */

/* One entry of the table. */
struct rule {
	const char *id;
	const char *title; /* with {placeholders} */
	enum priority priority;
	struct strs now, next, later; /* with {placeholders} */
};

/* A rule that fits, and the names its groups caught. */
struct rule_match {
	const struct rule *rule;
	struct pairs names;
	int weight;  /* type and text 6, text 5, type alone 4; weak ones 3 less */
	bool effect; /* tells of a failure that has its cause elsewhere: never a root */
};

/* The shipped table. */
struct rules *rules_new(struct arena *);
void rules_free(struct rules *);
/* Adds a user's file. Unreadable: -1 and err; mistakes go to diags. */
int rules_load(struct rules *, const char *file, struct diags *, struct error *);

/* The best rule for an exception type (may be empty) and a message; false when none fits. The more
 * telling match wins, then user's rules, then the order of the table. `quiet`: the message is no
 * warning or error, only patterns that say `any_level` are asked. */
bool rules_match_log(const struct rules *, struct arena *, struct str type, struct str message,
	bool quiet, struct rule_match *out);
/* The best rule for what a step saw: failure name ("" for none), HTTP status (-1: none), detail or
 * body. */
bool rules_match_observation(const struct rules *, struct arena *, const char *failure,
	int64_t status, struct str text, struct rule_match *out);
/* By id, or NULL. */
const struct rule *rules_find(const struct rules *, const char *id);

/* Fills {names}; NULL when one without a fallback has no value. */
const char *rule_fill(struct arena *, struct str text, const struct pairs *names);

/* The shipped table as YAML, as it was compiled in (`help rules`). */
struct str rules_text(void);

#endif

/* A check in its parsed form; shared by the files of this folder only. */
#ifndef CHECKS_PRIVATE_H
#define CHECKS_PRIVATE_H

#include "probe/check.h"
#include "probe/jsonpath.h"
#include "probe/regex.h"

/* How a fact's values are compared and shown. */
enum scale {
	SCALE_NONE,     /* as JSON: 5 is not "5" */
	SCALE_TEXT,     /* texts of a protocol: 5 in the file means "5" */
	SCALE_DURATION, /* ns, written 800ms */
	SCALE_SIZE,     /* bytes, written 64KiB */
	SCALE_STATUS,   /* also written 2xx and 200-299 */
};

/* What may stand behind a matcher. */
enum wanted_shape {
	WANT_VALUE,
	WANT_LIST,
	WANT_PAIR,
	WANT_ORDERED, /* a number, or a text for texts */
	WANT_BOOLEAN,
	WANT_TEXT,
	WANT_PATTERN,
	WANT_TYPE,
	WANT_MATCHERS, /* a value or a map of matchers */
};

struct judge;
struct subject;
struct matcher;

/* A matcher. Each is one of these in matchers[]. */
struct check_op {
	const char *name, *help, *example;
	enum wanted_shape shape;
	/* How it is said: "wanted PHRASE VALUE". */
	const char *phrase;
	/* Whether the subject is as wanted. May set judge->problem: then the check fails and says it. */
	bool (*holds)(struct judge *, const struct matcher *, const struct value *wanted,
		const struct subject *);
	/* Also asked when there is nothing to look at; else that fails. */
	bool takes_nothing;
};

struct matcher {
	const struct check_op *op;
	const struct node *node; /* what is wanted, as written; NULL for an implied check */
	struct value wanted;     /* when fixed */
	bool fixed;              /* no reference in it */
	struct regex *regex;     /* of a fixed WANT_PATTERN */
	struct matcher *inner;   /* WANT_MATCHERS: all of them must hold */
	size_t inner_count;
};

enum select_kind { SELECT_FACT, SELECT_KEY, SELECT_JSON };

struct selection {
	enum select_kind kind;
	const char *fact;       /* "status", "header", "json" */
	const char *select;     /* header name, JSONPath; NULL */
	const char *full;       /* "header.x-app": what is looked up; NULL for json */
	struct jsonpath *path;  /* SELECT_JSON without references */
	const struct node *key; /* SELECT_JSON with references: the query is compiled when asked */
	enum scale scale;
};

struct check {
	struct selection selection;
	struct matcher matcher;
};

struct capture {
	struct str name;
	struct selection selection;
	struct regex *regex; /* NULL: the value as it is */
	bool secret;
};

/* What a selection found. */
struct subject {
	bool present, blocked; /* blocked: not even `exists: false` may be said of it */
	bool several;          /* the query may select more than one */
	struct value value;    /* one value, or the list of those selected */
	struct jsonpath_nodes nodes;
	const char *problem; /* why there is nothing; NULL */
};

struct judge {
	struct facts *facts;
	const struct fill *fill; /* arena, scope; diags of its own, deferred NULL */
	enum scale scale;
	const char *problem; /* the matcher cannot be applied */
	const char *culprit; /* all, none: the item that decided, for the text */
};

/* What parsing shares. */
struct check_parse {
	struct arena *arena;
	const struct fact_def *facts; /* NULL: any name is taken */
	struct checks *out;
	size_t capacity;
	struct diags *diags;
};

/* checks.c: table and look-up. */
const struct check_op *check_op_find(struct str name);
extern const struct check_op *const check_ops[];

/* checks_select.c */
/* The definition that fits a fact's name; NULL. */
const struct fact_def *fact_def_find(const struct fact_def *, struct str name);
/* Reads "status", "header.x-app" as a selection; a mistake is told at the key. */
bool selection_parse(
	struct check_parse *, const struct node *key, struct str name, struct selection *out);
bool selection_parse_json(struct check_parse *, const struct node *key, struct selection *out);
struct subject selection_take(const struct selection *, struct facts *, const struct fill *);
/* "json $.status", "header x-app", "status". */
const char *selection_text(struct arena *, const struct selection *);

/* checks_matcher.c */
/* Adds what the node says to `list`: one matcher for a value, one for each key of a map. */
bool matchers_parse(struct check_parse *, const struct node *, enum scale, struct matcher **list,
	size_t *count);
struct regex *pattern_parse(struct check_parse *, const struct node *);

/* checks_wanted.c */
/* Brings what was written into the form that is compared. NULL, or what is wrong with it. */
const char *wanted_convert(
	struct arena *, enum wanted_shape, enum scale, struct value *, const char *op);
/* The one comparator: equality and order of an actual value and a wanted one. */
bool wanted_equal(enum scale, const struct value *actual, const struct value *wanted);
bool wanted_order(const struct value *actual, const struct value *wanted, int *order);
/* As people read it, cut; and as a value for the record: durations and sizes in their units. */
const char *value_show(struct arena *, enum scale, const struct value *);
struct value value_record(struct arena *, enum scale, const struct value *);

/* checks_judge.c */
bool matcher_holds(
	struct judge *, const struct matcher *, const struct subject *, struct value *wanted);
bool matchers_hold(
	struct judge *, const struct matcher *list, size_t count, const struct subject *);
/* "a status of 2xx": the part behind "wanted". */
const char *matcher_text(
	struct arena *, enum scale, const struct matcher *, const struct value *wanted);

extern const struct check_op op_equals, op_not, op_in, op_contains, op_starts_with, op_ends_with,
	op_matches, op_gt, op_ge, op_lt, op_le, op_between, op_exists, op_type, op_count, op_all,
	op_any, op_none, op_empty;

#endif

/* The compiled form of a query; shared by jsonpath*.c only. */
#ifndef CHECKS_JSONPATH_PRIVATE_H
#define CHECKS_JSONPATH_PRIVATE_H

#include "probe/jsonpath.h"
#include "probe/regex.h"

enum { SEGMENTS_MAX = 256, NESTING_MAX = 64, FILTER_NESTING_MAX = 8 };

struct expr;

enum selector_kind { SELECT_NAME, SELECT_WILDCARD, SELECT_INDEX, SELECT_SLICE, SELECT_FILTER };

struct selector {
	enum selector_kind kind;
	struct str name;
	int64_t start, end, step; /* the index is `start` */
	bool has_start, has_end;
	struct expr *filter;
};

struct segment {
	bool descendant;
	struct selector *selectors;
	size_t count;
};

struct jsonpath {
	bool relative; /* begins with '@' */
	bool singular;
	struct segment *segments;
	size_t count;
};

enum expr_kind {
	EXPR_OR,
	EXPR_AND,
	EXPR_NOT,
	EXPR_COMPARE,
	EXPR_QUERY,
	EXPR_FUNCTION,
	EXPR_LITERAL
};
enum compare_op { COMPARE_EQ, COMPARE_NE, COMPARE_LE, COMPARE_GE, COMPARE_LT, COMPARE_GT };
/* The types of section 2.4.1. */
enum expr_type { TYPE_VALUE, TYPE_LOGICAL, TYPE_NODES };

struct function {
	const char *name;
	enum expr_type result;
	size_t arity;
	enum expr_type params[2];
	enum function_id { FN_LENGTH, FN_COUNT, FN_MATCH, FN_SEARCH, FN_VALUE } id;
};

struct expr {
	enum expr_kind kind;
	enum compare_op op;
	struct expr *left, *right; /* also the arguments of a function */
	struct jsonpath *query;
	struct value literal;
	const struct function *function;
	struct regex
		*regex; /* of match and search with a literal pattern; NULL: none or no I-Regexp */
	bool regex_fixed;
};

struct parser {
	struct arena *arena;
	struct str text;
	size_t pos;
	unsigned nesting, filters;
	size_t problem_at;
	const char *problem;
};

/* jsonpath_parse.c; NULL or false with problem set. */
struct jsonpath *parse_query(struct parser *);
bool parse_fail(struct parser *, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void parse_blank(struct parser *);
bool parse_accept(struct parser *, const char *token);
int parse_peek(const struct parser *);

/* jsonpath_literal.c */
bool parse_string(struct parser *, struct str *out);
/* An integer of I-JSON: +-(2^53 - 1). */
bool parse_integer(struct parser *, int64_t *out);
bool parse_number(struct parser *, struct value *out);

/* jsonpath_expr.c */
struct expr *parse_filter(struct parser *);

struct evaluation {
	struct arena *arena;
	const struct value *root;
	uint64_t work;
	int64_t deadline;
	const char *problem; /* a bound was reached: everything ends */
	/* The last pattern that was no literal. */
	struct arena *regex_arena;
	struct str regex_text;
	enum function_id regex_of;
	struct regex *regex;
};

/* Where a node stands: links on the stack of the walk. */
struct place {
	const struct place *parent;
	struct str name;
	int64_t index; /* -1: a name */
};

struct walk {
	struct evaluation *evaluation;
	const struct jsonpath *query;
	bool (*found)(void *ctx, const struct value *, const struct place *); /* false: enough */
	void *ctx;
};

/* jsonpath.c; false when the walk was ended early. */
bool walk_query(const struct walk *, const struct value *current);
bool evaluation_spend(struct evaluation *, uint64_t work);

/* jsonpath_filter.c */
bool filter_holds(struct evaluation *, const struct expr *, const struct value *current);

#endif

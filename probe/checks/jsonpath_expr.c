/* Filter expressions and their types (RFC 9535, sections 2.3.5 and 2.4). */
#include "jsonpath_private.h"

static const struct function functions[] = {
	{"length", TYPE_VALUE, 1, {TYPE_VALUE}, FN_LENGTH},
	{"count", TYPE_VALUE, 1, {TYPE_NODES}, FN_COUNT},
	{"match", TYPE_LOGICAL, 2, {TYPE_VALUE, TYPE_VALUE}, FN_MATCH},
	{"search", TYPE_LOGICAL, 2, {TYPE_VALUE, TYPE_VALUE}, FN_SEARCH},
	{"value", TYPE_VALUE, 1, {TYPE_NODES}, FN_VALUE},
};

static struct expr *fail(struct parser *p, size_t at, const char *problem)
{
	parse_fail(p, at, "%s", problem);
	return NULL;
}

static struct expr *expr_new(struct parser *p, enum expr_kind kind)
{
	struct expr *e = ARENA_NEW(p->arena, struct expr);

	e->kind = kind;
	return e;
}

static bool is_lower(int c)
{
	return c >= 'a' && c <= 'z';
}

static struct expr *parse_operand(struct parser *p);

static bool is_value(const struct expr *e)
{
	return e->kind == EXPR_LITERAL || (e->kind == EXPR_QUERY && e->query->singular) ||
	       (e->kind == EXPR_FUNCTION && e->function->result == TYPE_VALUE);
}

static bool argument_fits(struct parser *p, const struct expr *e, enum expr_type type, size_t at)
{
	if (type == TYPE_VALUE && !is_value(e))
		return parse_fail(p, at, "the argument must be a value or a query for one node");
	if (type == TYPE_NODES && e->kind != EXPR_QUERY)
		return parse_fail(p, at, "the argument must be a query");
	return true;
}

static bool parse_arguments(struct parser *p, struct expr *e)
{
	for (size_t i = 0; i < e->function->arity; i++) {
		parse_blank(p);
		if (i && !parse_accept(p, ","))
			return parse_fail(p, p->pos, "%s() takes %zu arguments", e->function->name,
				e->function->arity);
		parse_blank(p);
		size_t at = p->pos;
		struct expr *argument = parse_operand(p);

		if (!argument || !argument_fits(p, argument, e->function->params[i], at))
			return false;
		*(i ? &e->right : &e->left) = argument;
	}
	parse_blank(p);
	if (parse_accept(p, ")"))
		return true;
	if (parse_peek(p) == ',')
		return parse_fail(p, p->pos, "%s() takes %zu argument%s", e->function->name,
			e->function->arity, e->function->arity == 1 ? "" : "s");
	return parse_fail(p, p->pos, "')' expected");
}

/* A pattern that stands in the query is compiled with it. One that is no I-Regexp matches nothing
 * (section 2.4.6). */
static void fix_regex(struct parser *p, struct expr *e)
{
	const struct value *literal = &e->right->literal;
	struct str pattern;

	if (e->right->kind != EXPR_LITERAL)
		return;
	e->regex_fixed = true;
	if (literal->type == VALUE_STRING &&
		regex_from_iregexp(p->arena, literal->string, &pattern))
		regex_compile(p->arena, pattern, e->function->id == FN_MATCH ? REGEX_WHOLE : 0,
			&e->regex, NULL, NULL);
}

static struct expr *parse_function(struct parser *p)
{
	size_t start = p->pos;
	struct expr *e = expr_new(p, EXPR_FUNCTION);

	while (is_lower(parse_peek(p)) || parse_peek(p) == '_' ||
		(parse_peek(p) >= '0' && parse_peek(p) <= '9'))
		p->pos++;
	struct str name = str_sub(p->text, start, p->pos - start);

	if (!parse_accept(p, "("))
		return fail(p, start, "a value, a query or a function expected");
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (str_is(name, functions[i].name))
			e->function = &functions[i];
	if (!e->function)
		return fail(p, start, "unknown function (length count match search value)");
	if (p->nesting++ == NESTING_MAX)
		return fail(p, start, "nested too deeply");
	if (!parse_arguments(p, e))
		return NULL;
	p->nesting--;
	if (e->function->id == FN_MATCH || e->function->id == FN_SEARCH)
		fix_regex(p, e);
	return e;
}

/* true, false and null, unless a name goes on; NULL otherwise. */
static struct expr *parse_word(struct parser *p)
{
	static const struct {
		const char *word;
		struct value value;
	} words[] = {
		{"true", {.type = VALUE_BOOLEAN, .boolean = true}},
		{"false", {.type = VALUE_BOOLEAN}},
		{"null", {.type = VALUE_NULL}},
	};
	for (size_t i = 0; i < 3; i++) {
		if (!parse_accept(p, words[i].word))
			continue;
		struct expr *e = expr_new(p, EXPR_LITERAL);

		e->literal = words[i].value;
		return e;
	}
	return NULL;
}

/* A literal, a query or a function. */
static struct expr *parse_operand(struct parser *p)
{
	int c = parse_peek(p);
	struct expr *e;

	if (c == '@' || c == '$') {
		e = expr_new(p, EXPR_QUERY);
		e->query = parse_query(p);
		return e->query ? e : NULL;
	}
	if (c == '\'' || c == '"') {
		e = expr_new(p, EXPR_LITERAL);
		e->literal.type = VALUE_STRING;
		return parse_string(p, &e->literal.string) ? e : NULL;
	}
	if (c == '-' || (c >= '0' && c <= '9')) {
		e = expr_new(p, EXPR_LITERAL);
		return parse_number(p, &e->literal) ? e : NULL;
	}
	e = parse_word(p);
	if (e)
		return e;
	if (is_lower(c))
		return parse_function(p);
	return fail(p, p->pos, "a value, a query or a function expected");
}

static bool accept_op(struct parser *p, enum compare_op *op)
{
	static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};

	for (enum compare_op i = COMPARE_EQ; i <= COMPARE_GT; i++) {
		if (parse_accept(p, ops[i])) {
			*op = i;
			return true;
		}
	}
	return false;
}

static bool comparable(struct parser *p, const struct expr *e, size_t at)
{
	if (is_value(e))
		return true;
	if (e->kind == EXPR_QUERY)
		return parse_fail(p, at, "only a query for one node can be compared");
	return parse_fail(p, at, "the result of %s() cannot be compared", e->function->name);
}

static struct expr *parse_comparison(struct parser *p)
{
	size_t start = p->pos;
	struct expr *left = parse_operand(p);
	enum compare_op op;

	if (!left)
		return NULL;
	size_t after = p->pos;

	parse_blank(p);
	if (!accept_op(p, &op)) {
		p->pos = after;
		if (left->kind == EXPR_LITERAL)
			return fail(p, start, "a value alone is no condition");
		if (left->kind == EXPR_FUNCTION && left->function->result == TYPE_VALUE)
			return fail(p, start, "the result of this function must be compared");
		return left;
	}
	if (!comparable(p, left, start))
		return NULL;
	parse_blank(p);
	size_t right_at = p->pos;
	struct expr *e = expr_new(p, EXPR_COMPARE);

	e->op = op;
	e->left = left;
	e->right = parse_operand(p);
	return e->right && comparable(p, e->right, right_at) ? e : NULL;
}

static struct expr *parse_or(struct parser *p);

static struct expr *parse_parens(struct parser *p)
{
	size_t start = p->pos - 1;

	if (p->nesting++ == NESTING_MAX)
		return fail(p, start, "nested too deeply");
	parse_blank(p);
	struct expr *e = parse_or(p);

	if (!e)
		return NULL;
	parse_blank(p);
	p->nesting--;
	return parse_accept(p, ")") ? e : fail(p, p->pos, "')' expected");
}

static struct expr *parse_basic(struct parser *p)
{
	struct expr *not = NULL, *e;

	if (parse_accept(p, "!")) {
		not = expr_new(p, EXPR_NOT);
		parse_blank(p);
	}
	size_t at = p->pos;

	if (parse_accept(p, "("))
		e = parse_parens(p);
	else
		e = parse_comparison(p);
	if (!e || !not )
		return e;
	if (e->kind == EXPR_COMPARE && p->text.ptr[at] != '(')
		return fail(p, at, "'!' before a comparison needs parentheses");
	not ->left = e;
	return not ;
}

/* Left-associative chains of one operator over what `next` reads. */
static struct expr *parse_chain(struct parser *p, const char *token, enum expr_kind kind,
	struct expr *(*next)(struct parser *))
{
	struct expr *left = next(p);

	while (left) {
		size_t after = p->pos;

		parse_blank(p);
		if (!parse_accept(p, token)) {
			p->pos = after;
			return left;
		}
		parse_blank(p);
		struct expr *e = expr_new(p, kind);

		e->left = left;
		e->right = next(p);
		left = e->right ? e : NULL;
	}
	return NULL;
}

static struct expr *parse_and(struct parser *p)
{
	return parse_chain(p, "&&", EXPR_AND, parse_basic);
}

static struct expr *parse_or(struct parser *p)
{
	return parse_chain(p, "||", EXPR_OR, parse_and);
}

struct expr *parse_filter(struct parser *p)
{
	return parse_or(p);
}

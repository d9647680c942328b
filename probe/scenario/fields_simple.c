#include <math.h>

#include "field_private.h"
#include "probe/clock.h"

/* "a text", ... for "'x' needs ..., not ...". */
static const char *wanted_text(enum field_type type)
{
	switch (type) {
	case FIELD_BOOLEAN: return "true or false";
	case FIELD_INTEGER: return "a whole number";
	case FIELD_NUMBER: return "a number";
	case FIELD_DURATION: return "a duration such as 500ms, 10s or 1m30s";
	case FIELD_SIZE: return "a size such as 64KiB or 1MB";
	case FIELD_STRINGS: return "a text or a list of texts";
	default: return "a text";
	}
}

/* What is written there, for a message: its words when they are short, else what it is. Values of
 * variables are not shown: they may be secret. */
static const char *seen_text(const struct fill *fill, const struct node *node)
{
	if (node->type == NODE_SCALAR && node->text.len && node->text.len <= 60)
		return arena_printf(fill->arena, "'%.*s'", STR_ARG(node->text));
	return node_kind_text(node);
}

static enum filled wrong_type(
	const struct fill *fill, const struct field *field, const struct node *node, bool expanded)
{
	static const char *const words[] = {"yes", "no", "on", "off", "y", "n", NULL};
	const char *hint = "";

	for (size_t i = 0; field->type == FIELD_BOOLEAN && !node->quoted && words[i]; i++)
		if (str_is_nocase(node->text, words[i]))
			hint = "; in YAML 1.2 that is a text";
	diag_error(fill->diags, node->span, "'%s' needs %s, not %s%s", field->name,
		wanted_text(field->type), seen_text(fill, node),
		expanded && node->type == NODE_SCALAR ? " as filled in" : hint);
	return FILLED_WRONG;
}

enum filled fill_text(const struct fill *fill, const struct field *field, const struct node *node,
	struct str *out, bool *expanded)
{
	struct value value;
	enum filled filled = FILLED_WRONG;

	*expanded = false;
	if (node->type == NODE_SCALAR || node_is_file(node)) {
		filled = fill_scalar(fill, node, &value, expanded);
		if (filled != FILLED_OK)
			return filled;
		if (!*expanded && value.type != VALUE_NULL) {
			*out = node->text;
			return FILLED_OK;
		}
		if (value.type != VALUE_ARRAY && value.type != VALUE_OBJECT &&
			value.type != VALUE_NULL) {
			*out = value_to_str(fill->arena, &value);
			return FILLED_OK;
		}
	}
	diag_error(fill->diags, node->span, "'%s' needs %s, not %s", field->name,
		wanted_text(field->type),
		*expanded && node->type == NODE_SCALAR ? "what this is filled in with"
						       : node_kind_text(node));
	return FILLED_WRONG;
}

/* The value of a scalar; a text that came out of a reference is read as YAML would. */
static enum filled typed_scalar(const struct fill *fill, const struct field *field,
	const struct node *node, struct value *out, bool *expanded)
{
	if (node->type != NODE_SCALAR && !node_is_file(node))
		return wrong_type(fill, field, node, false);
	enum filled filled = fill_scalar(fill, node, out, expanded);

	if (filled == FILLED_OK && *expanded && out->type == VALUE_STRING)
		*out = yaml_scalar(str_trim(out->string));
	return filled;
}

static const char *bound_text(const struct fill *fill, const struct field *field, double bound)
{
	char text[32];

	if (field->type == FIELD_DURATION) {
		duration_print((int64_t)(bound * (double)NS_PER_S), text);
		return arena_strdup(fill->arena, text);
	}
	return arena_printf(fill->arena, "%.15g", bound);
}

static enum filled check_bounds(
	const struct fill *fill, const struct field *field, const struct node *node, double number)
{
	bool below = number<field->min, above = field->max> field->min && number > field->max;

	if ((field->min == 0 && field->max == 0) || (!below && !above))
		return FILLED_OK;
	if (field->max > field->min)
		diag_error(fill->diags, node->span, "'%s' must be between %s and %s", field->name,
			bound_text(fill, field, field->min), bound_text(fill, field, field->max));
	else
		diag_error(fill->diags, node->span, "'%s' must be at least %s", field->name,
			bound_text(fill, field, field->min));
	return FILLED_WRONG;
}

static enum filled fill_number(
	const struct fill *fill, const struct field *field, const struct node *node, void *target)
{
	struct value value;
	bool expanded = false;
	enum filled filled = typed_scalar(fill, field, node, &value, &expanded);

	if (filled != FILLED_OK)
		return filled;
	if (!value_is_number(&value) || value.type == VALUE_BIGNUM)
		return wrong_type(fill, field, node, expanded);
	double number = value_double(&value);

	if (field->type == FIELD_NUMBER) {
		*(double *)target = number;
	} else {
		/* 3.0 is whole too. */
		if (number != floor(number) || fabs(number) > 9.2e18)
			return wrong_type(fill, field, node, expanded);
		*(int64_t *)target = value.type == VALUE_INTEGER ? value.integer : (int64_t)number;
	}
	return check_bounds(fill, field, node, number);
}

static enum filled fill_boolean(
	const struct fill *fill, const struct field *field, const struct node *node, bool *target)
{
	struct value value;
	bool expanded = false;
	enum filled filled = typed_scalar(fill, field, node, &value, &expanded);

	if (filled != FILLED_OK)
		return filled;
	if (value.type != VALUE_BOOLEAN)
		return wrong_type(fill, field, node, expanded);
	*target = value.boolean;
	return FILLED_OK;
}

static enum filled fill_measure(
	const struct fill *fill, const struct field *field, const struct node *node, void *target)
{
	struct str text;
	struct error err;
	uint64_t size = 0;
	int64_t ns = 0;
	bool expanded;
	enum filled filled = fill_text(fill, field, node, &text, &expanded);

	if (filled != FILLED_OK)
		return filled;
	text = str_trim(text);
	int failed = field->type == FIELD_SIZE ? size_parse(text, &size, &err)
					       : duration_parse(text, &ns, &err);

	if (failed && expanded)
		return wrong_type(fill, field, node, expanded);
	if (failed) {
		diag_error(fill->diags, node->span, "'%s': %s", field->name, err.text);
		return FILLED_WRONG;
	}
	if (field->type == FIELD_SIZE) {
		*(uint64_t *)target = size;
		return check_bounds(fill, field, node, (double)size);
	}
	*(int64_t *)target = ns;
	if (ns < 0 && field->min >= 0) {
		diag_error(fill->diags, node->span, "'%s' must not be negative", field->name);
		return FILLED_WRONG;
	}
	return check_bounds(fill, field, node, (double)ns / (double)NS_PER_S);
}

/* "a, b or c". */
static const char *choices_text(const struct fill *fill, const char *const *choices)
{
	const char *text = "";

	for (size_t i = 0; choices[i]; i++)
		text = arena_printf(fill->arena, "%s%s%s", text,
			!i               ? ""
			: choices[i + 1] ? ", "
					 : " or ",
			choices[i]);
	return text;
}

static enum filled fill_enum(
	const struct fill *fill, const struct field *field, const struct node *node, int *target)
{
	struct str text;
	bool expanded;
	enum filled filled = fill_text(fill, field, node, &text, &expanded);

	if (filled != FILLED_OK)
		return filled;
	for (int i = 0; field->choices[i]; i++) {
		if (str_is(text, field->choices[i])) {
			*target = i;
			return FILLED_OK;
		}
	}
	const char *nearest = diag_suggest(text, field->choices);
	const char *all = choices_text(fill, field->choices);

	if (nearest && !expanded)
		diag_error(fill->diags, node->span,
			"unknown '%s' %s, did you mean '%s'? (one of: %s)", field->name,
			seen_text(fill, node), nearest, all);
	else
		diag_error(fill->diags, node->span, "'%s' is one of %s, not %s", field->name, all,
			seen_text(fill, node));
	return FILLED_WRONG;
}

enum filled fill_simple(
	const struct fill *fill, const struct field *field, const struct node *node, void *target)
{
	bool expanded;

	switch (field->type) {
	case FIELD_STRING: return fill_text(fill, field, node, target, &expanded);
	case FIELD_BOOLEAN: return fill_boolean(fill, field, node, target);
	case FIELD_INTEGER:
	case FIELD_NUMBER: return fill_number(fill, field, node, target);
	case FIELD_DURATION:
	case FIELD_SIZE: return fill_measure(fill, field, node, target);
	case FIELD_ENUM: return fill_enum(fill, field, node, target);
	default: return FILLED_WRONG;
	}
}

/* See dialog.h. */
#include "dialog.h"

#include <stdio.h>

#include "probe/json.h"

struct parse {
	struct arena *arena;
	const struct fill *fill; /* NULL: only the form */
	int64_t timeout;
	struct diags *diags;
};

enum { CODE_MIN = 1000, CODE_MAX = 4999 };

static void unknown_key(struct parse *p, const struct node *map, size_t i, const char *const *names)
{
	struct str key = map->pairs[i].key->text;
	const char *near = diag_suggest(key, names);

	if (near)
		diag_error(p->diags, map->pairs[i].key->span,
			"unknown key '%.*s', did you mean '%s'?", STR_ARG(key), near);
	else
		diag_error(p->diags, map->pairs[i].key->span, "unknown key '%.*s'", STR_ARG(key));
}

static bool is_known(struct str key, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (str_is(key, names[i]))
			return true;
	return false;
}

static void check_keys(struct parse *p, const struct node *map, const char *const *names)
{
	for (size_t i = 0; i < map->count; i++)
		if (!is_known(map->pairs[i].key->text, names))
			unknown_key(p, map, i, names);
}

/* The expanded value; a string "" while only the form is checked and the text has references. */
static struct value expanded(struct parse *p, const struct node *node)
{
	struct value value = value_text("");

	if (p->fill)
		node_expand(p->fill, node, &value);
	else if (node->type != NODE_SCALAR || !expand_needed(node->text))
		value = node_value(p->arena, node);
	return value;
}

static struct str expanded_text(struct parse *p, const struct node *node)
{
	struct value value = expanded(p, node);

	return value_to_str(p->arena, &value);
}

static int64_t duration(struct parse *p, const struct node *node)
{
	struct error err;
	int64_t ns = 0;
	char limit[32];

	if (!node || (!p->fill && node->type == NODE_SCALAR && expand_needed(node->text)))
		return 0;
	if (duration_parse(expanded_text(p, node), &ns, &err) < 0) {
		diag_error(p->diags, node->span, "%s", err.text);
		return 0;
	}
	if (ns < 0)
		diag_error(p->diags, node->span, "a duration here is not negative");
	if (ns > p->timeout) {
		duration_print(p->timeout, limit);
		diag_error(p->diags, node->span,
			"longer than the step's timeout of %s, which ends it before; raise 'timeout'",
			limit);
	}
	return ns;
}

static bool boolean(struct parse *p, const struct node *map, const char *key)
{
	const struct node *node = node_find(map, key);

	if (!node)
		return false;
	struct value value = expanded(p, node);

	if (value.type != VALUE_BOOLEAN && p->fill == NULL && node->type == NODE_SCALAR &&
		expand_needed(node->text))
		return false;
	if (value.type != VALUE_BOOLEAN)
		diag_error(p->diags, node->span, "'%s' is true or false", key);
	return value.type == VALUE_BOOLEAN && value.boolean;
}

static unsigned close_code(struct parse *p, const struct node *node, bool seen)
{
	struct value value = expanded(p, node);

	if (!p->fill && node->type == NODE_SCALAR && expand_needed(node->text))
		return CODE_MIN;
	/* 1005 and 1006 never travel, but name what was seen: no code, no close. */
	if (seen && value.type == VALUE_INTEGER &&
		(value.integer == WS_CLOSE_NONE || value.integer == WS_CLOSE_LOST))
		return (unsigned)value.integer;
	if (value.type == VALUE_INTEGER && value.integer >= CODE_MIN && value.integer <= CODE_MAX &&
		(value.integer < 1004 || value.integer > 1006) && value.integer != 1015)
		return (unsigned)value.integer;
	diag_error(p->diags, node->span,
		seen ? "a close code is a number from 1000 to 4999, but not 1004 or 1015"
		     : "a close code is a number from 1000 to 4999, but not 1004, 1005, 1006 or "
		       "1015");
	return CODE_MIN;
}

/* send */

static void parse_send(struct parse *p, const struct node *node, struct action *out)
{
	static const char *const names[] = {"text", "json", "binary", "ping", NULL};
	const struct node *payload = node;

	out->act = ACT_SEND;
	out->kind = WS_TEXT;
	if (node->type == NODE_LIST) {
		diag_error(p->diags, node->span,
			"'send' is a text, or a map with text, json, "
			"binary or ping");
		return;
	}
	if (node->type == NODE_MAP && !node_find(node, "file")) {
		check_keys(p, node, names);
		if (node->count != 1) {
			diag_error(p->diags, node->span,
				"'send' takes exactly one of text, json, binary and ping");
			return;
		}
		payload = node->pairs[0].value;
		if (node_find(node, "binary"))
			out->kind = WS_BINARY;
		if (node_find(node, "ping"))
			out->kind = WS_PING;
		if (node_find(node, "json")) {
			BUF_SCOPED struct buf text;
			struct value value = expanded(p, payload);

			buf_init(&text, SIZE_MAX / 4);
			json_print(&text, &value);
			out->payload = arena_str(p->arena, buf_str(&text));
			return;
		}
	}
	out->payload = expanded_text(p, payload);
	if (out->kind == WS_PING && out->payload.len > 125)
		diag_error(p->diags, payload->span, "a ping carries at most 125 bytes");
}

/* expect */

static const char *as_written(struct parse *p, const struct node *node)
{
	BUF_SCOPED struct buf text;
	struct value value = node_value(p->arena, node);

	buf_init(&text, 300);
	value_print(&text, &value);
	return arena_printf(
		p->arena, "%.*s%s", STR_ARG(buf_str(&text)), text.overflow ? "..." : "");
}

static void set_pong(struct parse *p, const struct node *node, struct wanted *out)
{
	struct value value = expanded(p, node);

	out->pong = true;
	out->text = "a pong";
	if (value.type == VALUE_STRING)
		out->payload = value.string;
}

static void set_close(struct parse *p, const struct node *node, struct wanted *out)
{
	struct value value = expanded(p, node);

	out->close = true;
	out->text = "a close";
	if (value.type == VALUE_BOOLEAN)
		return;
	out->code = close_code(p, node, true);
	out->text = arena_printf(p->arena, "close %lld", (long long)out->code);
}

/* Parts the keys: those that are matchers of a message go to `facts`. */
static void part_keys(struct parse *p, const struct node *node, struct node *facts,
	const struct node **pong, const struct node **close)
{
	for (size_t i = 0; i < node->count; i++) {
		struct str key = node->pairs[i].key->text;

		if (str_is(key, "pong"))
			*pong = node->pairs[i].value;
		else if (str_is(key, "close"))
			*close = node->pairs[i].value;
		else if (!str_is(key, "within") && !str_is(key, "strict"))
			node_map_add(p->arena, facts, arena_str(p->arena, key).ptr,
				node->pairs[i].value);
	}
	if ((*pong != NULL) + (*close != NULL) + (facts->count > 0) > 1)
		diag_error(p->diags, node->span,
			"a message, a pong and a close are different things: expect one at a time");
}

static void parse_wanted(struct parse *p, const struct node *node, bool inside, struct wanted *out)
{
	static const char *const names[] = {
		"text", "json", "binary", "pong", "close", "within", "strict", NULL};
	static const char *const inner[] = {"text", "json", "binary", "pong", "close", NULL};
	struct node *facts = node_map(p->arena, node->span);
	const struct node *pong = NULL, *close = NULL;

	*out = (struct wanted){.payload = {NULL, 0}, .text = "a message"};
	if (node->type == NODE_LIST) {
		diag_error(p->diags, node->span, "'expect' is a text or a map, not a list");
		return;
	}
	if (node->type == NODE_SCALAR) {
		out->text = as_written(p, node);
		checks_parse_message(p->arena, node, &out->checks, p->diags);
		return;
	}
	check_keys(p, node, inside ? inner : names);
	part_keys(p, node, facts, &pong, &close);
	checks_parse_message(p->arena, facts, &out->checks, p->diags);
	if (facts->count)
		out->text = as_written(p, facts);
	if (pong)
		set_pong(p, pong, out);
	if (close)
		set_close(p, close, out);
}

static void parse_expect(struct parse *p, const struct node *node, struct action *out)
{
	out->act = ACT_EXPECT;
	out->wanted = ARENA_NEW(p->arena, struct wanted);
	out->wanted_count = 1;
	parse_wanted(p, node, false, out->wanted);
	if (node->type != NODE_MAP)
		return;
	out->within = duration(p, node_find(node, "within"));
	out->strict = boolean(p, node, "strict");
}

static void parse_expect_all(struct parse *p, const struct node *node, struct action *out)
{
	static const char *const names[] = {"within", "messages", "strict", NULL};
	const struct node *messages = node;

	out->act = ACT_EXPECT;
	if (node->type == NODE_MAP) {
		check_keys(p, node, names);
		messages = node_find(node, "messages");
		out->within = duration(p, node_find(node, "within"));
		out->strict = boolean(p, node, "strict");
	}
	if (!messages || messages->type != NODE_LIST || !messages->count) {
		diag_error(p->diags, (messages ? messages : node)->span,
			"'expect_all' needs 'messages', a list of what has to come");
		return;
	}
	out->wanted = ARENA_ARRAY(p->arena, messages->count, struct wanted);
	out->wanted_count = messages->count;
	for (size_t i = 0; i < messages->count; i++)
		parse_wanted(p, messages->items[i], true, &out->wanted[i]);
}

/* close, and the list */

static void parse_close(struct parse *p, const struct node *node, struct action *out)
{
	static const char *const names[] = {"code", "reason", NULL};

	out->act = ACT_CLOSE;
	out->code = CODE_MIN;
	out->payload = STR("");
	if (node->type != NODE_MAP) {
		out->code = close_code(p, node, false);
		return;
	}
	check_keys(p, node, names);
	if (node_find(node, "code"))
		out->code = close_code(p, node_find(node, "code"), false);
	if (node_find(node, "reason"))
		out->payload = expanded_text(p, node_find(node, "reason"));
	if (out->payload.len > 123)
		diag_error(p->diags, node->span, "a close reason has at most 123 bytes");
}

static void parse_action(struct parse *p, const struct node *item, struct action *out)
{
	static const char *const names[] = {"send", "expect", "expect_all", "hold", "close", NULL};

	if (item->type != NODE_MAP || item->count != 1) {
		diag_error(p->diags, item->span,
			"an entry of 'dialog' is a map with one of send, expect, expect_all, hold "
			"and close");
		return;
	}
	const struct node *value = item->pairs[0].value;
	struct str key = item->pairs[0].key->text;

	if (str_is(key, "send")) {
		parse_send(p, value, out);
	} else if (str_is(key, "expect")) {
		parse_expect(p, value, out);
	} else if (str_is(key, "expect_all")) {
		parse_expect_all(p, value, out);
	} else if (str_is(key, "hold")) {
		out->act = ACT_HOLD;
		out->hold = duration(p, value);
	} else if (str_is(key, "close")) {
		parse_close(p, value, out);
	} else {
		unknown_key(p, item, 0, names);
	}
}

void dialog_parse(struct arena *arena, const struct node *node, const struct fill *fill,
	int64_t timeout, struct diags *diags, struct dialog *out)
{
	struct parse p = {arena, fill, timeout, diags};

	*out = (struct dialog){NULL, 0};
	if (!node)
		return;
	if (node->type != NODE_LIST) {
		diag_error(diags, node->span, "'dialog' is a list of what to send and expect");
		return;
	}
	out->items = ARENA_ARRAY(arena, node->count, struct action);
	out->count = node->count;
	for (size_t i = 0; i < node->count; i++)
		parse_action(&p, node->items[i], &out->items[i]);
}

/* The step of `check URL`, made of nodes as if it had been written in a scenario. */
#include <stdio.h>

#include "probe/json.h"

#include "check_private.h"

static struct node *text_node(struct check_run *c, struct str text)
{
	return node_scalar(c->arena, c->span, text);
}

/* A value as it would be written in JSON ("200", "true", "null"), else a string. */
static struct node *value_node(struct check_run *c, struct str text)
{
	struct node *node = text_node(c, text);
	struct value value;

	if (json_parse(c->arena, text, 0, &value, NULL) == 0 && value.type != VALUE_ARRAY &&
		value.type != VALUE_OBJECT) {
		node->value = value;
		node->quoted = value.type == VALUE_STRING;
		if (value.type == VALUE_STRING)
			node->text = value.string;
	}
	return node;
}

static struct node *list_node(struct check_run *c, const struct strs *items)
{
	struct node *list = ARENA_NEW(c->arena, struct node);

	list->type = NODE_LIST;
	list->span = c->span;
	list->count = items->count;
	list->items = ARENA_ARRAY(c->arena, items->count, struct node *);
	for (size_t i = 0; i < items->count; i++)
		list->items[i] = value_node(c, items->items[i]);
	return list;
}

static struct node *map_node(struct check_run *c)
{
	return node_map(c->arena, c->span);
}

static void add(struct check_run *c, struct node *map, const char *key, struct node *value)
{
	node_map_add(c->arena, map, key, value);
}

static void add_text(struct check_run *c, struct node *map, const char *key, struct str text)
{
	if (text.len)
		add(c, map, key, text_node(c, text));
}

/* "$.a" "x" "$.b" "y" becomes {$.a: x, $.b: y}. */
static struct node *json_node(struct check_run *c)
{
	const struct strs *json = &c->cli->options.json;
	struct node *map = map_node(c);

	for (size_t i = 0; i + 1 < json->count; i += 2)
		add(c, map, json->items[i].ptr, value_node(c, json->items[i + 1]));
	return map;
}

/* All of the texts must hold: every pair of the map is a matcher of its own, repeated or not. */
static void add_body(struct check_run *c, struct node *expect)
{
	const struct options *o = &c->cli->options;
	struct node *body = map_node(c);

	for (size_t i = 0; i < o->contains.count; i++)
		add(c, body, "contains", text_node(c, o->contains.items[i]));
	for (size_t i = 0; i < o->matches.count; i++)
		add(c, body, "matches", text_node(c, o->matches.items[i]));
	if (body->count)
		add(c, expect, "body", body);
}

static struct node *expect_node(struct check_run *c)
{
	const struct options *o = &c->cli->options;
	struct node *expect = map_node(c);

	if (o->status.count == 1)
		add(c, expect, "status", value_node(c, o->status.items[0]));
	else if (o->status.count)
		add(c, expect, "status", list_node(c, &o->status));
	if (o->json.count)
		add(c, expect, "json", json_node(c));
	add_body(c, expect);
	return expect->count ? expect : NULL;
}

static struct node *http_body(struct check_run *c, struct str url)
{
	const struct options *o = &c->cli->options;
	struct node *body = map_node(c);

	add_text(c, body, "url", url);
	add_text(c, body, "method",
		o->method.len ? o->method
		: o->data.ptr ? STR("POST")
			      : STR("GET"));
	if (o->data.ptr)
		add(c, body, "body", text_node(c, o->data));
	if (o->location)
		add(c, body, "follow", value_node(c, STR("true")));
	return body;
}

static struct node *websocket_body(struct check_run *c, struct str url)
{
	const struct options *o = &c->cli->options;
	struct node *body = map_node(c), *dialog = ARENA_NEW(c->arena, struct node);

	add_text(c, body, "url", url);
	add_text(c, body, "origin", o->origin);
	if (o->subprotocols.count)
		add(c, body, "subprotocols", list_node(c, &o->subprotocols));
	if (!o->send.ptr && !o->expect.ptr)
		return body;
	dialog->type = NODE_LIST;
	dialog->span = c->span;
	dialog->items = ARENA_ARRAY(c->arena, 3, struct node *);
	if (o->send.ptr) {
		struct node *send = map_node(c);

		add(c, send, "send", text_node(c, o->send));
		dialog->items[dialog->count++] = send;
	}
	if (o->expect.ptr) {
		struct node *turn = map_node(c), *message = map_node(c), *contains = map_node(c);

		add(c, contains, "contains", text_node(c, o->expect));
		add(c, message, "text", contains);
		add(c, turn, "expect", message);
		dialog->items[dialog->count++] = turn;
	}
	struct node *close = map_node(c);

	add(c, close, "close", value_node(c, STR("1000")));
	dialog->items[dialog->count++] = close;
	add(c, body, "dialog", dialog);
	return body;
}

/* grpc://host:port/SERVICE; what the path says is the service. */
static struct str url_service(const struct check_run *c)
{
	struct str path = str_sub(c->url.path, 0, str_find_char(c->url.path, '?'));

	return path.len > 1 ? str_from(path, 1) : STR("");
}

static struct node *address_body(struct check_run *c)
{
	const struct options *o = &c->cli->options;
	struct node *body = map_node(c);
	bool v6 = str_find_char(c->url.host, ':') != SIZE_MAX;

	add_text(c, body, "address",
		str_of(arena_printf(c->arena, v6 ? "[%.*s]:%u" : "%.*s:%u", STR_ARG(c->url.host),
			c->url.port)));
	if (str_starts(c->url.scheme, "grpc")) {
		add_text(c, body, "service", o->service.len ? o->service : url_service(c));
		if (c->url.tls)
			add(c, body, "tls", value_node(c, STR("true")));
	}
	if (str_is(c->url.scheme, "tcp")) {
		if (o->send.ptr)
			add(c, body, "send", text_node(c, o->send));
		if (o->expect.ptr)
			add(c, body, "expect", text_node(c, o->expect));
	}
	return body;
}

/* Headers become a node, so that the plan treats them as it does those of a scenario. */
static struct node *headers_node(struct check_run *c, struct str token)
{
	struct node *map = map_node(c);

	if (token.len)
		add(c, map, "Authorization",
			text_node(
				c, str_of(arena_printf(c->arena, "Bearer %.*s", STR_ARG(token)))));
	return map->count ? map : NULL;
}

void check_fill(struct check_run *c, const struct step_kind *kind, struct str url, struct str token)
{
	const struct options *o = &c->cli->options;
	struct step_source *step = &c->step;

	step->kind = kind;
	step->node = map_node(c);
	step->name = url_masked(c->arena, url);
	step->name_span = c->span;
	step->dir = ".";
	if (strcmp(kind->name, "http") == 0)
		step->body = http_body(c, url);
	else if (strcmp(kind->name, "websocket") == 0)
		step->body = websocket_body(c, url);
	else
		step->body = address_body(c);
	step->expect = expect_node(c);
	step->headers = headers_node(c, token);
	if (o->wait) {
		struct node *retry = map_node(c);
		char text[32];

		snprintf(text, sizeof(text), "%lldns", (long long)o->wait);
		add(c, retry, "for", text_node(c, str_of(arena_strdup(c->arena, text))));
		if (o->every) {
			snprintf(text, sizeof(text), "%lldns", (long long)o->every);
			add(c, retry, "every", text_node(c, str_of(arena_strdup(c->arena, text))));
		}
		step->retry = retry;
	}
	if (o->stable)
		step->stable =
			value_node(c, str_of(arena_printf(c->arena, "%lld", (long long)o->stable)));
	c->scenario = (struct scenario){
		.arena = c->arena,
		.file = "check",
		.dir = ".",
		.name = "check",
		.steps = step,
		.step_count = 1,
	};
}

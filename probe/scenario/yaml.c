#include "probe/yaml.h"

#include <libfyaml.h>
#include <stdlib.h>

#include "probe/json.h"
#include "yaml_private.h"

/*
 * The library's event stream is read, not its document: events know their place, need no stack of
 * their own, and nothing is built beyond the budget. An alias costs as many nodes as it stands for,
 * but shares them: what it names is read-only.
 */

/* One open list or map. */
struct frame {
	struct node *node;
	struct node *key; /* map: waits for its value */
	size_t capacity;
	size_t weight;   /* nodes below and with this one, aliases counted in full */
	unsigned height; /* levels below and with this one */
	size_t anchor;   /* index + 1 of its anchor; 0: none */
};

struct anchor {
	struct str name;
	struct node *node;
	size_t weight;
	unsigned height;
	bool open; /* still being read: an alias to it would never end */
};

struct loader {
	struct arena *arena;
	const struct source *source;
	struct yaml_places places;
	struct diags *diags;
	struct node *root;
	struct frame frames[YAML_DEPTH_MAX + 1];
	unsigned depth;
	size_t nodes;
	struct anchor *anchors;
	size_t anchor_count, anchor_capacity;
	size_t documents;
	struct span at; /* of the last event that had a place */
	bool stop;
};

static void loader_fail(struct loader *l, struct span span, const char *message)
{
	diag_error(l->diags, span, "%s", message);
	l->stop = true;
}

static struct str token_text(struct loader *l, struct fy_token *token)
{
	size_t len = 0;
	const char *text = token ? fy_token_get_text(token, &len) : NULL;

	return arena_str(l->arena, (struct str){text ? text : "", text ? len : 0});
}

static struct str scalar_text(struct loader *l, struct fy_event *event)
{
	struct fy_token *value = event->scalar.value;
	const struct fy_mark *from, *to;

	if (!value || fy_token_scalar_style(value) != FYSS_SINGLE_QUOTED)
		return token_text(l, value);
	from = fy_event_start_mark(event);
	to = fy_event_end_mark(event);
	return yaml_single_quoted(l->arena,
		str_sub(l->source->text, from->input_pos, to->input_pos - from->input_pos));
}

/* The place of an event; of what stood before it when it has none (an empty value). */
static struct span event_span(struct loader *l, struct fy_event *event, size_t *offset)
{
	const struct fy_mark *from = fy_event_start_mark(event), *to = fy_event_end_mark(event);
	size_t quote = 0;

	if (!from || !to)
		return l->at;
	*offset = from->input_pos;
	/* Marks of quoted scalars leave out the quotes. */
	if (event->type == FYET_SCALAR && event->scalar.value) {
		enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);

		quote = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	}
	l->at = yaml_span(&l->places, from->input_pos - quote, to->input_pos + quote,
		(uint32_t)from->line + 1);
	return l->at;
}

static bool loader_charge(struct loader *l, struct span span, size_t weight, unsigned height)
{
	if (l->depth + height > YAML_DEPTH_MAX) {
		diag_error(l->diags, span, "nested deeper than %d levels", YAML_DEPTH_MAX);
		l->stop = true;
	} else if (weight > YAML_NODES_MAX - l->nodes) {
		diag_error(l->diags, span,
			"more than %d keys and values, counting those that aliases stand for; "
			"split the file with 'include'",
			YAML_NODES_MAX);
		l->stop = true;
	} else {
		l->nodes += weight;
	}
	return !l->stop;
}

static size_t anchor_add(struct loader *l, struct fy_token *token, struct node *node, bool open)
{
	if (!token)
		return 0;
	l->anchors = arena_grow(
		l->arena, l->anchors, l->anchor_count, &l->anchor_capacity, sizeof(l->anchors[0]));
	l->anchors[l->anchor_count] = (struct anchor){token_text(l, token), node, 1, 1, open};
	return ++l->anchor_count;
}

static void map_add(struct loader *l, struct frame *frame, struct node *value)
{
	struct node *map = frame->node, *key = frame->key;

	frame->key = NULL;
	for (size_t i = 0; i < map->count; i++) {
		const struct node *known = map->pairs[i].key;

		if (str_equal(known->text, key->text)) {
			diag_error(l->diags, key->span,
				"key '%.*s' is here twice, first in line %u", STR_ARG(key->text),
				known->span.line);
			return;
		}
	}
	map->pairs = arena_grow(
		l->arena, map->pairs, map->count, &frame->capacity, sizeof(map->pairs[0]));
	map->pairs[map->count++] = (struct node_pair){key, value};
	/* A block map begins where its first key does: underline the key. */
	if (map->count == 1 && map->span.line == key->span.line &&
		map->span.column == key->span.column)
		map->span = key->span;
}

/* Puts a finished node where it belongs. */
static void loader_put(struct loader *l, struct node *node, size_t weight, unsigned height)
{
	if (!l->depth) {
		l->root = node;
		return;
	}
	struct frame *frame = &l->frames[l->depth - 1];

	frame->weight += weight;
	if (frame->height < height + 1)
		frame->height = height + 1;
	if (frame->node->type == NODE_LIST) {
		frame->node->items = arena_grow(l->arena, frame->node->items, frame->node->count,
			&frame->capacity, sizeof(struct node *));
		frame->node->items[frame->node->count++] = node;
	} else if (frame->key) {
		map_add(l, frame, node);
	} else if (node->type == NODE_SCALAR) {
		frame->key = node;
	} else {
		loader_fail(l, node->span, "a key must be a text, not a list or map");
	}
}

static bool tag_known(struct str tag, const char *name)
{
	return str_starts(tag, "tag:yaml.org,2002:") && str_ends(tag, name);
}

/* Sets the scalar's value; `!!str` makes a string of anything. */
static void scalar_value(struct loader *l, struct node *node, struct fy_token *tag)
{
	struct str name = tag ? token_text(l, tag) : STR("");

	if (node->quoted || tag_known(name, ":str") || str_is(name, "!"))
		node->value = value_string(node->text);
	else
		node->value = yaml_scalar(node->text);
}

static void check_tag(struct loader *l, struct fy_token *token, struct span span)
{
	static const char *const known[] = {
		"", "!", ":str", ":int", ":float", ":bool", ":null", ":seq", ":map", NULL};
	struct str tag = token ? token_text(l, token) : STR("");

	for (size_t i = 0; known[i]; i++)
		if (i < 2 ? str_is(tag, known[i]) : tag_known(tag, known[i]))
			return;
	diag_error(l->diags, span, "unknown tag '%.*s'; leave it out", STR_ARG(tag));
}

static void on_scalar(struct loader *l, struct fy_event *event)
{
	struct node *node = ARENA_NEW(l->arena, struct node);
	struct fy_token *value = event->scalar.value;

	node->span = event_span(l, event, &node->offset);
	if (!loader_charge(l, node->span, 1, 0))
		return;
	node->type = NODE_SCALAR;
	node->text = scalar_text(l, event);
	node->quoted = value && fy_token_scalar_style(value) != FYSS_PLAIN;
	check_tag(l, event->scalar.tag, node->span);
	scalar_value(l, node, event->scalar.tag);
	/* Nothing is written there: what is wrong with it is told at its key. */
	if (!node->text.len && !node->quoted && l->depth && l->frames[l->depth - 1].key)
		node->span = l->frames[l->depth - 1].key->span;
	anchor_add(l, event->scalar.anchor, node, false);
	loader_put(l, node, 1, 0);
}

static void on_open(
	struct loader *l, struct fy_event *event, enum node_type type, struct fy_token *anchor)
{
	struct node *node = ARENA_NEW(l->arena, struct node);

	node->type = type;
	node->span = event_span(l, event, &node->offset);
	if (!loader_charge(l, node->span, 1, 1))
		return;
	if (l->depth && l->frames[l->depth - 1].node->type == NODE_MAP &&
		!l->frames[l->depth - 1].key) {
		loader_fail(l, node->span, "a key must be a text, not a list or map");
		return;
	}
	l->frames[l->depth++] = (struct frame){.node = node,
		.weight = 1,
		.height = 1,
		.anchor = anchor_add(l, anchor, node, true)};
}

static void on_close(struct loader *l)
{
	struct frame *frame = &l->frames[--l->depth];

	if (frame->node->type == NODE_MAP)
		yaml_merge(l->arena, frame->node, l->diags);
	if (frame->anchor) {
		struct anchor *anchor = &l->anchors[frame->anchor - 1];

		anchor->open = false;
		anchor->weight = frame->weight;
		anchor->height = frame->height;
	}
	loader_put(l, frame->node, frame->weight, frame->height);
}

static void on_alias(struct loader *l, struct fy_event *event)
{
	size_t offset;
	struct span span = event_span(l, event, &offset);
	struct str name = token_text(l, event->alias.anchor);

	for (size_t i = l->anchor_count; i-- > 0;) {
		const struct anchor *anchor = &l->anchors[i];

		if (!str_equal(anchor->name, name))
			continue;
		if (anchor->open)
			loader_fail(l, span, "the alias stands inside what it names");
		else if (loader_charge(l, span, anchor->weight, anchor->height))
			loader_put(l, anchor->node, anchor->weight, anchor->height);
		return;
	}
	diag_error(l->diags, span, "unknown anchor '%.*s': no '&%.*s' before this line",
		STR_ARG(name), STR_ARG(name));
	l->stop = true;
}

static void on_event(struct loader *l, struct fy_event *event)
{
	switch (event->type) {
	case FYET_SCALAR: on_scalar(l, event); break;
	case FYET_SEQUENCE_START:
		on_open(l, event, NODE_LIST, event->sequence_start.anchor);
		if (!l->stop)
			check_tag(l, event->sequence_start.tag, l->at);
		break;
	case FYET_MAPPING_START:
		on_open(l, event, NODE_MAP, event->mapping_start.anchor);
		if (!l->stop)
			check_tag(l, event->mapping_start.tag, l->at);
		break;
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END: on_close(l); break;
	case FYET_ALIAS: on_alias(l, event); break;
	case FYET_DOCUMENT_START:
		if (l->documents++) {
			size_t offset;

			loader_fail(l, event_span(l, event, &offset),
				"a second document begins here; a file holds one");
		}
		break;
	default: break;
	}
}

/* The library's first error; those after it are its echo. */
static void report_syntax(struct loader *l, struct fy_diag *diag)
{
	void *iter = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iter);
	struct str rest = l->source->text, line;
	size_t offset = 0;
	struct span span = {l->source, 1, 1, 1};

	if (!error) {
		diag_error(l->diags, span, "this is not YAML");
		return;
	}
	for (int i = 1; i < error->line && str_line(&rest, &line); i++)
		;
	offset = (size_t)(rest.ptr - l->source->text.ptr);
	for (int i = 1; i < error->column && offset < l->source->text.len; i++)
		utf8_next(l->source->text, &offset);
	span.line = error->line > 0 ? (uint32_t)error->line : 1;
	span.column = error->column > 0 ? (uint32_t)error->column : 1;
	if (strstr(error->msg, "without closing quote") && span.column > 1)
		span.column--;
	/* Where the text ends is no help: what is still open there is. */
	if (offset >= str_trim(l->source->text).len && l->depth)
		span = l->frames[l->depth - 1].node->span;
	diag_error(
		l->diags, span, "%s%s", error->msg, yaml_hint(l->source->text, offset, error->msg));
}

/* The library must not print: errors are collected. */
static void swallow(struct fy_diag *diag, void *user, const char *text, size_t len)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)len;
}

static bool is_json(const struct source *source)
{
	struct str text = str_trim(source->text);
	size_t offset;

	if (str_ends(str_of(source->name), ".json"))
		return true;
	return (str_starts(text, "{") || str_starts(text, "[")) &&
	       json_check(text, 0, &offset, NULL) == 0;
}

static void loader_parse(struct loader *l)
{
	struct fy_diag_cfg config;

	fy_diag_cfg_default(&config);
	config.fp = NULL;
	config.output_fn = swallow;
	config.colorize = false;
	struct fy_diag *diag = fy_diag_create(&config);
	struct fy_parse_cfg parse = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
			 (is_json(l->source) ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE),
		.diag = diag,
	};

	if (!diag)
		die("out of memory");
	fy_diag_set_collect_errors(diag, true);
	struct fy_parser *parser = fy_parser_create(&parse);
	struct fy_event *event;

	if (!parser || fy_parser_set_string(parser, l->source->text.ptr, l->source->text.len))
		die("out of memory");
	while (!l->stop && (event = fy_parser_parse(parser))) {
		on_event(l, event);
		fy_parser_event_free(parser, event);
	}
	if (!l->stop && fy_parser_get_stream_error(parser)) {
		report_syntax(l, diag);
		l->stop = true;
	}
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
}

/* Bytes that no text has: before the library sees them. */
static bool check_bytes(const struct source *source, struct diags *diags)
{
	struct str text = source->text;
	struct span span = {source, 1, 1, 1};

	if (text.len > YAML_BYTES_MAX) {
		span.line = 0;
		diag_error(diags, span, "larger than %d MiB", YAML_BYTES_MAX >> 20);
		return false;
	}
	for (size_t pos = 0; pos < text.len;) {
		size_t start = pos;
		uint32_t code = utf8_next(text, &pos);
		bool replaced =
			code == 0xFFFD &&
			(pos - start != 3 || memcmp(text.ptr + start, "\xEF\xBF\xBD", 3) != 0);

		if (replaced) {
			diag_error(diags, span, "not UTF-8 text (byte 0x%02X)",
				(unsigned char)text.ptr[start]);
			return false;
		}
		if ((code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0x7F) {
			diag_error(diags, span, "a control character (0x%02X) in a text file",
				(unsigned)code);
			return false;
		}
		/* The library may never come back from a directive that it does not know. */
		if (code == '%' && span.column == 1 &&
			!str_starts(str_from(text, start), "%YAML 1.")) {
			diag_error(diags, span, "a YAML directive other than %%YAML 1.2");
			return false;
		}
		span.column++;
		if (code == '\n') {
			span.line++;
			span.column = 1;
		}
	}
	return true;
}

void yaml_load(
	struct arena *arena, const struct source *source, struct node **root, struct diags *diags)
{
	struct loader *l = ARENA_NEW(arena, struct loader);

	*l = (struct loader){.arena = arena,
		.source = source,
		.places = {.source = source},
		.diags = diags,
		.at = {source, 1, 1, 1}};
	*root = NULL;
	if (!check_bytes(source, diags))
		return;
	loader_parse(l);
	if (!l->stop)
		*root = l->root;
}

int yaml_load_file(struct arena *arena, const char *path, struct node **root, struct diags *diags,
	struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	BUF_SCOPED struct buf text;
	FILE *file = standard ? stdin : fopen(path, "re");
	char chunk[16384];
	size_t got;
	struct source *source = ARENA_NEW(arena, struct source);

	*root = NULL;
	buf_init(&text, YAML_BYTES_MAX + sizeof(chunk));
	if (!file)
		return error_set(err, "cannot open '%s': %m", path);
	while (text.len <= YAML_BYTES_MAX && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(&text, chunk, got);
	bool failed = ferror(file);

	if (failed)
		error_set(err, "cannot read '%s': %m", path);
	if (!standard)
		fclose(file);
	if (failed)
		return -1;
	if (text.len > YAML_BYTES_MAX)
		return error_set(err, "'%s' is larger than %d MiB", path, YAML_BYTES_MAX >> 20);
	source->name = standard ? "(standard input)" : arena_strdup(arena, path);
	source->text = arena_str(arena, buf_str(&text));
	yaml_load(arena, source, root, diags);
	return 0;
}

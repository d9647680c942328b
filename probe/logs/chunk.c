/* A chunk: what is read from it and the memory of that, and its lines. */
#include "logs_private.h"

#include <stdlib.h>

#include "probe/error.h"

enum { TEXT_BLOCK = 256 << 10, ORIGINS_MAX = 512 };

char *chunk_memory(struct chunk *c, size_t size)
{
	struct buf *block = c->text_count ? &c->texts[c->text_count - 1] : NULL;

	if (!block || block->max - block->len < size) {
		c->texts = heap_grow(c->texts, c->text_count, &c->text_capacity, sizeof(*c->texts));
		block = &c->texts[c->text_count++];
		buf_init(block, size > TEXT_BLOCK ? size : TEXT_BLOCK);
		/* Reserved whole: what was given out must not move. */
		if (!buf_reserve(block, block->max))
			die("out of memory for %zu bytes", block->max);
	}
	char *out = block->data + block->len;

	block->len += size;
	return out;
}

struct str chunk_concat(struct chunk *c, const struct str *texts, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += texts[i].len;
	char *out = chunk_memory(c, len + 1), *at = out;

	for (size_t i = 0; i < count; i++) {
		memcpy(at, texts[i].ptr, texts[i].len);
		at += texts[i].len;
	}
	return (struct str){out, len};
}

struct raw *chunk_raw(struct chunk *c)
{
	c->raws = heap_grow(c->raws, c->raw_count, &c->raw_capacity, sizeof(*c->raws));
	struct raw *r = &c->raws[c->raw_count++];

	*r = (struct raw){.time = TIME_NONE, .status = -1};
	return r;
}

struct detail *chunk_detail(struct chunk *c, struct raw *raw)
{
	c->details =
		heap_grow(c->details, c->detail_count, &c->detail_capacity, sizeof(*c->details));
	struct detail *d = &c->details[c->detail_count++];

	struct str none = STR("");

	*d = (struct detail){.raw = (uint32_t)(raw - c->raws),
		.text = none,
		.log = none,
		.trace = none,
		.location = none,
		.error_type = none,
		.error_message = none,
		.error_stack = none,
		.http = {.method = none, .url = none, .status = -1, .latency = TIME_NONE}};
	raw->detail = (uint32_t)c->detail_count;
	return d;
}

/* A place for an origin among those found lately, by a few of its bytes. */
static size_t origin_slot(struct str instance, struct str service)
{
	uint64_t tail = 0;
	size_t len = instance.len < sizeof(tail) ? instance.len : sizeof(tail);

	if (len)
		memcpy(&tail, instance.ptr + instance.len - len, len);
	return (tail ^ service.len) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - ORIGIN_BITS);
}

static bool origin_is(
	const struct origin *o, struct str instance, struct str revision, struct str service)
{
	return str_equal(o->instance, instance) && str_equal(o->revision, revision) &&
	       str_equal(o->service, service);
}

static uint32_t origin_find(
	struct chunk *c, struct str instance, struct str revision, struct str service)
{
	uint64_t hash = hash_str(instance, 11) ^ hash_str(revision, 12) ^ hash_str(service, 13);

	for (uint32_t i = 0; i < c->origin_count; i++)
		if (c->origins[i].hash == hash)
			return i;
	if (c->origin_count >= ORIGINS_MAX)
		return 0;
	c->origins =
		heap_grow(c->origins, c->origin_count, &c->origin_capacity, sizeof(*c->origins));
	c->origins[c->origin_count] = (struct origin){
		.hash = hash, .instance = instance, .revision = revision, .service = service};
	return (uint32_t)c->origin_count++;
}

uint32_t chunk_origin(struct chunk *c, struct str instance, struct str revision, struct str service)
{
	uint16_t *found = &c->found[origin_slot(instance, service)];

	if (*found >= c->origin_count ||
		!origin_is(&c->origins[*found], instance, revision, service))
		*found = (uint16_t)origin_find(c, instance, revision, service);
	return *found;
}

void chunk_line_end(struct chunk *c, size_t at)
{
	c->line_ends =
		heap_grow(c->line_ends, c->line_count, &c->line_capacity, sizeof(*c->line_ends));
	c->line_ends[c->line_count++] = (uint32_t)at;
}

/* The next line of the chunk, whose end is known as a rule. */
static bool next_line(const struct chunk *c, size_t number, struct str *rest, struct str *line)
{
	if (number >= c->line_count)
		return str_line(rest, line);
	size_t from = (size_t)(rest->ptr - c->data), end = c->line_ends[number];

	*line = (struct str){rest->ptr, end - from};
	*rest = str_from(*rest, end + 1 - from);
	if (line->len && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* A JSON object fills its line. */
static void read_lines(struct chunk *c)
{
	struct str rest = {c->data, c->len}, line;

	for (size_t i = 0; next_line(c, i, &rest, &line); i++) {
		if (line.len > LOG_LINE_MAX) {
			line.len = LOG_LINE_MAX;
			c->cut_lines++;
		}
		chunk_line(c, line);
	}
}

/* A run of JSON values, with what stands between them in arrays and objects: commas, keys,
 * brackets. */
static void read_json(struct chunk *c)
{
	const char *p = c->data, *end = p + c->len;

	while (p < end) {
		if (*p == '{') {
			const char *after = chunk_object(c, p, end, c->kind == CHUNK_JSON_WRAPPED);

			p = after ? after : p + 1;
		} else if (*p == '"') {
			const char *after = json_skip(p, end);

			p = after ? after : end;
		} else {
			p++;
		}
	}
}

void chunk_read(struct chunk *c, struct chunk_tools *tools)
{
	for (size_t i = 0; i < PARTIALS; i++)
		buf_init(&c->partials[i].text, LOG_LINE_MAX);
	tools->judge = judge_memory_begin(tools->judge);
	c->tools = tools;
	if (c->format != LOG_TEXT && c->format != LOG_LINES) {
		if (!tools->layouts)
			tools->layouts = json_layouts_new();
		memset(c->data + c->len, '"', JSON_MARGIN);
		json_layouts_readable(tools->layouts, (struct str){c->data, c->len});
	}
	chunk_origin(c, str_of(c->instance), STR(""), STR(""));
	if (c->kind == CHUNK_LINES)
		read_lines(c);
	else
		read_json(c);
	for (size_t i = 0; i < PARTIALS; i++) {
		struct partial *p = &c->partials[i];

		/* The rest of it never came. */
		if (p->open)
			chunk_body(c, buf_str(&p->text), p->time, 0, p->stream);
	}
}

void chunk_clear(struct chunk *c)
{
	for (size_t i = 0; i < c->text_count; i++)
		buf_release(&c->texts[i]);
	c->line_count = c->text_count = c->raw_count = c->detail_count = c->origin_count = 0;
	c->cut_lines = 0;
	c->nano = c->stamped = false;
	c->below = (struct below){0};
	c->len = 0;
	for (size_t i = 0; i < PARTIALS; i++) {
		buf_release(&c->partials[i].text);
		c->partials[i].open = false;
	}
	c->parts = 0;
}

void chunk_release(struct chunk *c)
{
	chunk_clear(c);
	free(c->texts);
	free(c->raws);
	free(c->details);
	free(c->origins);
	free(c->line_ends);
	free(c->data);
	*c = (struct chunk){0};
}

void chunk_tools_release(struct chunk_tools *tools)
{
	free(tools->layouts);
	free(tools->judge);
	*tools = (struct chunk_tools){0};
}

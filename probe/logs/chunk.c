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

uint32_t chunk_origin(struct chunk *c, struct str instance, struct str revision, struct str service)
{
	uint64_t hash = hash_str(instance, 11) ^ hash_str(revision, 12) ^ hash_str(service, 13);

	if (c->origin_count && c->origins[c->last_origin].hash == hash)
		return c->last_origin;
	for (uint32_t i = 0; i < c->origin_count; i++)
		if (c->origins[i].hash == hash)
			return c->last_origin = i;
	if (c->origin_count >= ORIGINS_MAX)
		return c->last_origin = 0;
	c->origins =
		heap_grow(c->origins, c->origin_count, &c->origin_capacity, sizeof(*c->origins));
	c->origins[c->origin_count] = (struct origin){
		.hash = hash, .instance = instance, .revision = revision, .service = service};
	return c->last_origin = (uint32_t)c->origin_count++;
}

/* Splits the chunk into lines; a JSON object fills its line. */
static void read_lines(struct chunk *c)
{
	struct str rest = {c->data, c->len}, line;

	while (str_line(&rest, &line)) {
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

void chunk_read(struct chunk *c)
{
	for (size_t i = 0; i < PARTIALS; i++)
		buf_init(&c->partials[i].text, LOG_LINE_MAX);
	if (!c->layouts && c->format != LOG_TEXT && c->format != LOG_LINES)
		c->layouts = json_layouts_new();
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
	c->text_count = c->raw_count = c->detail_count = c->origin_count = 0;
	c->last_origin = 0;
	c->cut_lines = 0;
	c->nano = c->stamped = false;
	c->below = (struct below){0};
	c->len = 0;
	for (size_t i = 0; i < PARTIALS; i++) {
		buf_release(&c->partials[i].text);
		c->partials[i].open = false;
	}
	c->parts = 0;
	chunk_judge_clear(c);
}

void chunk_release(struct chunk *c)
{
	chunk_clear(c);
	free(c->texts);
	free(c->raws);
	free(c->details);
	free(c->origins);
	free(c->layouts);
	free(c->judge);
	free(c->data);
	*c = (struct chunk){0};
}

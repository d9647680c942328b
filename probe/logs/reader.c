/*
 * Cuts the bytes of a document into chunks that can be read apart from each other: between lines, or
 * between the values of JSON that spans lines. Only what is needed for that is looked at here.
 */
#include "decoder.h"
#include "logs_private.h"
#include "records.h"

#include <stdlib.h>

#include "probe/error.h"

struct reader {
	struct reader_options options;
	struct pool *pool;
	struct chunk *chunk;     /* being filled */
	size_t at;               /* up to here the chunk was looked at */
	size_t safe;             /* up to here it may be cut (lines) */
	bool json;               /* inside JSON that spans lines */
	size_t depth;            /* brackets open around the values */
	bool wrapped;            /* one of them an object's */
	bool skipping;           /* the rest of a line that is too long */
	int64_t cut;             /* such lines and strings, for the next chunk */
	bool dropping;           /* the rest of a string that is too long */
	bool escape;             /* ... its next byte is escaped */
	size_t submitted;        /* bytes */
	struct records *records; /* rewrites what is no lines; NULL: nothing (more) to do */
	struct decoder decoder;
	char *tail; /* of a chunk, on its way into the next one */
	size_t tail_size;
};

/* Keeps what follows the first `len` bytes, as they and their chunk may be gone soon. */
static void keep_tail(struct reader *r, size_t len)
{
	const struct chunk *c = r->chunk;
	size_t rest = c->len - len;

	if (rest > r->tail_size) {
		free(r->tail);
		r->tail_size = rest > CHUNK_SIZE ? CHUNK_MAX : CHUNK_SIZE;
		r->tail = malloc(r->tail_size);
		if (!r->tail)
			die("out of memory for %zu bytes", r->tail_size);
	}
	if (rest)
		memcpy(r->tail, c->data + len, rest);
}

/* Hands over the first `len` bytes; the rest begins the next chunk. */
static void submit(struct reader *r, size_t len, bool json)
{
	struct chunk *c = r->chunk;
	size_t rest = c->len - len;

	if (len == 0)
		return;
	keep_tail(r, len);
	/* Parts of a line that goes on are looked at again. */
	while (c->line_count && c->line_ends[c->line_count - 1] >= len)
		c->line_count--;
	c->len = len;
	c->kind = !json ? CHUNK_LINES : r->wrapped ? CHUNK_JSON_WRAPPED : CHUNK_JSON;
	c->format = r->options.format;
	c->traces = r->options.traces;
	c->instance = r->options.instance;
	c->seed = r->options.seed;
	c->everything = r->options.everything || r->submitted < READER_QUIET;
	c->cut_lines = r->cut;
	r->cut = 0;
	r->submitted += len;
	pool_submit(r->pool, c);
	r->chunk = pool_chunk(r->pool);
	if (rest)
		memcpy(r->chunk->data, r->tail, rest);
	r->chunk->len = rest;
	r->at = r->safe = 0;
}

static void drop_front(struct reader *r, size_t len)
{
	memmove(r->chunk->data, r->chunk->data + len, r->chunk->len - len);
	r->chunk->len -= len;
	r->at = r->safe = 0;
}

/* A line of a container runtime that goes on in the next one: "TIME stdout P text". */
static bool is_partial(const char *line, size_t len)
{
	/* The same of docker: {"log":"text without \n","stream" ... */
	if (len > 8 && memcmp(line, "{\"log\":\"", 8) == 0)
		return !memmem(line, len, "\\n\",\"", 5);
	const char *blank =
		len > 24 && is_digit(*line) ? memchr(line, ' ', 40 < len ? 40 : len) : NULL;
	size_t left = blank ? len - (size_t)(blank - line) : 0;

	return left > 10 && memcmp(blank, " std", 4) == 0 && memcmp(blank + 7, " P", 2) == 0;
}

/* Drops the rest of a string of JSON that is too long, so that the value at `at` can end. */
static bool drop_string(struct reader *r, size_t at)
{
	struct chunk *c = r->chunk;
	size_t kept = string_cut(c->data + at, c->data + c->len, &r->escape);

	if (!kept)
		return false;
	c->len = at + kept;
	r->cut++;
	return r->dropping = true;
}

enum verdict { NO, YES, WAIT };

/* Whether JSON that spans lines begins at p. */
static enum verdict opens_json(const char *p, const char *end, bool final)
{
	const char *next = json_blank(p + 1, end);

	if (next >= end)
		return final ? NO : WAIT;
	if (*p == '{')
		return *next == '"' || *next == '}' ? YES : NO;
	return *next == '{' || (*next == ']' && next > p + 1) ? YES : NO;
}

/* A line of an object laid out over lines ends in what asks for more; others are whole, or broken. */
static bool asks_for_more(const char *p, const char *newline)
{
	if (newline > p && newline[-1] == '}')
		return false;
	while (newline > p && (unsigned char)newline[-1] <= ' ')
		newline--;
	return memchr("{[,", newline[-1], 3) != NULL;
}

/* An object at p whose line has no end yet: the line is short so far, or what makes it long can go. */
static bool may_end_later(struct reader *r, const char *p)
{
	return r->chunk->len - r->at < LOG_LINE_MAX || drop_string(r, (size_t)(p - r->chunk->data));
}

/* Whether the line from p to its end begins JSON that goes on after it; WAIT: more must be seen. */
static enum verdict line_opens(struct reader *r, const char *p, const char *newline, bool final)
{
	const char *end = r->chunk->data + r->chunk->len;

	if (r->options.format == LOG_TEXT || r->options.format == LOG_LINES)
		return NO;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p >= end || (*p != '{' && *p != '['))
		return NO;
	if (newline && !asks_for_more(p, newline))
		return NO;
	if (!newline && *p == '{' && !final && may_end_later(r, p))
		return WAIT;
	return opens_json(p, end, final);
}

/* A line without end that is too long: its beginning is kept, the rest goes. */
static void cut_line(struct reader *r)
{
	struct chunk *c = r->chunk;

	r->cut++;
	r->skipping = true;
	c->len = r->at + LOG_LINE_MAX;
	c->data[c->len++] = '\n';
	submit(r, c->len, false);
	r->at = 0;
}

/* Walks lines; true: the mode changed and something is left to look at. */
static bool walk_lines(struct reader *r, bool final)
{
	for (;;) {
		struct chunk *c = r->chunk;
		char *p = c->data + r->at, *end = c->data + c->len;
		char *newline = r->at < c->len ? memchr(p, '\n', (size_t)(end - p)) : NULL;

		if (r->skipping) {
			drop_front(r, newline ? (size_t)(newline - c->data) + 1 : c->len);
			if (!newline)
				return false;
			r->skipping = false;
			continue;
		}
		if (p >= end)
			return false;
		enum verdict opens = line_opens(r, p, newline, final);

		if (opens == WAIT)
			return false;
		if (opens == YES) {
			submit(r, r->at, false);
			r->json = true;
			r->wrapped = false;
			r->depth = 0;
			return true;
		}
		if (!newline) {
			if (end - p > LOG_LINE_MAX)
				cut_line(r);
			return false;
		}
		chunk_line_end(c, (size_t)(newline - c->data));
		r->at = (size_t)(newline - c->data) + 1;
		if (!is_partial(p, (size_t)(newline - p)))
			r->safe = r->at;
	}
}

/* JSON ends here: what follows are lines again. */
static bool leave_json(struct reader *r)
{
	submit(r, r->at, true);
	r->json = r->wrapped = false;
	r->depth = 0;
	r->at = 0;
	return true;
}

/* An object or string whose end is not there: wait, go into it, or give up. */
static bool walk_open(struct reader *r, bool final, bool *again)
{
	struct chunk *c = r->chunk;
	bool object = c->data[r->at] == '{';

	*again = true;
	if (!final && (c->len - r->at < LOG_LINE_MAX || drop_string(r, r->at))) {
		submit(r, r->at, true);
		*again = false;
		return false;
	}
	if (object && !final && r->depth < JSON_NESTING_MAX) {
		submit(r, r->at, true);
		r->wrapped = true;
		r->depth++;
		r->at++;
		return false;
	}
	if (object && final && chunk_close(c, r->at) &&
		json_skip(c->data + r->at, c->data + c->len)) {
		r->cut++;
		return false;
	}
	/* A string without end is text that is too long. What ends before the array around
	 * it does was cut off with the file. */
	bool inside = r->depth > 0;

	leave_json(r);
	r->skipping = true;
	r->cut++;
	if (final && inside) {
		r->chunk->len = 0;
	}
	return true;
}

/* A bracket that closes; true when the document is over. */
static void walk_close(struct reader *r)
{
	r->at++;
	if (r->depth > 0)
		r->depth--;
	if (r->depth == 0 && r->wrapped) {
		submit(r, r->at, true);
		r->wrapped = false;
	}
}

/* Walks the values of JSON; true: lines follow. */
static bool walk_json(struct reader *r, bool final)
{
	for (;;) {
		struct chunk *c = r->chunk;
		const char *end = c->data + c->len, *p = json_blank(c->data + r->at, end);
		const char *after;
		bool again;

		r->at = (size_t)(p - c->data);
		if (p >= end)
			return false;
		switch (*p) {
		case '{':
		case '"':
			if (r->depth == 0 && *p == '"')
				return leave_json(r);
			after = r->depth > 0 && *p == '{' ? json_run(p, end) : json_skip(p, end);
			if (after) {
				r->at = (size_t)(after - c->data);
			} else {
				if (walk_open(r, final, &again))
					return true;
				if (!again)
					return false;
			}
			break;
		case '[':
			r->depth++;
			r->at++;
			break;
		case ']':
		case '}':
			if (r->depth == 0)
				return leave_json(r);
			walk_close(r);
			break;
		default:
			if (r->depth == 0)
				return leave_json(r);
			r->at++;
		}
	}
}

/* The last chunk, empty if need be to say what was cut. */
static void submit_last(struct reader *r)
{
	if (r->chunk->len == 0 && r->cut)
		r->chunk->data[r->chunk->len++] = '\n';
	submit(r, r->chunk->len, false);
}

/* Looks at what came and hands over what can be cut. */
static void look(struct reader *r, bool final)
{
	while (r->json ? walk_json(r, final) : walk_lines(r, final))
		;
	if (r->json)
		submit(r, final ? r->chunk->len : r->at, true);
	else if (final)
		submit_last(r);
	else
		submit(r, r->safe ? r->safe : r->at, false);
}

/* Bytes that are missing until the chunk is looked at: the same however they come, so that it is always
 * cut at the same places. */
static size_t room(const struct reader *r)
{
	size_t used = r->chunk->len, next = used - used % CHUNK_SIZE + CHUNK_SIZE;

	return (next < CHUNK_MAX ? next : CHUNK_MAX - 1) - used;
}

/* So many bytes came. */
static void filled(struct reader *r, size_t len)
{
	bool enough = len == room(r);

	r->chunk->len += len;
	if (enough)
		look(r, false);
	/* Nothing is that long. */
	if (room(r) == 0)
		die("a log of which %zu bytes are neither a line nor JSON", r->chunk->len);
}

/* Text on its way into chunks. */
static void put_text(void *ctx, const char *bytes, size_t len)
{
	struct reader *r = ctx;

	while (len > 0) {
		if (r->dropping) {
			bool closed;
			size_t dropped = string_drop(bytes, len, &r->escape, &closed);

			r->dropping = !closed;
			bytes += dropped;
			len -= dropped;
			continue;
		}
		size_t part = room(r);

		if (part > len)
			part = len;
		memcpy(r->chunk->data + r->chunk->len, bytes, part);
		filled(r, part);
		bytes += part;
		len -= part;
	}
}

/* Text of the document, as it is in there. */
static void put(void *ctx, const char *bytes, size_t len)
{
	struct reader *r = ctx;

	if (!r->records) {
		put_text(r, bytes, len);
	} else if (!records_feed(r->records, bytes, len)) {
		records_free(r->records);
		r->records = NULL;
	}
}

void reader_feed(struct reader *r, struct str bytes)
{
	decoder_feed(&r->decoder, bytes.ptr, bytes.len);
}

char *reader_room(struct reader *r, size_t *len)
{
	if (r->decoder.encoding != ENCODING_UTF8 || r->records || r->dropping)
		return NULL;
	*len = room(r);
	return r->chunk->data + r->chunk->len;
}

void reader_filled(struct reader *r, size_t len)
{
	filled(r, len);
}

void reader_run(struct reader *r, bool (*more)(void *ctx), void *ctx)
{
	pool_run(r->pool, more, ctx);
}

struct reader *reader_new(const struct reader_options *options)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		die("out of memory for %zu bytes", sizeof(*r));
	r->options = *options;
	r->pool = pool_new(options->merge, options->ctx, options->one_thread);
	r->chunk = pool_chunk(r->pool);
	decoder_init(&r->decoder, put, r);
	if (options->format == LOG_AUTO)
		r->records = records_new(put_text, r);
	return r;
}

void reader_end(struct reader *r)
{
	decoder_end(&r->decoder);
	if (r->records)
		records_end(r->records);
	records_free(r->records);
	r->records = NULL;
	look(r, true);
	pool_drain(r->pool);
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	pool_free(r->pool);
	records_free(r->records);
	free(r->tail);
	free(r);
}

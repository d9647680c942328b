/*
 * Cuts the bytes of a document into chunks that can be read apart from each other: between lines, or
 * between the values of JSON that spans lines. Only what is needed for that is looked at here.
 */
#include "logs_private.h"
#include "records.h"

#include <stdlib.h>

#include "probe/error.h"

enum encoding { ENCODING_UNKNOWN, ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE };

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
	enum encoding encoding;
	unsigned char held[4]; /* bytes of a unit not yet whole */
	size_t held_len;
	uint32_t surrogate;
};

struct reader *reader_new(const struct reader_options *options)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		die("out of memory for %zu bytes", sizeof(*r));
	r->options = *options;
	r->pool = pool_new(options->merge, options->ctx, options->one_thread);
	r->chunk = pool_chunk(r->pool);
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	pool_free(r->pool);
	records_free(r->records);
	free(r);
}

/* Hands over the first `len` bytes; the rest begins the next chunk. */
static void submit(struct reader *r, size_t len, bool json)
{
	struct chunk *c = r->chunk;
	size_t rest = c->len - len;
	char *tail = NULL;

	if (len == 0)
		return;
	if (rest) {
		tail = malloc(rest);
		if (!tail)
			die("out of memory for %zu bytes", rest);
		memcpy(tail, c->data + len, rest);
	}
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
		memcpy(r->chunk->data, tail, rest);
	free(tail);
	r->chunk->len = rest;
	r->at -= len < r->at ? len : r->at;
	r->safe = 0;
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
	const char *blank = len > 24 ? memchr(line, ' ', 40 < len ? 40 : len) : NULL;
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
	while (newline > p && (unsigned char)newline[-1] <= ' ')
		newline--;
	return memchr("{[,", newline[-1], 3) != NULL;
}

/* An object whose line has no end yet: it is short so far, or what makes it long can go. */
static bool may_end_later(struct reader *r, const char *p, const char *end)
{
	return end - p < LOG_LINE_MAX || drop_string(r, (size_t)(p - r->chunk->data));
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
	if (!newline && *p == '{' && !final && may_end_later(r, p, end))
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
	if (object && final && chunk_close(c, r->at)) {
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
			after = json_skip(p, end);
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
		size_t room = CHUNK_MAX - 1 - r->chunk->len, part = len < room ? len : room;

		if (part > 256 << 10)
			part = 256 << 10;
		memcpy(r->chunk->data + r->chunk->len, bytes, part);
		r->chunk->len += part;
		bytes += part;
		len -= part;
		if (r->chunk->len >= CHUNK_SIZE)
			look(r, false);
	}
}

/* Text of the document, as it is in there. */
static void put(struct reader *r, const char *bytes, size_t len)
{
	if (!r->records) {
		put_text(r, bytes, len);
	} else if (!records_feed(r->records, bytes, len)) {
		records_free(r->records);
		r->records = NULL;
	}
}

/* One UTF-16 unit; halves of pairs wait for each other. */
static size_t put_unit(struct reader *r, uint32_t unit, char out[8])
{
	size_t len = 0;

	if (unit >= 0xDC00 && unit < 0xE000 && r->surrogate) {
		unit = 0x10000 + ((r->surrogate - 0xD800) << 10) + (unit - 0xDC00);
		r->surrogate = 0;
	} else if (r->surrogate) {
		len = utf8_put(0xFFFD, out);
		r->surrogate = 0;
	}
	if (unit >= 0xD800 && unit < 0xDC00) {
		r->surrogate = unit;
		return len;
	}
	if (unit >= 0xDC00 && unit < 0xE000)
		unit = 0xFFFD;
	return len + utf8_put(unit, out + len);
}

static void put_utf16(struct reader *r, const unsigned char *bytes, size_t len)
{
	char out[4096];
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		r->held[r->held_len++] = bytes[i];
		if (r->held_len < 2)
			continue;
		uint32_t unit = r->encoding == ENCODING_UTF16LE ? r->held[0] | r->held[1] << 8
								: r->held[0] << 8 | r->held[1];

		r->held_len = 0;
		used += put_unit(r, unit, out + used);
		if (used > sizeof(out) - 8) {
			put(r, out, used);
			used = 0;
		}
	}
	put(r, out, used);
}

/* By the mark of byte order, or by where the zeros are. Returns the bytes of the mark. */
static size_t detect(struct reader *r, const unsigned char *b, size_t len)
{
	r->encoding = ENCODING_UTF8;
	if (len >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF)
		return 3;
	if (len < 2)
		return 0;
	if ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF)) {
		r->encoding = b[0] == 0xFF ? ENCODING_UTF16LE : ENCODING_UTF16BE;
		return 2;
	}
	if (b[0] && !b[1])
		r->encoding = ENCODING_UTF16LE;
	else if (!b[0] && b[1])
		r->encoding = ENCODING_UTF16BE;
	return 0;
}

static void put_encoded(struct reader *r, const unsigned char *bytes, size_t len)
{
	if (r->encoding == ENCODING_UTF8)
		put(r, (const char *)bytes, len);
	else
		put_utf16(r, bytes, len);
}

/* Decides on the encoding with the bytes held so far and passes them on. */
static void begin(struct reader *r)
{
	unsigned char held[4];
	size_t len = r->held_len, mark;

	if (r->options.format == LOG_AUTO)
		r->records = records_new(put_text, r);
	memcpy(held, r->held, sizeof(held));
	r->held_len = 0;
	mark = detect(r, held, len);
	put_encoded(r, held + mark, len - mark);
}

void reader_feed(struct reader *r, struct str bytes)
{
	size_t i = 0;

	while (r->encoding == ENCODING_UNKNOWN && i < bytes.len) {
		r->held[r->held_len++] = (unsigned char)bytes.ptr[i++];
		if (r->held_len == sizeof(r->held))
			begin(r);
	}
	if (i < bytes.len)
		put_encoded(r, (const unsigned char *)bytes.ptr + i, bytes.len - i);
}

void reader_end(struct reader *r)
{
	if (r->encoding == ENCODING_UNKNOWN && r->held_len)
		begin(r);
	if (r->records)
		records_end(r->records);
	records_free(r->records);
	r->records = NULL;
	look(r, true);
	pool_drain(r->pool);
	r->json = r->wrapped = r->skipping = r->dropping = false;
	r->at = r->safe = r->depth = r->held_len = 0;
	r->surrogate = 0;
	r->encoding = ENCODING_UNKNOWN;
}

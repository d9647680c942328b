#include "logs_bytes.h"

#include <string.h>

#include "probe/log_source.h"

struct bytes {
	struct str text;
	size_t piece;
};

static void start(struct log_fetch *fetch)
{
	const struct bytes *b = log_fetch_spec(fetch);
	size_t piece = b->piece ? b->piece : b->text.len;

	for (size_t at = 0; at < b->text.len; at += piece)
		log_fetch_read(fetch, str_sub(b->text, at, piece), NULL);
	log_fetch_done(fetch);
}

static const struct log_source_kind kind = {
	.name = "bytes", .spec_size = sizeof(struct bytes), .start = start};

struct pull {
	struct log_fetch *fetch;
	struct str rest;
	size_t piece;
};

static bool pull_more(void *ctx)
{
	struct pull *p = ctx;
	size_t room, len = p->piece && p->piece < p->rest.len ? p->piece : p->rest.len;
	char *at = log_fetch_room(p->fetch, &room);

	if (len == 0)
		return false;
	if (at && len > room)
		len = room;
	struct str piece = str_sub(p->rest, 0, len);

	p->rest = str_from(p->rest, len);
	if (!at)
		return log_fetch_read(p->fetch, piece, NULL);
	memcpy(at, piece.ptr, len);
	return log_fetch_filled(p->fetch, len);
}

static void start_pulled(struct log_fetch *fetch)
{
	const struct bytes *b = log_fetch_spec(fetch);
	struct pull p = {fetch, b->text, b->piece};

	log_fetch_run(fetch, pull_more, &p);
	log_fetch_done(fetch);
}

static const struct log_source_kind pulled = {
	.name = "pulled", .spec_size = sizeof(struct bytes), .start = start_pulled};

static struct logs *collect(struct arena *arena, const struct log_source_kind *of, struct str text,
	size_t piece, struct log_options *options)
{
	struct bytes bytes = {text, piece};
	struct log_spec spec = {of, &bytes, "bytes"};

	options->since = options->until = options->start = TIME_NONE;
	return logs_collect(arena, &spec, 1, options, NULL, NULL);
}

struct logs *logs_of_bytes(
	struct arena *arena, struct str text, size_t piece, struct log_options options)
{
	return collect(arena, &kind, text, piece, &options);
}

struct logs *logs_of_pulled(
	struct arena *arena, struct str text, size_t piece, struct log_options options)
{
	return collect(arena, &pulled, text, piece, &options);
}

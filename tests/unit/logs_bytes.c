#include "logs_bytes.h"

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

struct logs *logs_of_bytes(
	struct arena *arena, struct str text, size_t piece, struct log_options options)
{
	struct bytes bytes = {text, piece};
	struct log_spec spec = {&kind, &bytes, "bytes"};

	options.since = options.until = options.start = TIME_NONE;
	return logs_collect(arena, &spec, 1, &options, NULL, NULL);
}

/* The reader of logs: any bytes, in pieces, in every format. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "probe/log_source.h"

struct bytes {
	struct str text;
};

static void start(struct log_fetch *fetch)
{
	const struct bytes *b = log_fetch_spec(fetch);
	size_t half = b->text.len / 2;

	log_fetch_read(fetch, str_sub(b->text, 0, half), NULL);
	log_fetch_read(fetch, str_from(b->text, half), NULL);
	log_fetch_done(fetch);
}

static const struct log_source_kind kind = {
	.name = "bytes", .spec_size = sizeof(struct bytes), .start = start};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;

	if (size < 1)
		return 0;
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	struct arena *arena = arena_new();
	/* Exactly as long as the input, so that reading past it is seen. */
	struct bytes bytes = {{(const char *)data + 1, size - 1}};
	struct log_spec spec = {&kind, &bytes, "bytes"};
	struct log_options options = {.format = (enum log_format)(data[0] & 3),
		.since = TIME_NONE,
		.until = TIME_NONE,
		.annotate = data[0] & 4 ? nowhere : NULL};

	logs_collect(arena, &spec, 1, &options, NULL, NULL);
	arena_free(arena);
	return 0;
}

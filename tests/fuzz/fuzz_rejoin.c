/* Any lines on some streams at any times: no byte and no entry is lost, none comes twice. */
#include <stdlib.h>

#include "probe/clock.h"
#include "probe/rejoin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct totals {
	size_t entries, bytes;
};

static void event(void *ctx, const struct rejoin_event *event)
{
	struct totals *t = ctx;

	t->entries += event->entries;
	/* one line end for each entry but the first */
	t->bytes += event->text.len - (event->entries - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct totals seen = {0}, given = {0};
	struct rejoin *r = rejoin_new(event, &seen);
	struct str text = {(const char *)data, size}, line;
	int64_t time = 0;

	while (str_line(&text, &line)) {
		/* the first byte chooses stream, time and what the format layer saw */
		unsigned char how = line.len ? (unsigned char)line.ptr[0] : 0;
		struct rejoin_entry entry = {.key = how & 3,
			.time = how & 4 ? TIME_NONE : time,
			.text = str_from(line, 1),
			.starts = (how & 24) == 24};

		time += (how & 32) ? 10 * NS_PER_S : NS_PER_MS;
		given.entries++;
		given.bytes += entry.text.len;
		rejoin_add(r, &entry);
	}
	rejoin_flush(r);
	rejoin_free(r);
	if (seen.entries != given.entries || (size < REJOIN_TEXT_MAX && seen.bytes != given.bytes))
		abort();
	return 0;
}

/* Any text as one event: read, bounded, every chain has a link and bounded messages. */
#include <stdlib.h>

#include "probe/exception.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	struct exception *e = exception_parse(arena, text);

	if (e) {
		if (e->count == 0 || e->count > EXCEPTION_LINKS_MAX || !exception_possible(text))
			abort();
		for (size_t i = 0; i < e->count; i++) {
			if (e->links[i].message.len > EXCEPTION_MESSAGE_MAX)
				abort();
		}
	}
	/* the same bytes as the fields of a structured error */
	exception_from_fields(
		arena, str_sub(text, 0, size / 3), str_sub(text, size / 3, size / 3), text);
	arena_free(arena);
	return 0;
}

/* Any text as a duration, a size and a moment; a duration that is shown is one again. */
#include <stdlib.h>

#include "probe/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct error err;
	uint64_t bytes;
	int64_t ns, again;
	char shown[36];

	if (duration_parse(text, &ns, &err) == 0) {
		duration_print(ns, shown);
		if (duration_parse(str_of(shown), &again, &err))
			abort();
	}
	size_parse(text, &bytes, &err);
	if (time_parse(text, &ns)) {
		time_print_utc(ns, 9, shown);
		if (!time_parse(str_of(shown), &again) || again != ns)
			abort();
	}
	return 0;
}

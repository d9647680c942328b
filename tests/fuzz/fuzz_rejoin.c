/* Any lines on some streams at any times go through the state machine without harm. */
#include "probe/clock.h"
#include "probe/rejoin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rejoin_state streams[4] = {
		{.time = TIME_NONE}, {.time = TIME_NONE}, {.time = TIME_NONE}, {.time = TIME_NONE}};
	struct str text = {(const char *)data, size}, line;
	int64_t time = 0;

	while (str_line(&text, &line)) {
		/* the first byte chooses stream, time and what the format layer saw */
		unsigned char how = line.len ? (unsigned char)line.ptr[0] : 0;

		time += how & 32 ? 10 * NS_PER_S : NS_PER_MS;
		rejoin_continues(&streams[how & 3], str_from(line, 1), how & 4 ? TIME_NONE : time,
			(how & 24) == 24);
	}
	return 0;
}

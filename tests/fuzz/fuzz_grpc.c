/* What a hostile peer may send as a HealthCheckResponse and as grpc-message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../probe/steps/grpc_message.h"
#include "probe/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	int64_t health = grpc_health(text);

	if (health < -1 || health > 3)
		abort();
	/* A frame that is right, so that the fuzzer need not find its length. */
	if (size < 1 << 16) {
		char *framed = arena_alloc(arena, size + 5);

		framed[3] = (char)(size >> 8);
		framed[4] = (char)size;
		if (size)
			memcpy(framed + 5, data, size);
		health = grpc_health((struct str){framed, size + 5});
		if (health < -1 || health > 3)
			abort();
	}
	if (url_decode(arena, text).len > size)
		abort();
	if (size < 4096 && grpc_request(arena, text).len < size + 5)
		abort();
	arena_free(arena);
	return 0;
}

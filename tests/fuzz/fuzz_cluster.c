/* Masking and grouping of any lines; every shape ends in a cluster. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "probe/cluster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size}, line;
	struct clusters *c = clusters_new();
	struct arena *arena = arena_new();
	char masked[MASK_MAX];

	while (str_line(&rest, &line)) {
		size_t len = mask_text(line, masked);

		if (len > MASK_MAX)
			abort();
		clusters_add(c, (struct str){masked, len});
	}
	size_t shapes = clusters_shapes(c);

	clusters_finish(c);
	for (uint32_t i = 0; i < shapes; i++)
		if (clusters_of(c, i) >= clusters_count(c))
			abort();
	for (uint32_t i = 0; i < clusters_count(c); i++)
		clusters_template(c, i, arena);
	arena_free(arena);
	clusters_free(c);
	return 0;
}

#include "probe/heap.h"

#include <stdlib.h>

#include "probe/error.h"

void *heap_double(void *items, size_t *capacity, size_t size)
{
	size_t grown = *capacity ? *capacity * 2 : 64, bytes;

	if (__builtin_mul_overflow(grown, size, &bytes) || !(items = realloc(items, bytes)))
		die("out of memory: %zu items of %zu bytes", grown, size);
	*capacity = grown;
	return items;
}

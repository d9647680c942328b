/*
 * heap: arrays that grow, for machines whose data outlives no arena. Freed with free().
 */
#ifndef PROBE_HEAP_H
#define PROBE_HEAP_H

#include <stddef.h>

void *heap_double(void *items, size_t *capacity, size_t size);
/* Room for one more item after `count`; doubles *capacity when it is used up. Never NULL: without
 * memory the process ends and says the size. */
static inline void *heap_grow(void *items, size_t count, size_t *capacity, size_t size)
{
	return count < *capacity ? items : heap_double(items, capacity, size);
}

#endif

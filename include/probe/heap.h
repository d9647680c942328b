/*
 * heap: arrays that grow, for machines whose data outlives no arena. Freed with free().
 */
#ifndef PROBE_HEAP_H
#define PROBE_HEAP_H

#include <stddef.h>

/* Room for one more item after `count`; doubles *capacity when it is used up. Never NULL: without
 * memory the process ends and says the size. */
void *heap_grow(void *items, size_t count, size_t *capacity, size_t size);

#endif

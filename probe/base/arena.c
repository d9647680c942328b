#include "probe/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe/error.h"

enum { BLOCK_FIRST = 4096, BLOCK_MAX = 1 << 20 };

struct block {
	struct block *next;
	size_t used, capacity;
	alignas(max_align_t) char data[];
};

struct adopted {
	struct adopted *next;
	void *memory;
};

struct arena {
	struct block *head;
	struct adopted *adopted;
	size_t next_block, total;
};

static struct block *block_new(struct arena *arena, size_t capacity)
{
	struct block *block = malloc(sizeof(*block) + capacity);

	if (!block)
		die("out of memory: %zu bytes", capacity);
	block->used = 0;
	block->capacity = capacity;
	arena->total += sizeof(*block) + capacity;
	return block;
}

struct arena *arena_new(void)
{
	struct arena *arena = malloc(sizeof(*arena));

	if (!arena)
		die("out of memory: %zu bytes", sizeof(*arena));
	arena->head = NULL;
	arena->adopted = NULL;
	arena->next_block = BLOCK_FIRST;
	arena->total = sizeof(*arena);
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct adopted *a = arena->adopted; a; a = a->next)
		free(a->memory);
	for (struct block *block = arena->head, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		die("out of memory: %zu bytes", size);
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!size)
		size = alignof(max_align_t);
	if (!arena->head || arena->head->capacity - arena->head->used < size) {
		struct block *block;

		/* A large piece gets a block of its own behind the head, which keeps its room. */
		if (arena->head && size > arena->next_block / 4) {
			block = block_new(arena, size);
			block->next = arena->head->next;
			arena->head->next = block;
			block->used = size;
			return memset(block->data, 0, size);
		}
		block = block_new(arena, size > arena->next_block ? size : arena->next_block);
		block->next = arena->head;
		arena->head = block;
		if (arena->next_block < BLOCK_MAX)
			arena->next_block *= 2;
	}
	void *memory = arena->head->data + arena->head->used;

	arena->head->used += size;
	return memset(memory, 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		die("out of memory: %zu items of %zu bytes", count, size);
	return arena_alloc(arena, bytes);
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	size_t grown = *capacity ? *capacity * 2 : 4;
	void *bigger = arena_alloc_array(arena, grown, size);

	if (count)
		memcpy(bigger, items, count * size);
	*capacity = grown;
	return bigger;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text) + 1);
}

struct str arena_str(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return (struct str){copy, s.len};
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
	char small[256];
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(small, sizeof(small), fmt, args);

	if (len < 0)
		die("cannot format '%s'", fmt);
	char *text = arena_alloc(arena, (size_t)len + 1);

	if ((size_t)len < sizeof(small))
		memcpy(text, small, (size_t)len);
	else
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *text = arena_vprintf(arena, fmt, args);

	va_end(args);
	return text;
}

void arena_adopt(struct arena *arena, void *memory)
{
	struct adopted *adopted = ARENA_NEW(arena, struct adopted);

	*adopted = (struct adopted){arena->adopted, memory};
	arena->adopted = adopted;
}

size_t arena_size(const struct arena *arena)
{
	return arena->total;
}

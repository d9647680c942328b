/*
 * arena: memory with one lifetime, dropped in one call.
 *
 * A scenario has an arena, a run has one, an attempt has one. Everything a model points at lives in
 * the arena of the model; nobody frees parts of it. Allocation never returns NULL: without memory
 * the process aborts and says the size. Handles (fds, library objects) do not belong here.
 */
#ifndef PROBE_ARENA_H
#define PROBE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "probe/str.h"

struct arena;

struct arena *arena_new(void);
/* Frees the arena and all it gave out. NULL is accepted. */
void arena_free(struct arena *);
/* Zeroed memory of `size` bytes, aligned for any type. Size 0 gives a valid pointer. */
void *arena_alloc(struct arena *, size_t size);
/* An array of `count` zeroed items; aborts when count * size overflows. */
void *arena_alloc_array(struct arena *, size_t count, size_t size);
/* Grows `items` (count used, *capacity allocated) to hold one more; the old block stays behind. */
void *arena_grow(struct arena *, void *items, size_t count, size_t *capacity, size_t size);
void *arena_copy(struct arena *, const void *, size_t size);
char *arena_strdup(struct arena *, const char *);
/* Copies the slice and ends it with NUL, so that `.ptr` is also a C string. */
struct str arena_str(struct arena *, struct str);
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *fmt, va_list);
/* Frees memory of malloc() together with the arena. NULL is accepted. */
void arena_adopt(struct arena *, void *memory);
/* Bytes taken from the system so far. */
size_t arena_size(const struct arena *);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_alloc_array((arena), (count), sizeof(type)))

#endif

/*
 * buf: a growing buffer that is born with its maximum.
 *
 * Going past the maximum keeps what fits, sets `overflow` and makes further additions fail; callers
 * decide whether that is a truncation or an error. Always ended by a NUL that does not count.
 */
#ifndef PROBE_BUF_H
#define PROBE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "probe/str.h"

struct buf {
	char *data;
	size_t len, capacity, max;
	bool overflow;
};

void buf_init(struct buf *, size_t max);
/* Frees the memory; the buffer may be used again with the same maximum. */
void buf_release(struct buf *);
/* Empties, keeps the memory. */
void buf_clear(struct buf *);
bool buf_add(struct buf *, const void *, size_t len);
bool buf_add_str(struct buf *, struct str);
bool buf_add_text(struct buf *, const char *);
bool buf_add_char(struct buf *, char);
bool buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *, const char *fmt, va_list);
/* Drops the first n bytes. */
void buf_consume(struct buf *, size_t n);
/* Makes room for n more bytes within the maximum and returns where they go; NULL past the maximum.
 * The caller adds what it wrote to len. */
char *buf_reserve(struct buf *, size_t n);

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->data ? b->data : "", b->len};
}

/* For locals: BUF_SCOPED struct buf b; */
#define BUF_SCOPED __attribute__((cleanup(buf_release)))

#endif

#include "probe/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe/error.h"

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->data)
		b->data[0] = '\0';
}

static void buf_room(struct buf *b, size_t len)
{
	size_t need = len + 1;

	if (need <= b->capacity)
		return;
	size_t capacity = b->capacity ? b->capacity : 64;

	while (capacity < need)
		capacity *= 2;
	char *data = realloc(b->data, capacity);

	if (!data)
		die("out of memory: %zu bytes", capacity);
	b->data = data;
	b->capacity = capacity;
}

char *buf_reserve(struct buf *b, size_t n)
{
	if (n > b->max - b->len) {
		b->overflow = true;
		return NULL;
	}
	buf_room(b, b->len + n);
	return b->data + b->len;
}

bool buf_add(struct buf *b, const void *data, size_t len)
{
	bool fits = len <= b->max - b->len;

	if (!fits) {
		len = b->max - b->len;
		b->overflow = true;
	}
	buf_room(b, b->len + len);
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return fits;
}

bool buf_add_str(struct buf *b, struct str s)
{
	return buf_add(b, s.ptr, s.len);
}

bool buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

bool buf_add_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
	char small[256];
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(small, sizeof(small), fmt, args);
	bool added;

	if (len < 0)
		die("cannot format '%s'", fmt);
	if ((size_t)len < sizeof(small)) {
		added = buf_add(b, small, (size_t)len);
	} else {
		char *large = malloc((size_t)len + 1);

		if (!large)
			die("out of memory: %d bytes", len);
		vsnprintf(large, (size_t)len + 1, fmt, again);
		added = buf_add(b, large, (size_t)len);
		free(large);
	}
	va_end(again);
	return added;
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	bool added = buf_vprintf(b, fmt, args);

	va_end(args);
	return added;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_clear(b);
		return;
	}
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

#include "decoder.h"

#include <string.h>

#include "probe/str.h"

void decoder_init(
	struct decoder *d, void (*put)(void *ctx, const char *utf8, size_t len), void *ctx)
{
	*d = (struct decoder){.put = put, .ctx = ctx};
}

/* One UTF-16 unit; halves of pairs wait for each other. */
static size_t put_unit(struct decoder *d, uint32_t unit, char out[8])
{
	size_t len = 0;

	if (unit >= 0xDC00 && unit < 0xE000 && d->surrogate) {
		unit = 0x10000 + ((d->surrogate - 0xD800) << 10) + (unit - 0xDC00);
		d->surrogate = 0;
	} else if (d->surrogate) {
		len = utf8_put(0xFFFD, out);
		d->surrogate = 0;
	}
	if (unit >= 0xD800 && unit < 0xDC00) {
		d->surrogate = unit;
		return len;
	}
	if (unit >= 0xDC00 && unit < 0xE000)
		unit = 0xFFFD;
	return len + utf8_put(unit, out + len);
}

static void put_utf16(struct decoder *d, const unsigned char *bytes, size_t len)
{
	char out[4096];
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		d->held[d->held_len++] = bytes[i];
		if (d->held_len < 2)
			continue;
		uint32_t unit = d->encoding == ENCODING_UTF16LE ? d->held[0] | d->held[1] << 8
								: d->held[0] << 8 | d->held[1];

		d->held_len = 0;
		used += put_unit(d, unit, out + used);
		if (used > sizeof(out) - 8) {
			d->put(d->ctx, out, used);
			used = 0;
		}
	}
	d->put(d->ctx, out, used);
}

/* Returns the bytes of the mark. */
static size_t detect(struct decoder *d, const unsigned char *b, size_t len)
{
	d->encoding = ENCODING_UTF8;
	if (len >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF)
		return 3;
	if (len < 2)
		return 0;
	if ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF)) {
		d->encoding = b[0] == 0xFF ? ENCODING_UTF16LE : ENCODING_UTF16BE;
		return 2;
	}
	if (b[0] && !b[1])
		d->encoding = ENCODING_UTF16LE;
	else if (!b[0] && b[1])
		d->encoding = ENCODING_UTF16BE;
	return 0;
}

static void put_encoded(struct decoder *d, const unsigned char *bytes, size_t len)
{
	if (d->encoding == ENCODING_UTF8)
		d->put(d->ctx, (const char *)bytes, len);
	else
		put_utf16(d, bytes, len);
}

/* Decides on the encoding with the bytes held so far and passes them on. */
static void begin(struct decoder *d)
{
	unsigned char held[sizeof(d->held)];
	size_t len = d->held_len, mark;

	memcpy(held, d->held, sizeof(held));
	d->held_len = 0;
	mark = detect(d, held, len);
	put_encoded(d, held + mark, len - mark);
}

void decoder_feed(struct decoder *d, const char *bytes, size_t len)
{
	while (d->encoding == ENCODING_UNKNOWN && len > 0) {
		d->held[d->held_len++] = (unsigned char)*bytes++;
		len--;
		if (d->held_len == sizeof(d->held))
			begin(d);
	}
	if (len > 0)
		put_encoded(d, (const unsigned char *)bytes, len);
}

void decoder_end(struct decoder *d)
{
	if (d->encoding == ENCODING_UNKNOWN && d->held_len)
		begin(d);
	decoder_init(d, d->put, d->ctx);
}

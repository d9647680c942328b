/*
 * Bytes of a document in whatever encoding its text is: UTF-8 with and without a mark, UTF-16 of either
 * order, known by the mark or by where the zeros are.
 */
#ifndef LOGS_DECODER_H
#define LOGS_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum encoding { ENCODING_UNKNOWN, ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE };

struct decoder {
	void (*put)(void *ctx, const char *utf8, size_t len);
	void *ctx;
	enum encoding encoding;
	unsigned char held[4]; /* bytes of a unit not yet whole */
	size_t held_len;
	uint32_t surrogate;
};

/* `put` gets the text; what is UTF-8 already gets there as it is. */
void decoder_init(
	struct decoder *, void (*put)(void *ctx, const char *utf8, size_t len), void *ctx);
void decoder_feed(struct decoder *, const char *bytes, size_t len);
/* The document is over: what is held is passed on, and another one may follow. */
void decoder_end(struct decoder *);

#endif

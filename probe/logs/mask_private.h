/* Classes of characters and kinds of words, for masking. */
#ifndef LOGS_MASK_PRIVATE_H
#define LOGS_MASK_PRIVATE_H

#include "probe/str.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
	C_DIGIT = 1,
	C_ALPHA = 2,
	C_HEX = 4,
	C_OPEN = 8,   /* may stand before a word */
	C_CLOSE = 16, /* may stand after it */
	C_SPLIT = 32, /* parts a word into segments */
	C_HOST = 64,  /* in host names */
	C_BLANK = 128,
	C_BREAK = 256, /* parts names from values */
	C_PATH = 512,  /* every path has one */
	C_COLON = 1024,
	C_DASH = 2048,
	C_DOT = 4096,
	C_AT = 8192,
};

/* Hexadecimal digits without a decimal one that are a number, and no word such as "decade". */
enum { MASK_HEX_MIN = 8 };

extern const uint16_t mask_classes[256];

static inline unsigned class_of(char c)
{
	return mask_classes[(unsigned char)c];
}

static inline bool is(char c, unsigned set)
{
	return class_of(c) & set;
}

/* Bits of the 16 bytes at p that are no letter. */
static inline unsigned other_bits(const char *p)
{
#if defined(__SSE2__)
	__m128i low = _mm_or_si128(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8(0x20));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(
		_mm_cmplt_epi8(low, _mm_set1_epi8('a')), _mm_cmpgt_epi8(low, _mm_set1_epi8('z'))));
#else
	unsigned bits = 0;

	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)!is(p[i], C_ALPHA) << i;
	return bits;
#endif
}

bool mask_has_digit(struct str);
/* Whether a word without what stands around it is a value. `any`: the classes its bytes may have, which
 * rules out most kinds; letters need not be in it. */
bool mask_is_url(struct str, unsigned any);
bool mask_is_path(struct str, unsigned any);
/* One of: URL, path, host, mail address, IPv6, MAC, UUID. */
bool mask_is_value(struct str, unsigned any);
/* The end of the run of letters and digits at `from`, and whether it is a value. */
size_t mask_run(struct str, size_t from, bool *varies);
/* Many numbers in one word. */
bool mask_is_stamped(struct str, unsigned any);
/* "Mon", "Jan" */
bool mask_is_date_word(struct str);
/* "KB", "ms" */
bool mask_is_unit(struct str);

#endif

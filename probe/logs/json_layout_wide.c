/*
 * The scan along the tree of layouts for processors with AVX2, as nearly all have: a block of bytes at once, and
 * no look for where the text ends, as quotes follow it. A string that goes on after the end of its object's
 * line ends somewhere behind it, and is not taken.
 */
#include "json_layout.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx2,bmi")))

WIDE static inline __m256i block(const char *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

WIDE static inline uint32_t bits_equal(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b));
}

WIDE static inline bool text_is(const struct layout *n, const char *p, const char *end)
{
	const char *text = n->text;
	size_t len = n->len;

	(void)end;
	for (; len > LAYOUT_BLOCK; len -= LAYOUT_BLOCK, p += LAYOUT_BLOCK, text += LAYOUT_BLOCK)
		if (~bits_equal(block(p), block(text)))
			return false;
	return (bits_equal(block(p), block(text)) | n->rest) == UINT32_MAX;
}

/* Quotes and backslashes of a block. */
WIDE static inline uint32_t stops(const char *p)
{
	__m256i b = block(p);
	__m256i quotes = _mm256_cmpeq_epi8(b, _mm256_set1_epi8('"')),
		slashes = _mm256_cmpeq_epi8(b, _mm256_set1_epi8('\\'));

	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(quotes, slashes));
}

/* Whether the next of them is so many bytes away. */
WIDE static inline bool stops_after(const char *p, size_t len)
{
	for (; len >= LAYOUT_BLOCK; len -= LAYOUT_BLOCK, p += LAYOUT_BLOCK)
		if (stops(p))
			return false;
	return _tzcnt_u32(stops(p)) == len;
}

WIDE static const char *string_stop(struct layout *n, const char *p)
{
	const char *from = p;
	uint32_t bits;

	while (!(bits = stops(p)))
		p += LAYOUT_BLOCK;
	p += _tzcnt_u32(bits);
	if (n->usual != LENGTH_VARIES)
		n->usual = ++n->unusual < UNUSUAL_MAX && p - from < LENGTH_VARIES
				   ? (uint8_t)(p - from)
				   : LENGTH_VARIES;
	return p;
}

/* To the next of them. Ids and times have one length: taking that for granted, what follows waits for no byte of
 * the string, only for the branch, which is foreseen. */
WIDE static inline const char *string_stop_usual(struct layout *n, const char *p)
{
	size_t usual = n->usual;

	if (usual == LENGTH_VARIES || !stops_after(p, usual))
		return string_stop(n, p);
	/* The compiler must not take the length that was found instead, which is the same. */
	__asm__("" : "+r"(usual));
	return p + usual;
}

/* The string at p, kept when its node says so; at the closing quote. */
WIDE static inline const char *string_take(
	struct layout *n, const char *p, const char *end, struct json_fields *out)
{
	const char *after = string_stop_usual(n, p);
	bool escaped = false;

	if (*after == '\\')
		after = string_end(after, end, &escaped);
	if (after)
		value_keep(n, p, after, '"', escaped, out);
	return after;
}

WIDE const char *json_layout_scan_wide(
	struct json_layouts *l, const char *p, const char *end, struct json_fields *out)
{
	return layout_walk(l->nodes, p, end, out, text_is, string_take);
}

#endif

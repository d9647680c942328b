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

WIDE static inline bool text_is(const struct layout *n, const char *p)
{
	const char *text = n->text;
	size_t len = n->len;

	for (; len > LAYOUT_BLOCK; len -= LAYOUT_BLOCK, p += LAYOUT_BLOCK, text += LAYOUT_BLOCK)
		if (~bits_equal(block(p), block(text)))
			return false;
	return (bits_equal(block(p), block(text)) | n->rest) == UINT32_MAX;
}

/* To the next quote or backslash. */
WIDE static inline const char *string_stop(const char *p)
{
	for (;; p += LAYOUT_BLOCK) {
		__m256i b = block(p);
		uint32_t bits = bits_equal(b, _mm256_set1_epi8('"')) |
				bits_equal(b, _mm256_set1_epi8('\\'));

		if (bits)
			return p + _tzcnt_u32(bits);
	}
}

/* The string at p, kept when its node says so; at the closing quote. */
WIDE static inline const char *string_take(
	const struct layout *n, const char *p, const char *end, struct json_fields *out)
{
	const char *after = string_stop(p);
	bool escaped = false;

	if (*after == '\\')
		after = string_end(after, end, &escaped);
	if (after)
		value_keep(n, p, after, '"', escaped, out);
	return after;
}

WIDE const char *json_layout_scan_wide(
	const struct json_layouts *l, const char *p, const char *end, struct json_fields *out)
{
	const struct layout *n = l->nodes;
	const char *payload = NULL;

	for (;;) {
		for (n = n->child; n; n = n->next)
			if (text_is(n, p) && value_fits(n->kind, p + n->len, end))
				break;
		if (!n)
			return NULL;
		if (n->payload)
			payload = payload_take(n, p, payload, out);
		p += n->len;
		if (n->kind == '"')
			p = string_take(n, p, end, out);
		else if (n->kind == KIND_END)
			break;
		else
			p = value_take(n, p, end, out);
		if (!p)
			return NULL;
	}
	if (p > end)
		return NULL;
	layout_ends(n, out);
	return p;
}

#endif

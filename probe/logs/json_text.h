/* What the scanners of JSON text share. */
#ifndef LOGS_JSON_TEXT_H
#define LOGS_JSON_TEXT_H

#include "json_keys.h"

enum { JSON_BLOCK = 64 };

/* A bit for each byte of a block. */
struct json_block {
	uint64_t quotes, slashes;
	uint64_t brackets; /* and some letters, which text outside of strings has not */
};

/* All four brackets are 0x7F with these bits set, and so are few others. */
enum { BRACKET_BITS = 0x26, BRACKET = 0x7F };

#if defined(__SSE2__)
#include <emmintrin.h>

static inline struct json_block json_block_bits(const char *p)
{
	struct json_block b = {0};
	__m128i slashes[4], any = _mm_setzero_si128();

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * i));
		__m128i bracket = _mm_cmpeq_epi8(
			_mm_or_si128(v, _mm_set1_epi8(BRACKET_BITS)), _mm_set1_epi8(BRACKET));

		b.quotes |=
			(uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')))
			<< 16 * i;
		b.brackets |= (uint64_t)(unsigned)_mm_movemask_epi8(bracket) << 16 * i;
		slashes[i] = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
		any = _mm_or_si128(any, slashes[i]);
	}
	if (_mm_movemask_epi8(any))
		for (int i = 0; i < 4; i++)
			b.slashes |= (uint64_t)(unsigned)_mm_movemask_epi8(slashes[i]) << 16 * i;
	return b;
}

/* Bits of the 16 bytes at p that are a quote or a backslash. */
static inline unsigned string_bits(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(
		_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
}

/* ... that are a quote or a bracket of either kind: '[' and ']' differ from '{' and '}' in one
 * bit. */
static inline unsigned structure_bits(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i low = _mm_or_si128(v, _mm_set1_epi8(0x20));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
		_mm_or_si128(_mm_cmpeq_epi8(low, _mm_set1_epi8('{')),
			_mm_cmpeq_epi8(low, _mm_set1_epi8('}')))));
}
#else
static inline struct json_block json_block_bits(const char *p)
{
	struct json_block b = {0};

	for (int i = 0; i < JSON_BLOCK; i++) {
		b.quotes |= (uint64_t)(p[i] == '"') << i;
		b.slashes |= (uint64_t)(p[i] == '\\') << i;
		b.brackets |= (uint64_t)((p[i] | BRACKET_BITS) == BRACKET) << i;
	}
	return b;
}

static inline unsigned string_bits(const char *p)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)(p[i] == '"' || p[i] == '\\') << i;
	return bits;
}

static inline unsigned structure_bits(const char *p)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)(p[i] == '"' || (p[i] | 32) == '{' || (p[i] | 32) == '}') << i;
	return bits;
}
#endif

/* To the next quote or backslash, or the end. */
static inline const char *string_special(const char *p, const char *end)
{
	while (end - p >= 16) {
		unsigned bits = string_bits(p);

		if (bits)
			return p + __builtin_ctz(bits);
		p += 16;
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* From after an opening quote to the closing one; NULL when there is none. */
static inline const char *string_end(const char *p, const char *end, bool *escaped)
{
	for (;;) {
		p = string_special(p, end);
		if (p >= end)
			return NULL;
		if (*p == '"')
			return p;
		*escaped = true;
		p += 2;
		if (p >= end)
			return NULL;
	}
}

/* A number or literal: up to what cannot belong to it. */
static inline const char *bare_end(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != '}' && *p != ']' && (unsigned char)*p > ' ')
		p++;
	return p;
}

/* A value (of a chunk, so less than 4 GiB) for a field, unless a key of lower rank gave one. */
static inline void field_keep(
	struct json_scalar *f, uint8_t rank, const char *ptr, size_t len, char kind, bool escaped)
{
	if (f->kind && f->rank <= rank)
		return;
	*f = (struct json_scalar){ptr, (uint32_t)len, kind, escaped, rank};
}

/* The kind of a number or literal that is kept; 0 for null. */
static inline char bare_kind(char first)
{
	return first == 'n' ? 0 : (first | 32) >= 'a' ? 't' : '0';
}

/* How an object was scanned, for what learns from it. */
enum { TRAIL_MAX = 64 };

struct json_step {
	const char *from, *to;      /* the value; a string without its quotes */
	const struct json_key *key; /* NULL: of no interest */
	char kind;                  /* '"', '0', or '{' '[' of what was skipped */
};

struct json_trail {
	struct json_step steps[TRAIL_MAX];
	size_t count; /* TRAIL_MAX + 1: too many */
	size_t payloads;
};

#endif

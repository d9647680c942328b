#include "probe/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str encode(struct arena *arena, struct str bytes, const char *alphabet, bool pad)
{
	char *out = arena_alloc(arena, bytes.len / 3 * 4 + 5);
	size_t at = 0;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t block = (uint32_t)(unsigned char)bytes.ptr[i] << 16;

		if (left > 1)
			block |= (uint32_t)(unsigned char)bytes.ptr[i + 1] << 8;
		if (left > 2)
			block |= (unsigned char)bytes.ptr[i + 2];
		for (size_t j = 0; j < 4; j++) {
			if (j <= left)
				out[at++] = alphabet[block >> (18 - 6 * j) & 63];
			else if (pad)
				out[at++] = '=';
		}
	}
	return (struct str){out, at};
}

struct str base64_encode(struct arena *arena, struct str bytes)
{
	return encode(arena, bytes, standard, true);
}

struct str base64url_encode(struct arena *arena, struct str bytes)
{
	return encode(arena, bytes, url, false);
}

static int digit(char c)
{
	const char *at = c ? strchr(url, c) : NULL;

	return at ? (int)(at - url) : -1;
}

bool base64url_decode(struct arena *arena, struct str text, struct str *bytes)
{
	unsigned char *out = arena_alloc(arena, text.len / 4 * 3 + 4);
	uint32_t bits = 0;
	size_t at = 0, have = 0;

	if (text.len % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int value = digit(text.ptr[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[at++] = (unsigned char)(bits >> have);
		}
	}
	if (bits & ((1u << have) - 1))
		return false;
	*bytes = (struct str){(char *)out, at};
	return true;
}

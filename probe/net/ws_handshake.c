/* See ws_handshake.h. */
#include "ws_handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "probe/base64.h"
#include "probe/http.h"

/* SHA-1 (RFC 3174), here since nothing else of plain ws:// needs OpenSSL, whose start takes longer
 * than a whole handshake. It protects nothing: the protocol uses it as a checksum. */

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void sha1_block(uint32_t h[5], const unsigned char *block)
{
	uint32_t w[80], v[5];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 80; i++) {
		uint32_t f, k;

		if (i < 20) {
			f = (v[1] & v[2]) | (~v[1] & v[3]);
			k = 0x5a827999;
		} else if (i < 40 || i >= 60) {
			f = v[1] ^ v[2] ^ v[3];
			k = i < 40 ? 0x6ed9eba1 : 0xca62c1d6;
		} else {
			f = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
			k = 0x8f1bbcdc;
		}
		uint32_t next = rotate(v[0], 5) + f + v[4] + k + w[i];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (int i = 0; i < 5; i++)
		h[i] += v[i];
}

/* `text` of at most 119 bytes: two blocks. */
static void sha1(struct str text, unsigned char out[20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	unsigned char blocks[128] = {0};
	size_t size = text.len < 56 ? 64 : 128;

	memcpy(blocks, text.ptr, text.len);
	blocks[text.len] = 0x80;
	for (size_t i = 0; i < 4; i++)
		blocks[size - 1 - i] = (unsigned char)(text.len * 8 >> (8 * i));
	for (size_t i = 0; i < size; i += 64)
		sha1_block(h, blocks + i);
	for (size_t i = 0; i < 20; i++)
		out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void ws_key_make(char key[25], char accept[29])
{
	struct arena *arena = arena_new();
	char bytes[16], text[64];
	unsigned char digest[20];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		die("no random bytes");
	snprintf(key, 25, "%.*s", STR_ARG(base64_encode(arena, (struct str){bytes, 16})));
	snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	sha1(str_of(text), digest);
	snprintf(accept, 29, "%.*s",
		STR_ARG(base64_encode(arena, (struct str){(char *)digest, 20})));
	arena_free(arena);
}

/* Request */

static int add_header(struct buf *out, const struct pair *h, struct error *err)
{
	if (!http_is_token(h->name))
		return error_set(err, "'%.*s' is not a header name", STR_ARG(h->name));
	for (size_t i = 0; i < h->value.len; i++)
		if (strchr("\r\n", h->value.ptr[i])) /* NUL too */
			return error_set(err,
				"the value of header '%.*s' holds a line break or NUL",
				STR_ARG(h->name));
	buf_printf(out, "%.*s: ", STR_ARG(h->name));
	buf_add_str(out, h->value);
	buf_add_text(out, "\r\n");
	return 0;
}

static bool has_header(const struct pairs *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (str_is_nocase(headers->items[i].name, name))
			return true;
	return false;
}

int ws_request(struct arena *arena, const struct ws_options *o, const struct url *url,
	const char *key, struct str *out, struct error *err)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, 1 << 20);
	buf_printf(&b, "GET %.*s HTTP/1.1\r\n", STR_ARG(url->path));
	if (!has_header(&o->headers, "host")) {
		buf_printf(&b,
			str_find_char(url->host, ':') != SIZE_MAX ? "Host: [%.*s]" : "Host: %.*s",
			STR_ARG(url->host));
		buf_printf(&b, url->port == (url->tls ? 443 : 80) ? "\r\n" : ":%u\r\n", url->port);
	}
	buf_printf(&b,
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: %s\r\n",
		key);
	for (size_t i = 0; i < o->subprotocols.count; i++) {
		if (!http_is_token(o->subprotocols.items[i]))
			return error_set(err, "'%.*s' is not a subprotocol",
				STR_ARG(o->subprotocols.items[i]));
		buf_printf(&b, "%s%.*s%s",
			i ? ", " : "Sec-WebSocket-Protocol: ", STR_ARG(o->subprotocols.items[i]),
			i + 1 == o->subprotocols.count ? "\r\n" : "");
	}
	for (size_t i = 0; i < o->headers.count; i++)
		if (add_header(&b, &o->headers.items[i], err) < 0)
			return -1;
	buf_add_text(&b, "\r\n");
	if (b.overflow)
		return error_set(err, "the handshake exceeds 1 MiB");
	*out = arena_str(arena, buf_str(&b));
	return 0;
}

/* Answer */

int ws_head_parse(struct arena *arena, struct str head, int64_t *status, struct pairs *headers,
	struct error *err)
{
	size_t capacity = 0;
	struct str line;

	if (!str_line(&head, &line) || !str_starts(line, "HTTP/1.") || line.len < 12 ||
		line.ptr[8] != ' ' || !str_int(str_sub(line, 9, 3), status) || *status < 100)
		return error_set(err, "the answer to the handshake is not HTTP/1.1");
	*headers = (struct pairs){NULL, 0};
	while (str_line(&head, &line) && line.len) {
		size_t colon = str_find_char(line, ':');

		if (colon == SIZE_MAX || colon == 0 || memchr(line.ptr, '\0', line.len))
			return error_set(err, "header line without a colon, or with a NUL");
		headers->items = arena_grow(
			arena, headers->items, headers->count, &capacity, sizeof(struct pair));
		headers->items[headers->count++] =
			(struct pair){arena_str(arena, str_sub(line, 0, colon)),
				arena_str(arena, str_trim(str_from(line, colon + 1)))};
	}
	return 0;
}

static struct str find(const struct pairs *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (str_is_nocase(headers->items[i].name, name))
			return headers->items[i].value;
	return (struct str){NULL, 0};
}

static size_t count(const struct pairs *headers, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < headers->count; i++)
		n += str_is_nocase(headers->items[i].name, name);
	return n;
}

/* Whether a list header, perhaps repeated, has the word. */
static bool lists(const struct pairs *headers, const char *name, const char *word)
{
	for (size_t i = 0; i < headers->count; i++) {
		struct str rest = headers->items[i].value;

		if (!str_is_nocase(headers->items[i].name, name))
			continue;
		while (rest.len) {
			size_t comma = str_find_char(rest, ',');

			if (str_is_nocase(str_trim(str_sub(rest, 0, comma)), word))
				return true;
			rest = comma == SIZE_MAX ? STR("") : str_from(rest, comma + 1);
		}
	}
	return false;
}

int ws_head_check(const struct pairs *headers, const struct strs *offered, const char *accept,
	struct str *subprotocol, struct error *err)
{
	struct str given = find(headers, "sec-websocket-accept");
	struct str extensions = find(headers, "sec-websocket-extensions");
	struct str chosen = find(headers, "sec-websocket-protocol");

	if (!lists(headers, "upgrade", "websocket"))
		return error_set(err, "101 without 'Upgrade: websocket'");
	if (!lists(headers, "connection", "upgrade"))
		return error_set(err, "101 without 'Connection: Upgrade'");
	if (!given.ptr)
		return error_set(err, "101 without Sec-WebSocket-Accept");
	if (!str_is(given, accept))
		return error_set(err, "wrong Sec-WebSocket-Accept: '%.*s', wanted '%s'",
			STR_ARG(str_sub(given, 0, 60)), accept);
	if (extensions.len)
		return error_set(err, "extension '%.*s', none was offered",
			STR_ARG(str_sub(extensions, 0, 60)));
	*subprotocol = STR("");
	if (!chosen.ptr)
		return 0;
	if (count(headers, "sec-websocket-protocol") > 1)
		return error_set(err, "two subprotocols, one at most may be selected");
	for (size_t i = 0; i < offered->count; i++)
		if (str_equal(offered->items[i], chosen)) {
			*subprotocol = chosen;
			return 0;
		}
	return error_set(err, "subprotocol '%.*s', which was not requested",
		STR_ARG(str_sub(chosen, 0, 60)));
}

static bool chunks(struct arena *arena, struct str raw, struct str *out)
{
	char *to = arena_alloc(arena, raw.len + 1);
	size_t n = 0;
	struct str line;
	bool complete = false;

	while (str_find_char(raw, '\n') != SIZE_MAX && str_line(&raw, &line)) {
		char *end;
		char digits[17];

		snprintf(digits, sizeof(digits), "%.*s", STR_ARG(str_sub(line, 0, 16)));
		unsigned long long size = strtoull(digits, &end, 16);

		if (end == digits || !size) {
			complete = true;
			break;
		}
		struct str part = str_sub(raw, 0, size < raw.len ? (size_t)size : raw.len);

		memcpy(to + n, part.ptr, part.len);
		n += part.len;
		raw = str_from(raw, part.len);
		if (part.len < size)
			break;
		str_line(&raw, &line);
	}
	*out = (struct str){to, n};
	return complete;
}

bool ws_body_complete(
	struct arena *arena, const struct pairs *headers, struct str raw, struct str *out)
{
	struct str length = find(headers, "content-length");
	int64_t bytes;

	if (lists(headers, "transfer-encoding", "chunked"))
		return chunks(arena, raw, out);
	*out = raw;
	if (!length.ptr || !str_int(length, &bytes) || bytes < 0)
		return false; /* until the peer closes */
	if ((uint64_t)bytes > raw.len)
		return false;
	out->len = (size_t)bytes;
	return true;
}

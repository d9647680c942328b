/* See ws_frame.h. */
#include "ws_frame.h"

#include <stdio.h>
#include <sys/random.h>

void ws_parser_init(struct ws_parser *p, uint64_t max,
	bool (*each)(void *ctx, unsigned opcode, struct str), void *ctx)
{
	*p = (struct ws_parser){.each = each, .ctx = ctx};
	buf_init(&p->text, (size_t)max);
	buf_init(&p->control, WS_CONTROL_MAX);
}

void ws_parser_release(struct ws_parser *p)
{
	buf_release(&p->text);
	buf_release(&p->control);
}

bool ws_parser_torn(const struct ws_parser *p)
{
	return p->head_len || p->in_payload || p->message;
}

static int broke(struct ws_parser *p, unsigned code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int broke(struct ws_parser *p, unsigned code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->problem, sizeof(p->problem), fmt, args);
	va_end(args);
	p->code = code;
	return -1;
}

/* UTF-8: which second bytes may follow is what rules out overlong forms and surrogates. */

static bool utf8_first(struct utf8_check *u, unsigned char c)
{
	u->low = 0x80;
	u->high = 0xbf;
	if (c < 0x80)
		return true;
	if (c < 0xc2 || c > 0xf4)
		return false;
	u->left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		u->low = 0xa0;
	else if (c == 0xed)
		u->high = 0x9f;
	else if (c == 0xf0)
		u->low = 0x90;
	else if (c == 0xf4)
		u->high = 0x8f;
	return true;
}

bool utf8_check_bytes(struct utf8_check *u, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!u->left) {
			if (!utf8_first(u, bytes[i]))
				return false;
			continue;
		}
		if (bytes[i] < u->low || bytes[i] > u->high)
			return false;
		u->low = 0x80;
		u->high = 0xbf;
		u->left--;
	}
	return true;
}

bool ws_close_code_valid(unsigned code)
{
	if (code >= 3000)
		return code <= 4999;
	/* 1004 is reserved, 1005, 1006 and 1015 never travel; 1012 to 1014 are IANA's. */
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

/* Frame heads */

static size_t head_size(const struct ws_parser *p)
{
	if (p->head_len < 2)
		return 2;
	unsigned len = p->head[1] & 127;

	return len == 126 ? 4 : len == 127 ? 10 : 2;
}

static int check_first_bytes(struct ws_parser *p)
{
	unsigned opcode = p->head[0] & 15;

	if (p->head[0] & 0x70)
		return broke(p, 1002, "frame with reserved bits (0x%02x), no extension was agreed",
			p->head[0] & 0x70);
	if ((opcode > WS_BINARY && opcode < WS_CLOSE) || opcode > WS_PONG)
		return broke(p, 1002, "frame with the reserved opcode %u", opcode);
	if (p->head[1] & 0x80)
		return broke(p, 1002, "masked frame from a server");
	if (opcode >= WS_CLOSE && !(p->head[0] & 0x80))
		return broke(p, 1002, "fragmented control frame");
	if (opcode >= WS_CLOSE && (p->head[1] & 127) > WS_CONTROL_MAX)
		return broke(p, 1002, "control frame of more than %d bytes", WS_CONTROL_MAX);
	if (opcode == WS_CONTINUATION && !p->message)
		return broke(p, 1002, "continuation frame without a message");
	if ((opcode == WS_TEXT || opcode == WS_BINARY) && p->message)
		return broke(p, 1002, "new message inside a fragmented one");
	return 0;
}

static int begin_frame(struct ws_parser *p)
{
	unsigned len = p->head[1] & 127;
	size_t digits = len == 126 ? 2 : len == 127 ? 8 : 0;
	uint64_t left = digits ? 0 : len;

	for (size_t i = 0; i < digits; i++)
		left = left << 8 | p->head[2 + i];
	if (left >> 63)
		return broke(p, 1002, "frame length with the highest bit set");
	p->fin = p->head[0] & 0x80;
	p->opcode = p->head[0] & 15;
	p->left = left;
	p->head_len = 0;
	p->in_payload = true;
	if (p->opcode >= WS_CLOSE) {
		buf_clear(&p->control);
		return 0;
	}
	if (left > p->text.max - p->text.len)
		return broke(p, 1009,
			p->text.max % (1 << 20) ? "message exceeds %zu bytes (max_message)"
						: "message exceeds %zu MiB (max_message)",
			p->text.max % (1 << 20) ? p->text.max : p->text.max >> 20);
	if (p->opcode != WS_CONTINUATION) {
		p->message = p->opcode;
		p->utf8 = (struct utf8_check){0};
	}
	return 0;
}

static int take_head(struct ws_parser *p, unsigned char byte)
{
	p->head[p->head_len++] = byte;
	if (p->head_len == 2 && check_first_bytes(p) < 0)
		return -1;
	if (p->head_len < 2 || p->head_len < head_size(p))
		return 0;
	return begin_frame(p);
}

/* Payload */

static int check_close(struct ws_parser *p)
{
	struct str body = buf_str(&p->control);
	struct utf8_check utf8 = {0};

	if (!body.len)
		return 0;
	if (body.len == 1)
		return broke(p, 1002, "close frame with half a code");
	unsigned code = (unsigned)(unsigned char)body.ptr[0] << 8 | (unsigned char)body.ptr[1];

	if (!ws_close_code_valid(code))
		return broke(p, 1002, "close code %u, which may not be sent", code);
	if (!utf8_check_bytes(&utf8, (const unsigned char *)body.ptr + 2, body.len - 2) ||
		utf8.left)
		return broke(p, 1007, "close reason that is not UTF-8");
	return 0;
}

/* 1 when the receiver wants no more. */
static int end_frame(struct ws_parser *p)
{
	p->in_payload = false;
	if (p->opcode >= WS_CLOSE) {
		if (p->opcode == WS_CLOSE && check_close(p) < 0)
			return -1;
		return p->each(p->ctx, p->opcode, buf_str(&p->control)) ? 0 : 1;
	}
	if (!p->fin)
		return 0;
	if (p->message == WS_TEXT && p->utf8.left)
		return broke(p, 1007, "text message that is not UTF-8");
	unsigned opcode = p->message;

	p->message = 0;
	bool more = p->each(p->ctx, opcode, buf_str(&p->text));

	if (more)
		buf_clear(&p->text);
	return more ? 0 : 1;
}

static int take_payload(struct ws_parser *p, struct str part)
{
	if (p->opcode >= WS_CLOSE) {
		buf_add_str(&p->control, part);
		return 0;
	}
	if (p->message == WS_TEXT &&
		!utf8_check_bytes(&p->utf8, (const unsigned char *)part.ptr, part.len))
		return broke(p, 1007, "text message that is not UTF-8");
	buf_add_str(&p->text, part);
	return 0;
}

int ws_parse(struct ws_parser *p, struct str bytes)
{
	int rc = 0;

	while (bytes.len && rc == 0) {
		if (!p->in_payload) {
			rc = take_head(p, (unsigned char)bytes.ptr[0]);
			bytes = str_from(bytes, 1);
			if (rc < 0 || !p->in_payload)
				continue;
		}
		struct str part =
			str_sub(bytes, 0, p->left < bytes.len ? (size_t)p->left : bytes.len);

		rc = take_payload(p, part);
		bytes = str_from(bytes, part.len);
		p->left -= part.len;
		if (rc == 0 && !p->left)
			rc = end_frame(p);
	}
	return rc < 0 ? -1 : 0;
}

void ws_frame_put(struct buf *out, unsigned opcode, struct str payload)
{
	unsigned char head[14] = {(unsigned char)(0x80 | opcode)}, mask[4];
	size_t n = 2, digits = payload.len < 126 ? 0 : payload.len < 65536 ? 2 : 8;

	head[1] = 0x80 | (unsigned char)(digits == 0 ? payload.len : digits == 2 ? 126 : 127);
	for (size_t i = digits; i > 0; i--)
		head[n++] = (unsigned char)((uint64_t)payload.len >> (8 * (i - 1)));
	if (getrandom(mask, sizeof(mask), 0) != sizeof(mask))
		die("no random bytes");
	memcpy(head + n, mask, 4);
	buf_add(out, head, n + 4);
	char *to = buf_reserve(out, payload.len);

	if (!to)
		return;
	for (size_t i = 0; i < payload.len; i++)
		to[i] = payload.ptr[i] ^ (char)mask[i & 3];
	out->len += payload.len;
	out->data[out->len] = '\0';
}

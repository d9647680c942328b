/* See websocket_text.h. */
#include "websocket_text.h"

#include "probe/expand.h"
#include "probe/http.h"

enum { TEXT_SHOWN = 200, BYTES_SHOWN = 16, REASON_SHOWN = 160 };

/* Cuts at a code point, never within one. */
static struct str cut(struct str text, size_t max)
{
	if (text.len <= max)
		return text;
	while (max && ((unsigned char)text.ptr[max] & 0xc0) == 0x80)
		max--;
	return str_sub(text, 0, max);
}

const char *message_text(
	struct arena *arena, enum ws_kind kind, struct str begin, size_t size, bool cut_off)
{
	struct str part = cut(begin, TEXT_SHOWN);
	const char *text;

	if (kind != WS_BINARY)
		return arena_printf(arena, "%.*s%s", STR_ARG(part),
			cut_off || part.len < begin.len ? "..." : "");
	text = arena_printf(arena, "%zu bytes of binary", size);
	for (size_t i = 0; i < begin.len && i < BYTES_SHOWN; i++)
		text = arena_printf(
			arena, "%s%s%02x", text, i ? " " : ": ", (unsigned char)begin.ptr[i]);
	return size > BYTES_SHOWN ? arena_printf(arena, "%s ...", text) : text;
}

const char *close_text(struct arena *arena, const struct ws_end *end)
{
	if (end->close_code == WS_CLOSE_LOST)
		return "the connection was lost without a close (1006)";
	if (end->close_code == WS_CLOSE_NONE)
		return "the peer closed without a code (1005)";
	return arena_printf(arena,
		end->reason.len ? "the peer closed with %lld '%.*s'" : "the peer closed with %lld",
		(long long)end->close_code, STR_ARG(end->reason));
}

static struct str header(const struct ws_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->headers.count; i++)
		if (str_is_nocase(answer->headers.items[i].name, name))
			return cut(answer->headers.items[i].value, REASON_SHOWN);
	return STR("");
}

/* The text of a body on one line: blanks run together, tags of HTML left out. */
static const char *plain(struct arena *arena, struct str body)
{
	char *out = arena_alloc(arena, REASON_SHOWN + 4);
	size_t n = 0;
	bool html = str_starts(str_trim(body), "<"), tag = false, blank = false;

	for (size_t i = 0; i < body.len && n < REASON_SHOWN; i++) {
		unsigned char c = (unsigned char)body.ptr[i];

		if (html && (c == '<' || tag)) {
			tag = c != '>';
			c = ' ';
		}
		if (c <= ' ') {
			blank = n > 0;
			continue;
		}
		if (blank)
			out[n++] = ' ';
		blank = false;
		out[n++] = (char)c;
	}
	struct str text = cut((struct str){out, n}, REASON_SHOWN - 1);

	return arena_str(arena, text).ptr;
}

const char *refusal_text(struct arena *arena, const struct ws_answer *answer)
{
	struct str challenge = header(answer, "www-authenticate");
	struct str versions = header(answer, "sec-websocket-version");
	const char *body = plain(arena, answer->body);

	if (answer->status >= 300 && answer->status < 400)
		return arena_printf(arena,
			"redirected to '%.*s', which a WebSocket does not follow",
			STR_ARG(header(answer, "location")));
	if (answer->status == 200)
		return "a plain HTTP answer: what answers here, or a proxy before it, does not upgrade";
	if (*body && challenge.len)
		return arena_printf(arena, "%s (%.*s)", body, STR_ARG(challenge));
	if (*body)
		return body;
	if (challenge.len)
		return arena_str(arena, challenge).ptr;
	if (versions.len)
		return arena_printf(arena, "the server speaks version %.*s of the protocol, not 13",
			STR_ARG(versions));
	return "";
}

const char *subprotocols_problem(struct arena *arena, const struct strs *offered)
{
	for (size_t i = 0; i < offered->count; i++) {
		struct str name = offered->items[i];

		if (!expand_needed(name) && !http_is_token(name))
			return arena_printf(arena, "'%.*s' is not a subprotocol", STR_ARG(name));
		for (size_t j = 0; j < i; j++)
			if (str_equal(offered->items[j], name))
				return arena_printf(arena, "subprotocol '%.*s' is offered twice",
					STR_ARG(name));
	}
	return NULL;
}

/* Frames and answers to handshakes as a hostile peer may send them, in pieces of any size. */
#include <stdint.h>

#include "../../probe/net/ws_frame.h"
#include "../../probe/net/ws_handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool each(void *ctx, unsigned opcode, struct str payload)
{
	size_t *total = ctx;

	*total += payload.len + opcode;
	return true;
}

static void frames(struct str rest, size_t step)
{
	struct ws_parser parser;
	size_t total = 0;

	ws_parser_init(&parser, 1 << 16, each, &total);
	while (rest.len && ws_parse(&parser, str_sub(rest, 0, step)) == 0)
		rest = str_from(rest, step);
	ws_parser_torn(&parser);
	ws_parser_release(&parser);
}

static void answer(struct str text)
{
	struct arena *arena = arena_new();
	struct str offered = STR("chat"), subprotocol, body;
	struct strs list = {&offered, 1};
	struct pairs headers;
	struct error err;
	int64_t status;

	if (ws_head_parse(arena, text, &status, &headers, &err) == 0) {
		ws_head_check(&headers, &list, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &subprotocol, &err);
		ws_body_complete(arena, &headers, text, &body);
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct str rest = {(const char *)data + 1, size - 1};

	if (data[0] & 1)
		frames(rest, (size_t)(data[0] >> 1) + 1);
	else
		answer(rest);
	return 0;
}

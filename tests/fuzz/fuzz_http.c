/* What a peer's headers, bodies and redirects are made of, and URLs of any origin. */
#include <stdint.h>
#include <stdlib.h>

#include "../../probe/net/http_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct str rest)
{
	struct http_transfer t = {
		.arena = arena_new(), .request = {.max_body = 4096, .max_headers = 16384}};
	struct str line;

	buf_init(&t.body, 4096);
	while (str_line(&rest, &line)) {
		/* curl hands over writable memory. */
		char *copy = malloc(line.len + 1);

		memcpy(copy, line.ptr, line.len);
		copy[line.len] = '\n';
		size_t taken = http_on_header(copy, 1, line.len + 1, &t);

		if (taken && t.headers_done)
			http_on_body(copy, 1, line.len + 1, &t);
		free(copy);
		if (!taken)
			break;
	}
	buf_release(&t.body);
	arena_free(t.arena);
}

static void urls(struct str text)
{
	struct arena *arena = arena_new();
	struct str out, host;
	struct url url;
	unsigned port;

	url_parse(arena, text, &url, NULL);
	url_join(arena, STR("http://h/base"), text, true, &out, NULL);
	url_join(arena, text, STR("/x?y"), false, &out, NULL);
	address_join(arena, STR("http://h:80"), text, 0, &host, &port, NULL);
	url_masked(arena, text);
	url_add_query(arena, text, text, text);
	host_is_loopback(text);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data + 1, size ? size - 1 : 0};

	if (!size)
		return 0;
	if (data[0] & 1)
		answer(text);
	else
		urls(text);
	return 0;
}

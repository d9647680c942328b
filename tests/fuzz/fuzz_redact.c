/* Any secret in any text: a line parts them. What is shown never holds the secret. */
#include <stdlib.h>

#include "probe/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	size_t line = str_find_char(text, '\n');
	struct str secret = str_sub(text, 0, line);
	struct redactor *r = redactor_new();
	bool masked = redactor_add(r, secret);
	struct str shown = redact(r, arena, str_from(text, secret.len), size % 2);

	/* Stars of its own might meet those of the mask. */
	if (masked && secret.len && str_find_char(secret, '*') == SIZE_MAX &&
		str_find(shown, secret) != SIZE_MAX)
		abort();
	redactor_free(r);
	arena_free(arena);
	return 0;
}

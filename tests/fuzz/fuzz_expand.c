/* Any bytes as a text with references. */
#include <stdlib.h>

#include "probe/expand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool later(void *ctx, struct str name)
{
	(void)ctx;
	return str_is(name, "later");
}

/* Problems and references lie within the text. */
static void inside(void *ctx, size_t offset, size_t len, const char *message)
{
	if (!message[0] || offset > *(size_t *)ctx || len > *(size_t *)ctx - offset)
		abort();
}

static void reference(void *ctx, const struct reference *r)
{
	inside(ctx, r->offset, r->len, "x");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct scope *scope = scope_new(arena, NULL);
	struct str text = arena_str(arena, (struct str){(const char *)data, size});
	struct expand_watch watch = {later, inside, &size, false};
	struct value value = value_text("v"), list = value_array(), out;
	struct error err;
	size_t offset;

	value_push(arena, &list, value);
	scope_set(scope, STR("a"), &value);
	scope_set(scope, STR("list"), &list);
	expand_with(arena, scope, text, &watch, &out);
	if (expand_references(text, reference, &size, &offset, &err) && offset > size)
		abort();
	arena_free(arena);
	return 0;
}

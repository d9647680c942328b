/* Any query over any document: a line parts them. No crash, no hang, paths select what they name. */
#include <stdlib.h>

#include "probe/json.h"
#include "probe/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The normalized path of a node selects that node alone (RFC 9535, section 2.7). */
static void check_path(struct arena *arena, const struct value *root, struct jsonpath_node node)
{
	struct jsonpath *path;
	struct jsonpath_nodes again;

	if (jsonpath_compile(arena, str_of(node.path), &path, NULL, NULL))
		return;
	if (jsonpath_select(path, arena, root, false, &again, NULL) == 0 &&
		(again.count != 1 || again.items[0].value != node.value))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	size_t line = str_find_char(text, '\n'), offset;
	struct str query_text = str_sub(text, 0, line);
	struct jsonpath *query;
	struct jsonpath_nodes nodes;
	struct value document;
	struct error err;

	if (jsonpath_compile(arena, query_text, &query, &offset, &err)) {
		if (offset > query_text.len)
			abort();
	} else if (line != SIZE_MAX &&
		   json_parse(arena, str_from(text, line + 1), 0, &document, &err) == 0 &&
		   jsonpath_select(query, arena, &document, true, &nodes, &err) == 0) {
		for (size_t i = 0; i < nodes.count && i < 20; i++)
			check_path(arena, &document, nodes.items[i]);
	}
	arena_free(arena);
	return 0;
}

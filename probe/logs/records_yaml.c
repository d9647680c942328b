/* What `gcloud logging read` prints unless told otherwise: one YAML document an entry, after "---". */
#include "records.h"

#include "probe/json.h"
#include "probe/yaml.h"

/* "insertId: x": a key in the first column. */
static bool is_key(struct str line)
{
	size_t colon = str_find_char(line, ':');

	if (colon == SIZE_MAX || colon == 0 || colon > 64 ||
		(colon + 1 < line.len && line.ptr[colon + 1] != ' '))
		return false;
	for (size_t i = 0; i < colon; i++) {
		char c = line.ptr[i];

		if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}

/* A key that only entries have; documents without a mark before them need one. */
static bool is_entry_key(struct str line)
{
	static const char *const keys[] = {"insertId:", "logName:", "textPayload:", "jsonPayload:",
		"httpRequest:", "protoPayload:", NULL};

	for (size_t i = 0; keys[i]; i++)
		if (str_starts(line, keys[i]))
			return true;
	return false;
}

static bool begins(struct str head)
{
	struct str line, second;

	do
		if (!str_line(&head, &line))
			return false;
	while (str_trim(line).len == 0);
	if (str_is(line, "---"))
		return str_line(&head, &second) && is_key(second);
	return is_entry_key(line);
}

/* The document as one line of JSON; false when it is no map. */
static bool rewrite(struct records *r, struct str text)
{
	struct arena *arena = arena_new();
	struct source source = {.name = "log", .text = text};
	struct node *root = NULL;
	struct diags diags;
	bool map = false;

	diags_init(&diags, arena);
	yaml_load(arena, &source, &root, &diags);
	if (root && root->type == NODE_MAP && !diags_failed(&diags)) {
		struct value value = node_value(arena, root);

		json_print(&r->out, &value);
		map = !r->out.overflow;
	}
	arena_free(arena);
	return map;
}

static void end(struct records *r)
{
	if (r->text.len == 0)
		return;
	if (rewrite(r, buf_str(&r->text))) {
		buf_add_char(&r->out, '\n');
		r->put(r->ctx, r->out.data, r->out.len);
	} else {
		record_pass(r, buf_str(&r->text));
	}
	buf_clear(&r->out);
	buf_clear(&r->text);
}

static void line(struct records *r, struct str text)
{
	if (str_is(text, "---") || str_is(text, "...")) {
		end(r);
		return;
	}
	if (r->text.len + text.len + 1 > YAML_BYTES_MAX - 1)
		end(r);
	buf_add_str(&r->text, text);
	buf_add_char(&r->text, '\n');
}

const struct record_kind records_yaml = {begins, line, NULL, end};

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "field_private.h"

enum { FILE_BYTES_MAX = 16 << 20 };

/* Where the text of a node made by a shorthand stands in the scalar it came from: bytes into the
 * source, or SIZE_MAX. Long files are not searched for the sake of a caret. */
static size_t find_offset(const struct node *node)
{
	struct str rest = node->span.source->text, line = {"", 0};
	size_t pos = 0, found;

	if (rest.len > 65536)
		return SIZE_MAX;
	for (uint32_t i = 0; i < node->span.line; i++)
		if (!str_line(&rest, &line))
			return SIZE_MAX;
	for (uint32_t i = 1; i < node->span.column && pos < line.len; i++)
		utf8_next(line, &pos);
	found = str_find(str_from(line, pos), node->text);
	if (found == SIZE_MAX || found >= node->span.length)
		return SIZE_MAX;
	return (size_t)(line.ptr - node->span.source->text.ptr) + pos + found;
}

struct span node_part_span(const struct node *node, size_t from, size_t len)
{
	const struct source *source = node->span.source;
	struct span span = node->span;
	size_t offset = node->offset, start;

	if (!source || node->type != NODE_SCALAR || from > node->text.len ||
		memchr(node->text.ptr, '\n', node->text.len))
		return span;
	if (offset == SIZE_MAX)
		offset = find_offset(node);
	/* Exact only where the text stands in the file as it is: no escapes, one line. */
	if (offset > source->text.len ||
		!str_equal(str_sub(source->text, offset, node->text.len), node->text))
		return span;
	for (start = offset; start > 0 && source->text.ptr[start - 1] != '\n'; start--)
		;
	struct str before = str_sub(source->text, start, offset + from - start);

	if (before.len > 4096)
		return span;
	span.line = node->span.line;
	span.column = 1 + (uint32_t)utf8_count(before);
	span.length = (uint32_t)utf8_count(str_sub(node->text, from, len));
	if (!span.length)
		span.length = 1;
	return span;
}

struct text_watch {
	const struct fill *fill;
	const struct node *node;
};

static bool watch_deferred(void *ctx, struct str name)
{
	const struct text_watch *watch = ctx;

	return watch->fill->deferred && watch->fill->deferred(watch->fill->ctx, name);
}

static void watch_problem(void *ctx, size_t offset, size_t len, const char *message)
{
	const struct text_watch *watch = ctx;

	diag_error(watch->fill->diags, node_part_span(watch->node, offset, len), "%s", message);
}

/* A scalar without looking for {file:}. */
static enum filled expand_scalar(
	const struct fill *fill, const struct node *node, struct value *out, bool *expanded)
{
	struct text_watch text = {fill, node};
	struct expand_watch watch = {watch_deferred, watch_problem, &text, false};

	*expanded = node->value.type == VALUE_STRING && expand_needed(node->text);
	if (!*expanded) {
		*out = node->value;
		return FILLED_OK;
	}
	if (expand_with(fill->arena, fill->scope, node->text, &watch, out))
		return FILLED_WRONG;
	return watch.was_deferred ? FILLED_LATER : FILLED_OK;
}

bool node_is_file(const struct node *node)
{
	return node->type == NODE_MAP && node->count == 1 &&
	       str_is(node->pairs[0].key->text, "file") &&
	       node->pairs[0].value->type == NODE_SCALAR;
}

static int read_all(int fd, struct buf *text)
{
	ssize_t got;

	do {
		char *room = buf_reserve(text, 65536);

		if (!room) {
			errno = EFBIG;
			return -1;
		}
		got = read(fd, room, 65536);
		if (got > 0)
			text->len += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? -1 : 0;
}

/* The file's text without the last line break. A FIFO nobody writes to is empty, not a wait. */
static int read_text(struct arena *arena, const char *path, struct value *out)
{
	BUF_SCOPED struct buf text;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int failed = fd < 0 || fstat(fd, &st);

	buf_init(&text, FILE_BYTES_MAX + 65536);
	if (!failed) {
		fcntl(fd, F_SETFL, 0);
		failed = read_all(fd, &text);
	}
	int reason = errno;

	if (fd >= 0)
		close(fd);
	errno = reason;
	if (failed)
		return -1;
	struct str all = buf_str(&text);

	if (str_ends(all, "\n"))
		all.len--;
	if (str_ends(all, "\r"))
		all.len--;
	*out = value_string(arena_str(arena, all));
	return 0;
}

static enum filled fill_file(const struct fill *fill, const struct node *node, struct value *out)
{
	const struct node *path_node = node->pairs[0].value;
	struct value value;
	bool expanded;
	enum filled filled = expand_scalar(fill, path_node, &value, &expanded);

	if (filled != FILLED_OK)
		return filled;
	struct str path = value_to_str(fill->arena, &value);
	const char *full = path.ptr;

	if (!path.len || memchr(path.ptr, '\0', path.len)) {
		diag_error(fill->diags, path_node->span, "'file' needs the path of a file");
		return FILLED_WRONG;
	}
	if (path.ptr[0] != '/' && fill->dir && *fill->dir && strcmp(fill->dir, ".") != 0)
		full = arena_printf(fill->arena, "%s/%s", fill->dir, path.ptr);
	if (read_text(fill->arena, full, out)) {
		diag_error(fill->diags, path_node->span, "cannot read '%s': %s", full,
			strerror(errno));
		return FILLED_WRONG;
	}
	return FILLED_OK;
}

enum filled fill_scalar(
	const struct fill *fill, const struct node *node, struct value *out, bool *expanded)
{
	*expanded = true;
	if (node_is_file(node))
		return fill_file(fill, node, out);
	return expand_scalar(fill, node, out, expanded);
}

static enum filled worse(enum filled a, enum filled b)
{
	return a > b ? a : b;
}

static enum filled fill_map(const struct fill *fill, const struct node *node, struct value *out)
{
	enum filled result = FILLED_OK;
	bool expanded;

	*out = value_object();
	for (size_t i = 0; i < node->count; i++) {
		struct value key = value_string(node->pairs[i].key->text), value = value_null();

		if (expand_needed(key.string))
			result = worse(
				result, expand_scalar(fill, node->pairs[i].key, &key, &expanded));
		result = worse(result, fill_value(fill, node->pairs[i].value, &value));
		value_set(fill->arena, out, value_to_str(fill->arena, &key), value);
	}
	return result;
}

enum filled fill_value(const struct fill *fill, const struct node *node, struct value *out)
{
	enum filled result = FILLED_OK;
	bool expanded;

	*out = value_null();
	if (node->type == NODE_SCALAR || node_is_file(node))
		return fill_scalar(fill, node, out, &expanded);
	if (node->type == NODE_MAP)
		return fill_map(fill, node, out);
	*out = value_array();
	for (size_t i = 0; i < node->count; i++) {
		struct value item;

		result = worse(result, fill_value(fill, node->items[i], &item));
		value_push(fill->arena, out, item);
	}
	return result;
}

int node_expand(const struct fill *fill, const struct node *node, struct value *out)
{
	enum filled filled = fill_value(fill, node, out);

	if (filled == FILLED_LATER)
		*out = value_null();
	return filled == FILLED_WRONG ? -1 : 0;
}

struct reference_walk {
	const struct node *node;
	void (*each)(void *ctx, const struct node *, const struct reference *);
	void *ctx;
};

static void walk_reference(void *ctx, const struct reference *reference)
{
	struct reference_walk *walk = ctx;

	walk->each(walk->ctx, walk->node, reference);
}

void node_references(const struct node *node,
	void (*each)(void *ctx, const struct node *, const struct reference *), void *ctx)
{
	struct reference_walk walk = {node, each, ctx};
	struct error err;
	size_t offset;

	if (node->type == NODE_SCALAR && node->value.type == VALUE_STRING)
		expand_references(node->text, walk_reference, &walk, &offset, &err);
	for (size_t i = 0; node->type == NODE_LIST && i < node->count; i++)
		node_references(node->items[i], each, ctx);
	for (size_t i = 0; node->type == NODE_MAP && i < node->count; i++) {
		node_references(node->pairs[i].key, each, ctx);
		node_references(node->pairs[i].value, each, ctx);
	}
}

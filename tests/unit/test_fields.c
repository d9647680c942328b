/* Structs filled from maps by tables: every type, what it takes and what it says otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"
#include "fake_kinds.h"
#include "probe/clock.h"
#include "probe/field.h"
#include "probe/json.h"

struct inner {
	struct str name;
	int64_t count;
};

struct all {
	struct str string, with_default;
	bool boolean;
	int64_t integer, duration;
	double number;
	uint64_t size;
	int choice;
	struct value value;
	struct strs strings;
	struct pairs pairs;
	struct inner *object;
	struct objects objects;
	const struct node *node;
};

static struct node *inner_shorthand(
	struct arena *arena, const struct node *node, struct diags *diags)
{
	struct node *map = node_map(arena, node->span);

	if (node->type != NODE_SCALAR) {
		diag_error(diags, node->span, "an inner one is a text or a map");
		return NULL;
	}
	node_map_add(arena, map, "name", node_scalar(arena, node->span, node->text));
	return map;
}

static const char *const choices[] = {"red", "green", "blue", NULL};

static const struct field inner_fields[] = {
	{.name = "name",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct inner, name),
		.required = true,
		.help = "what it is called"},
	{.name = "count",
		.type = FIELD_INTEGER,
		.offset = FIELD_AT(struct inner, count),
		.min = 1,
		.max = 5,
		.fallback = "2"},
	{.name = NULL},
};

#define MEMBER(t, m) .name = #m, .type = t, .offset = FIELD_AT(struct all, m)

static const struct field all_fields[] = {
	{MEMBER(FIELD_STRING, string)},
	{MEMBER(FIELD_STRING, with_default), .fallback = "fallen"},
	{MEMBER(FIELD_BOOLEAN, boolean)},
	{MEMBER(FIELD_INTEGER, integer), .min = -3, .max = 1000000},
	{MEMBER(FIELD_DURATION, duration), .min = 0.001, .max = 60},
	{MEMBER(FIELD_NUMBER, number), .min = 1},
	{MEMBER(FIELD_SIZE, size)},
	{MEMBER(FIELD_ENUM, choice), .choices = choices},
	{MEMBER(FIELD_VALUE, value)},
	{MEMBER(FIELD_STRINGS, strings)},
	{MEMBER(FIELD_PAIRS, pairs)},
	{MEMBER(FIELD_OBJECT, object), .fields = inner_fields, .size = sizeof(struct inner)},
	{MEMBER(FIELD_OBJECTS, objects), .fields = inner_fields, .size = sizeof(struct inner),
		.shorthand = inner_shorthand},
	{MEMBER(FIELD_NODE, node)},
	{.name = NULL},
};

static bool later(void *ctx, struct str name)
{
	(void)ctx;
	return str_is(name, "later");
}

static struct scope *known_scope(struct arena *arena)
{
	struct scope *scope = scope_new(arena, NULL);
	struct value value;

	json_parse(arena,
		STR("{\"s\":\"text\",\"five\":\"5\",\"n\":7,\"b\":\"true\",\"t\":\"2s\","
		    "\"list\":[\"a\",1],\"map\":{\"k\":[1]}}"),
		0, &value, NULL);
	for (size_t i = 0; i < value.object.count; i++)
		scope_set(scope, value.object.members[i].key, &value.object.members[i].value);
	return scope;
}

static void print_inner(struct buf *out, const struct inner *inner)
{
	buf_printf(out, " %.*s*%lld", STR_ARG(inner->name), (long long)inner->count);
}

static void print_lists(struct buf *out, const struct all *all)
{
	for (size_t i = 0; i < all->strings.count; i++)
		buf_printf(out, "%s<%.*s>", i ? "" : "strings ", STR_ARG(all->strings.items[i]));
	for (size_t i = 0; i < all->pairs.count; i++)
		buf_printf(out, "%s<%.*s=%.*s>", i ? "" : "pairs ",
			STR_ARG(all->pairs.items[i].name), STR_ARG(all->pairs.items[i].value));
	if (all->object)
		print_inner(out, all->object);
	for (size_t i = 0; i < all->objects.count; i++)
		print_inner(out, all->objects.items[i]);
}

/* What was filled in, members that are not zero; or the diagnostics. */
static const char *run_fields(struct arena *arena, const struct one_case *it)
{
	struct source source = {"t", it->input};
	struct diags diags;
	struct node *root;
	struct all all = {.choice = -1};
	BUF_SCOPED struct buf out;
	struct fill fill = {.arena = arena,
		.scope = known_scope(arena),
		.diags = &diags,
		.dir = ".",
		.deferred = later};

	buf_init(&out, 1 << 16);
	fake_files(arena, STR("+++ f.txt\nline one\nline two\n"));
	diags_init(&diags, arena);
	yaml_load(arena, &source, &root, &diags);
	assert_non_null(root);
	int failed = fields_fill(&fill, all_fields, root, &all);

	assert_int_equal(failed ? 1 : 0, diags_failed(&diags) ? 1 : 0);
	if (failed)
		return fake_diags_text(arena, &diags);
	if (all.string.len)
		buf_printf(&out, "string <%.*s>\n", STR_ARG(all.string));
	if (!str_is(all.with_default, "fallen"))
		buf_printf(&out, "with_default <%.*s>\n", STR_ARG(all.with_default));
	if (all.boolean || all.integer || all.duration || all.size)
		buf_printf(&out, "%d %lld %lld %llu\n", all.boolean, (long long)all.integer,
			(long long)all.duration, (unsigned long long)all.size);
	if (all.number != 0)
		buf_printf(&out, "number %g\n", all.number);
	if (all.choice >= 0)
		buf_printf(&out, "choice %d\n", all.choice);
	if (all.value.type != VALUE_NULL)
		json_print(&out, &all.value);
	print_lists(&out, &all);
	if (all.node)
		buf_printf(&out, "node %s\n", node_kind_text(all.node));
	return arena_str(arena, buf_str(&out)).ptr;
}

static void test_cases(void **state)
{
	(void)state;
	assert_int_equal(cases_run(fake_path("tests/data/fields.test"), run_fields), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, fake_enter, fake_leave);
}

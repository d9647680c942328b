/* YAML to nodes: shapes, types, places, and everything that is no YAML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"
#include "probe/buf.h"
#include "probe/clock.h"
#include "probe/json.h"
#include "probe/yaml.h"

static const char *diags_text(struct arena *arena, const struct diags *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	diags_print(diags, out, false);
	fclose(out);
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

/* The tree as JSON, or the diagnostics. */
static const char *run_yaml(struct arena *arena, const struct one_case *it)
{
	struct source source = {str_ends(it->name, "(json)") ? "t.json" : "t.yaml", it->input};
	struct diags diags;
	struct node *root;

	diags_init(&diags, arena);
	yaml_load(arena, &source, &root, &diags);
	if (diags_failed(&diags))
		return diags_text(arena, &diags);
	BUF_SCOPED struct buf out;
	struct value value = root ? node_value(arena, root) : value_null();

	buf_init(&out, 1 << 20);
	json_print(&out, &value);
	return arena_str(arena, buf_str(&out)).ptr;
}

static void test_cases(void **state)
{
	(void)state;
	assert_int_equal(cases_run("tests/data/yaml.test", run_yaml), 0);
}

/* Loads a text that must be refused, in less than a second. */
static const char *refused(struct arena *arena, struct str text)
{
	struct source *source = ARENA_NEW(arena, struct source);
	struct diags diags;
	struct node *root;
	int64_t start = cpu_time();

	*source = (struct source){"t.yaml", text};
	diags_init(&diags, arena);
	yaml_load(arena, source, &root, &diags);
	assert_null(root);
	assert_true(diags_failed(&diags));
	assert_true(cpu_time() - start < time_limit(NS_PER_S));
	return diags.items[0].message;
}

static void test_alias_bomb(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct buf text;

	buf_init(&text, 1 << 16);
	buf_add_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 30; i++) {
		buf_printf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&text, "%s*a%d", k ? ", " : "", i - 1);
		buf_add_text(&text, "]\n");
	}
	assert_non_null(strstr(refused(arena, buf_str(&text)), "more than 10000"));
	assert_true(arena_size(arena) < 8 << 20);
	buf_release(&text);
	arena_free(arena);
}

static void test_deep_nesting(void **state)
{
	(void)state;
	static const char *const parts[] = {"[", "{a: ", "- ", "? ", "&a [", "!a "};

	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
		struct arena *arena = arena_new();
		struct buf text;

		buf_init(&text, 1 << 20);
		for (int i = 0; i < 20000; i++)
			buf_add_text(&text, parts[p]);
		refused(arena, buf_str(&text));
		buf_release(&text);
		arena_free(arena);
	}
}

static void test_binary_junk(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	char junk[4096];
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof(junk); i++) {
		seed = seed * 1103515245 + 12345;
		junk[i] = (char)(seed >> 16);
	}
	refused(arena, (struct str){junk, sizeof(junk)});
	refused(arena, (struct str){"a: \0b", 5});
	refused(arena, (struct str){"\xff\xfe\x61\x00", 4});
	arena_free(arena);
}

/* A mebibyte of everything that might be quadratic. */
static void test_large(void **state)
{
	(void)state;
	static const char *const parts[] = {"a: b\n", "- x\n", "k%d: v\n", "&a%d x\n", "'", "[x, ",
		"${x", "\"\\n", "# c\n", "a ", "\n", "- &a%d b\n- *a%d\n"};

	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
		struct arena *arena = arena_new();
		struct source source = {"t.yaml", {0}};
		struct diags diags;
		struct node *root;
		struct buf text;

		buf_init(&text, YAML_BYTES_MAX);
		for (int i = 0; !text.overflow; i++)
			buf_printf(&text, parts[p], i, i);
		source.text = buf_str(&text);
		diags_init(&diags, arena);
		int64_t start = cpu_time();

		yaml_load(arena, &source, &root, &diags);
		assert_true(cpu_time() - start < time_limit(NS_PER_S));
		buf_release(&text);
		arena_free(arena);
	}
	struct arena *arena = arena_new();
	char *big = calloc(1, YAML_BYTES_MAX + 1);

	memset(big, ' ', YAML_BYTES_MAX + 1);
	assert_string_equal(
		refused(arena, (struct str){big, YAML_BYTES_MAX + 1}), "larger than 1 MiB");
	free(big);
	arena_free(arena);
}

static void test_unreadable(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct diags diags;
	struct node *root;
	struct error err;

	diags_init(&diags, arena);
	assert_int_equal(yaml_load_file(arena, "/does/not/exist", &root, &diags, &err), -1);
	assert_string_equal(err.text, "cannot open '/does/not/exist': No such file or directory");
	assert_int_equal(yaml_load_file(arena, "/tmp", &root, &diags, &err), -1);
	assert_string_equal(err.text, "cannot read '/tmp': Is a directory");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_alias_bomb),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_binary_junk),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

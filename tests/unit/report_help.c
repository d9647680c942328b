#include "report_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

int report_setup(void **state)
{
	struct context *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->arena = arena_new();
	snprintf(c->dir, sizeof(c->dir), "/tmp/test_report.XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	/* West of Greenwich by hours and minutes, so that a lost offset shows. */
	setenv("TZ", "NST3:30", 1);
	unsetenv("GITHUB_WORKSPACE");
	*state = c;
	return 0;
}

int report_teardown(void **state)
{
	struct context *c = *state;

	assert_int_equal(rmdir(c->dir), 0);
	arena_free(c->arena);
	free(c);
	return 0;
}

char *in_dir(struct context *c, const char *name)
{
	return arena_printf(c->arena, "%s/%s", c->dir, name);
}

struct str read_file(struct arena *arena, const char *path)
{
	FILE *in = fopen(path, "r");

	if (!in)
		fail_msg("cannot open '%s'", path);
	BUF_SCOPED struct buf b;
	char chunk[4096];
	size_t got;

	buf_init(&b, 1 << 26);
	while ((got = fread(chunk, 1, sizeof(chunk), in)) > 0)
		buf_add(&b, chunk, got);
	fclose(in);
	return arena_str(arena, buf_str(&b));
}

void write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

struct str written(
	struct arena *arena, const char *format, const struct report *const *reports, size_t count)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	report_find(format)->write(out, reports, count);
	assert_int_equal(fclose(out), 0);
	struct str copy = arena_str(arena, (struct str){text, len});

	free(text);
	return copy;
}

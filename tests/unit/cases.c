#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "probe/buf.h"
#include "probe/error.h"

static struct str read_file(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "re");
	char chunk[8192];
	size_t got;

	if (!file)
		die("cannot open '%s': %m", path);
	buf_init(text, 16 << 20);
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(text, chunk, got);
	fclose(file);
	return buf_str(text);
}

/* Without line breaks at the end. */
static struct str part(struct arena *arena, const char *from, const char *to)
{
	while (to > from && to[-1] == '\n')
		to--;
	return arena_str(arena, (struct str){from, (size_t)(to - from)});
}

static int run_one(const char *path, const struct one_case *it, struct arena *arena,
	const char *(*run)(struct arena *, const struct one_case *))
{
	const char *seen = run(arena, it);
	struct str text = part(arena, seen, seen + strlen(seen));

	if (str_equal(text, it->wanted))
		return 0;
	printf("%s:%d: %s\n  wanted:\n%s\n  seen:\n%s\n", path, it->line, it->name.ptr,
		it->wanted.ptr, text.ptr);
	return 1;
}

int cases_run(const char *path, const char *(*run)(struct arena *, const struct one_case *))
{
	BUF_SCOPED struct buf text;
	struct str rest = read_file(path, &text), line;
	int number = 0, count = 0, wrong = 0;
	bool more = str_line(&rest, &line);

	while (more) {
		number++;
		if (!str_starts(line, "== ")) {
			more = str_line(&rest, &line);
			continue;
		}
		struct arena *arena = arena_new();
		struct one_case it = {.name = arena_str(arena, str_from(line, 3)), .line = number};
		const char *from = rest.ptr, *middle = NULL, *end = rest.ptr;

		while ((more = str_line(&rest, &line)) && !str_starts(line, "== ")) {
			number++;
			end = rest.len ? rest.ptr : line.ptr + line.len;
			if (!middle && str_is(line, "--")) {
				it.input = part(arena, from, line.ptr);
				middle = end;
			}
		}
		if (!middle)
			die("%s:%d: a case without '--'", path, it.line);
		it.wanted = part(arena, middle, end);
		wrong += run_one(path, &it, arena, run);
		count++;
		arena_free(arena);
	}
	if (!count)
		die("%s: no cases", path);
	return wrong;
}

int64_t cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t time_limit(int64_t ns)
{
	if (RUNNING_ON_VALGRIND)
		return ns * 100;
#ifdef __SANITIZE_ADDRESS__
	return ns * 10;
#else
	return ns;
#endif
}

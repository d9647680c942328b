#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "report_load.h"

static int read_all(const char *file, struct buf *out, struct error *err)
{
	bool from_stdin = strcmp(file, "-") == 0;
	int fd = from_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	int status = 0;

	if (fd < 0)
		return error_set(err, "cannot open '%s': %s", file, strerror(errno));
	for (;;) {
		char *at = buf_reserve(out, 65536);
		ssize_t got = at ? read(fd, at, 65536) : 0;

		if (!at)
			status = error_set(
				err, "'%s' is larger than %d MiB", file, REPORT_LOAD_MAX >> 20);
		else if (got < 0)
			status = error_set(err, "cannot read '%s': %s", file, strerror(errno));
		if (status < 0 || got <= 0)
			break;
		out->len += (size_t)got;
	}
	if (!from_stdin)
		close(fd);
	return status;
}

static void load_run(struct loader *l, const struct value *document, struct run *run)
{
	const struct value *r = load_object(l, document, "run");
	size_t mark = load_enter(l, "run", LOAD_NO_INDEX);

	run->id = load_text_or_null(l, r, "id");
	run->scenario = load_text_or_null(l, r, "scenario");
	run->target = load_text_or_null(l, r, "target");
	run->started_at = load_moment(l, r, "started_at");
	run->finished_at = load_moment(l, r, "finished_at");
	run->duration = load_ms(l, r, "duration_ms");
	if (run->started_at == TIME_NONE || run->finished_at == TIME_NONE ||
		run->duration == TIME_NONE)
		load_fail(l, "started_at", "finished_at and duration_ms may not be null");
	load_leave(l, mark);
	load_steps(l, document, run);
}

static const struct report *load_document(struct loader *l, const struct value *document)
{
	struct report *report = ARENA_NEW(l->arena, struct report);
	struct run *run = ARENA_NEW(l->arena, struct run);
	struct diagnosis *d = ARENA_NEW(l->arena, struct diagnosis);
	struct str schema = value_str_or(value_find(document, "schema"), STR(""));

	if (!str_is(schema, REPORT_SCHEMA)) {
		load_fail(l, "schema",
			arena_printf(l->arena, "'%.*s' is not known, wanted '" REPORT_SCHEMA "'",
				(int)(schema.len < 60 ? schema.len : 60), schema.ptr));
		return NULL;
	}
	load_run(l, document, run);
	report->run = run;
	report->logs = load_logs(l, document);
	load_diagnosis(l, document, run, report->logs, d);
	if (d->verdict.golden_path == GOLDEN_UNKNOWN)
		run->end = RUN_INTERRUPTED;
	report->diagnosis = d;
	/* Ages are those of the time the run was made: the saved judgement rests on them. */
	report->now = run->finished_at;
	return report;
}

struct loading {
	struct arena *arena;
	const char *file;
	const struct report **reports;
	size_t count, capacity;
};

/* `line` 0: the whole file is one document. */
static int add_document(struct loading *loading, struct str text, size_t line, struct error *err)
{
	struct loader l = {.arena = loading->arena};
	struct value document;
	struct error why;
	const struct report *report = NULL;

	if (json_parse(loading->arena, text, 0, &document, &why) == 0) {
		report = load_document(&l, &document);
		why = l.err;
	}
	if (!report || l.failed)
		return line ? error_set(err, "%s:%zu: no saved run: %s", loading->file, line,
				      why.text)
			    : error_set(err, "%s: no saved run: %s", loading->file, why.text);
	loading->reports = arena_grow(loading->arena, loading->reports, loading->count,
		&loading->capacity, sizeof(*loading->reports));
	loading->reports[loading->count++] = report;
	return 0;
}

/* One document laid out over many lines is recognised by a first line that is none. */
static bool one_document(struct str text)
{
	struct str line;
	size_t offset;

	while (str_line(&text, &line))
		if (str_trim(line).len)
			return json_check(line, 0, &offset, NULL) < 0;
	return true;
}

static int add_documents(struct loading *loading, struct str text, struct error *err)
{
	struct str line;

	if (one_document(text))
		return add_document(loading, text, 0, err);
	for (size_t number = 1; str_line(&text, &line); number++)
		if (str_trim(line).len && add_document(loading, line, number, err) < 0)
			return -1;
	return 0;
}

const struct report *const *report_load(
	struct arena *arena, const char *file, size_t *count, struct error *err)
{
	BUF_SCOPED struct buf text;
	struct loading loading = {.arena = arena, .file = file};

	buf_init(&text, REPORT_LOAD_MAX);
	if (read_all(file, &text, err) < 0 || add_documents(&loading, buf_str(&text), err) < 0)
		return NULL;
	*count = loading.count;
	return loading.reports;
}

const struct report *report_of_scenario(
	const struct report *const *reports, size_t count, const char *scenario)
{
	for (size_t i = 0; i < count; i++)
		if (scenario && reports[i]->run->scenario &&
			strcmp(reports[i]->run->scenario, scenario) == 0)
			return reports[i];
	return count == 1 ? reports[0] : NULL;
}

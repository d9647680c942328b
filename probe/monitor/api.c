/* The JSON that is served, and the lines of /live. */
#include <stdlib.h>

#include "probe/json.h"

#include "gen/version.h"
#include "server_private.h"

enum { RUNS_DEFAULT = 50, RUNS_MAX = 1000 };

/* A writer into memory, whose text goes to a buffer. */
struct sheet {
	struct json_writer json;
	char *text;
	size_t len;
};

static void sheet_begin(struct sheet *sheet)
{
	FILE *out = open_memstream(&sheet->text, &sheet->len);

	if (!out)
		die("out of memory: an answer");
	json_writer_init(&sheet->json, out);
}

static void sheet_end(struct sheet *sheet, struct buf *out)
{
	if (fclose(sheet->json.out) || !sheet->text)
		die("out of memory: an answer");
	buf_add(out, sheet->text, sheet->len);
	free(sheet->text);
}

static void moment(struct json_writer *w, const char *key, int64_t wall)
{
	char text[36];

	if (wall == TIME_NONE) {
		json_null(w, key);
		return;
	}
	time_print_utc(wall, 3, text);
	json_text(w, key, text);
}

static void milliseconds(struct json_writer *w, const char *key, int64_t ns)
{
	if (ns == TIME_NONE)
		json_null(w, key);
	else
		json_num(w, key, (double)ns / (double)NS_PER_MS, 3);
}

static int problem(struct buf *out, int status, const char *text)
{
	struct sheet sheet;

	sheet_begin(&sheet);
	json_begin(&sheet.json, NULL, '{');
	json_text(&sheet.json, "error", text);
	json_end(&sheet.json);
	sheet_end(&sheet, out);
	buf_add_char(out, '\n');
	return status;
}

static void write_last(struct json_writer *json, const struct watched *w)
{
	json_text(json, "scenario", w->name);
	json_text(json, "golden_path", golden_path_name(w->state));
	json_text(json, "summary", w->summary);
	json_text(json, "run_id", w->run_id);
	moment(json, "started_at", w->has_run ? w->started_at : TIME_NONE);
	moment(json, "finished_at", w->has_run ? w->finished_at : TIME_NONE);
	milliseconds(json, "duration_ms", w->has_run ? w->duration : TIME_NONE);
}

void api_event(struct buf *out, const struct watched *w)
{
	struct sheet sheet;

	sheet_begin(&sheet);
	json_begin(&sheet.json, NULL, '{');
	write_last(&sheet.json, w);
	json_end(&sheet.json);
	sheet_end(&sheet, out);
}

static void write_steps(struct json_writer *json, const struct watched *w)
{
	json_begin(json, "steps", '[');
	for (size_t i = 0; i < w->step_count; i++) {
		const struct step_stat *step = &w->steps[i];

		json_begin(json, NULL, '{');
		json_text(json, "name", step->name);
		json_text(json, "kind", step->kind);
		json_text(json, "capability", step->capability);
		json_text(json, "status", step_status_name(step->status));
		milliseconds(json, "duration_ms", step->duration);
		moment(json, "certificate_expires_at", step->cert_expiry);
		json_end(json);
	}
	json_end(json);
}

static void write_scenario(struct json_writer *json, const struct watched *w)
{
	json_begin(json, NULL, '{');
	write_last(json, w);
	json_text(json, "file", w->file);
	json_bool(json, "file_valid", w->file_valid);
	json_bool(json, "has_passed", w->has_passed);
	json_num(json, "every_s", (double)w->every / (double)NS_PER_S, 3);
	json_begin(json, "runs", '{');
	for (int s = GOLDEN_HEALTHY; s <= GOLDEN_UNKNOWN; s++)
		json_int(json, golden_path_name(s), w->runs[s]);
	json_int(json, "skipped", w->skipped);
	json_int(json, "late", w->late);
	json_end(json);
	write_steps(json, w);
	json_begin(json, "findings", '[');
	for (size_t i = 0; i < w->finding_count; i++) {
		json_begin(json, NULL, '{');
		json_text(json, "priority", priority_name(w->findings[i].priority));
		json_text(json, "cause", w->findings[i].cause);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}

static void write_store(struct json_writer *json, const struct monitor *m)
{
	size_t waiting = 0;
	int64_t lost = 0;

	if (monitor_history(m))
		history_trouble(monitor_history(m), &waiting, &lost);
	json_begin(json, "store", '{');
	json_text(json, "problem", monitor_problem(m));
	json_int(json, "waiting", (int64_t)waiting);
	json_int(json, "lost", lost);
	json_end(json);
}

int api_status(struct monitor *m, const struct request *request, struct buf *out)
{
	size_t count;
	const struct watched *const *watched = monitor_watched(m, &count);
	const char *wanted = request_query(request, "scenario");
	struct sheet sheet;

	sheet_begin(&sheet);
	json_begin(&sheet.json, NULL, '{');
	json_text(&sheet.json, "schema", "goldprobe.status/v1");
	json_text(&sheet.json, "version", GOLDPROBE_VERSION);
	json_text(&sheet.json, "golden_path", golden_path_name(monitor_state(m)));
	json_bool(&sheet.json, "started", monitor_started(m));
	moment(&sheet.json, "since", monitor_since(m));
	write_store(&sheet.json, m);
	json_begin(&sheet.json, "scenarios", '[');
	for (size_t i = 0; i < count; i++)
		if (!wanted || strcmp(wanted, watched[i]->name) == 0)
			write_scenario(&sheet.json, watched[i]);
	json_end(&sheet.json);
	json_end(&sheet.json);
	sheet_end(&sheet, out);
	buf_add_char(out, '\n');
	return 200;
}

static void write_run(struct json_writer *json, const struct history_run *run)
{
	json_begin(json, NULL, '{');
	json_text(json, "id", run->id);
	json_text(json, "scenario", run->scenario);
	json_text(json, "golden_path", golden_path_name(run->verdict));
	json_text(json, "summary", run->summary);
	moment(json, "started_at", run->started_at);
	milliseconds(json, "duration_ms", run->duration);
	json_end(json);
}

int api_runs(struct monitor *m, const struct request *request, struct buf *out)
{
	const char *limit_text = request_query(request, "limit");
	int64_t limit = RUNS_DEFAULT;
	struct history_run *runs = NULL;
	struct sheet sheet;
	struct arena *arena;
	size_t count = 0;

	if (limit_text && (!str_int(str_of(limit_text), &limit) || limit < 1 || limit > RUNS_MAX))
		return problem(out, 400, "limit: a number from 1 to 1000 is wanted");
	arena = arena_new();
	if (monitor_history(m))
		count = history_list(monitor_history(m), arena, request_query(request, "scenario"),
			(size_t)limit, &runs);
	sheet_begin(&sheet);
	json_begin(&sheet.json, NULL, '{');
	json_text(&sheet.json, "schema", "goldprobe.runs/v1");
	json_begin(&sheet.json, "runs", '[');
	for (size_t i = 0; i < count; i++)
		write_run(&sheet.json, &runs[i]);
	json_end(&sheet.json);
	json_end(&sheet.json);
	sheet_end(&sheet, out);
	buf_add_char(out, '\n');
	arena_free(arena);
	return 200;
}

/* The document of a run as it was reported. */
int api_run(struct monitor *m, const struct request *request, struct buf *out)
{
	const char *id = request->path + strlen("/api/v1/runs/");
	size_t count;
	const struct watched *const *watched = monitor_watched(m, &count);
	struct arena *arena = arena_new();
	struct str document = {NULL, 0};

	for (size_t i = 0; i < count && !document.ptr; i++)
		if (watched[i]->run_id && strcmp(watched[i]->run_id, id) == 0)
			document = (struct str){watched[i]->document, watched[i]->document_len};
	if (!document.ptr && monitor_history(m))
		document = history_document(monitor_history(m), arena, id);
	if (document.ptr) {
		buf_add_str(out, document);
		buf_add_char(out, '\n');
	}
	arena_free(arena);
	return document.ptr
		       ? 200
		       : problem(out, 404, "there is no such run, or only its summary was kept");
}

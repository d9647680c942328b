/*
 * json: goldprobe.run/v1, one document per scenario and line. The schema is in
 * assets/run.schema.json; what is written here is read back by report_load.c.
 */
#include "report_json.h"

#include "gen/run.schema.json.h"
#include "gen/version.h"

void json_cut_str(struct json_writer *w, const char *key, struct str s)
{
	json_str(w, key, text_cut(s, RUN_TEXT_MAX));
}

void json_cut(struct json_writer *w, const char *key, const char *text)
{
	if (text)
		json_cut_str(w, key, str_of(text));
	else
		json_null(w, key);
}

void json_moment(struct json_writer *w, const char *key, int64_t wall_ns)
{
	char text[36];

	if (wall_ns == TIME_NONE) {
		json_null(w, key);
		return;
	}
	time_print_utc(wall_ns,
		wall_ns % NS_PER_MS == 0   ? 3
		: wall_ns % NS_PER_US == 0 ? 6
					   : 9,
		text);
	json_text(w, key, text);
}

static void write_run(struct json_writer *w, const struct run *run)
{
	json_begin(w, "run", '{');
	json_text(w, "id", run->id);
	json_cut(w, "scenario", run->scenario);
	json_cut(w, "target", run->target && *run->target ? run->target : NULL);
	json_moment(w, "started_at", run->started_at);
	json_moment(w, "finished_at", run->finished_at);
	json_num(w, "duration_ms", (double)run->duration / NS_PER_MS, 3);
	json_end(w);
}

static void write_verdict(struct json_writer *w, const struct verdict *verdict)
{
	json_begin(w, "verdict", '{');
	json_text(w, "golden_path", golden_path_name(verdict->golden_path));
	json_cut(w, "summary", verdict->summary);
	json_int(w, "exit_code", verdict->exit_code);
	json_end(w);
}

static void write_capabilities(struct json_writer *w, const struct diagnosis *d)
{
	json_begin(w, "capabilities", '[');
	for (size_t i = 0; d && i < d->capability_count; i++) {
		json_begin(w, NULL, '{');
		json_cut(w, "name", d->capabilities[i].name);
		json_text(w, "status", capability_status_name(d->capabilities[i].status));
		json_end(w);
	}
	json_end(w);
}

/* Only when one was given: what differs from that run. */
static void write_baseline(struct json_writer *w, const struct diagnosis *d)
{
	if (!d || !d->has_baseline)
		return;
	json_begin(w, "baseline", '{');
	json_text(w, "id", d->baseline_id);
	json_begin(w, "changes", '[');
	for (size_t i = 0; i < d->change_count; i++) {
		json_begin(w, NULL, '{');
		json_text(w, "kind", change_kind_name(d->changes[i].kind));
		json_cut(w, "name", d->changes[i].name);
		json_cut(w, "text", d->changes[i].text);
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static void write_one(FILE *out, const struct report *report)
{
	struct json_writer w;
	struct verdict verdict = report_verdict(report);

	json_writer_init(&w, out);
	json_begin(&w, NULL, '{');
	json_text(&w, "schema", REPORT_SCHEMA);
	json_begin(&w, "tool", '{');
	json_text(&w, "name", "goldprobe");
	json_text(&w, "version", GOLDPROBE_VERSION);
	json_end(&w);
	write_run(&w, report->run);
	write_verdict(&w, &verdict);
	write_capabilities(&w, report->diagnosis);
	json_steps(&w, report);
	json_logs(&w, report->logs);
	json_findings(&w, report->diagnosis);
	write_baseline(&w, report->diagnosis);
	json_end(&w);
	fputc('\n', out);
}

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	for (size_t i = 0; i < count; i++)
		write_one(out, reports[i]);
}

void report_schema_print(FILE *out)
{
	fwrite(run_schema_json, 1, run_schema_json_len, out);
}

const struct report_format report_json = {
	.name = "json",
	.help = "everything, stable and versioned, one document per scenario and line",
	.write = write,
};

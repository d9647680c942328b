#include "probe/metrics.h"

#include <math.h>

#include "gen/version.h"

void metric_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Label values escape backslash, quote and line feed; they must be UTF-8. */
static void label_value(struct buf *out, const char *text)
{
	struct str s = str_of(text);

	for (size_t pos = 0; pos < s.len;) {
		size_t start = pos;
		uint32_t code = utf8_next(s, &pos);

		if (code == '\n')
			buf_add_text(out, "\\n");
		else if (code == '"' || code == '\\')
			buf_printf(out, "\\%c", (int)code);
		else if (code == 0xFFFD)
			buf_add_text(out, "\xEF\xBF\xBD");
		else
			buf_add(out, s.ptr + start, pos - start);
	}
}

void metric_sample(struct buf *out, const char *name, double value, const char *const *labels)
{
	buf_add_text(out, name);
	for (size_t i = 0; labels && labels[i]; i += 2) {
		buf_printf(out, "%s%s=\"", i ? "," : "{", labels[i]);
		label_value(out, labels[i + 1]);
		buf_add_char(out, '"');
	}
	if (labels && labels[0])
		buf_add_char(out, '}');
	if (value == floor(value) && fabs(value) < 1e15)
		buf_printf(out, " %.0f\n", value);
	else
		buf_printf(out, " %.9g\n", value);
}

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

static double seconds(int64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

/* Whole seconds: "%.9g" has no digits for more. */
static void sample_moment(
	struct buf *out, const char *name, int64_t wall, const char *const *labels)
{
	metric_sample(out, name, (double)(wall / NS_PER_S), labels);
}

/* One family over all scenarios. */
struct family {
	const char *name, *type, *help;
	void (*print)(struct buf *, const char *name, const struct watched *);
};

static void print_state(struct buf *out, const char *name, const struct watched *w)
{
	for (int s = GOLDEN_HEALTHY; s <= GOLDEN_UNKNOWN; s++)
		metric_sample(out, name, (int)w->state == s,
			LABELS("scenario", w->name, "state", golden_path_name(s)));
}

static void print_success(struct buf *out, const char *name, const struct watched *w)
{
	for (size_t i = 0; i < w->step_count; i++) {
		const struct step_stat *step = &w->steps[i];

		if (step->status != STEP_SKIPPED)
			metric_sample(out, name, step->status == STEP_PASSED,
				LABELS("scenario", w->name, "step", step->name, "capability",
					step->capability));
	}
}

static void print_duration(struct buf *out, const char *name, const struct watched *w)
{
	static const char *const phases[MONITOR_PHASES] = {
		"dns", "connect", "tls", "first_byte", "total"};

	for (size_t i = 0; i < w->step_count; i++)
		for (size_t p = 0; p < MONITOR_PHASES; p++)
			if (w->steps[i].phase[p] != TIME_NONE)
				metric_sample(out, name, seconds(w->steps[i].phase[p]),
					LABELS("scenario", w->name, "step", w->steps[i].name,
						"phase", phases[p]));
}

static void print_runs(struct buf *out, const char *name, const struct watched *w)
{
	for (int s = GOLDEN_HEALTHY; s <= GOLDEN_UNKNOWN; s++)
		metric_sample(out, name, (double)w->runs[s],
			LABELS("scenario", w->name, "verdict", golden_path_name(s)));
}

/* Findings of the same cause and priority are one sample. */
static void print_findings(struct buf *out, const char *name, const struct watched *w)
{
	for (size_t i = 0; i < w->finding_count; i++) {
		const struct finding_stat *f = &w->findings[i];
		size_t count = 0, before = 0;

		for (size_t k = 0; k < w->finding_count; k++) {
			if (w->findings[k].priority != f->priority ||
				strcmp(w->findings[k].cause, f->cause) != 0)
				continue;
			count++;
			before += k < i;
		}
		if (!before)
			metric_sample(out, name, (double)count,
				LABELS("scenario", w->name, "priority", priority_name(f->priority),
					"cause", f->cause));
	}
}

static void print_expiry(struct buf *out, const char *name, const struct watched *w)
{
	for (size_t i = 0; i < w->step_count; i++)
		if (w->steps[i].cert_expiry != TIME_NONE)
			sample_moment(out, name, w->steps[i].cert_expiry,
				LABELS("scenario", w->name, "step", w->steps[i].name));
}

static void print_last(struct buf *out, const char *name, const struct watched *w)
{
	if (w->has_run)
		sample_moment(out, name, w->finished_at, LABELS("scenario", w->name));
}

static void print_run_duration(struct buf *out, const char *name, const struct watched *w)
{
	if (w->has_run)
		metric_sample(out, name, seconds(w->duration), LABELS("scenario", w->name));
}

static void print_skipped(struct buf *out, const char *name, const struct watched *w)
{
	metric_sample(out, name, (double)w->skipped, LABELS("scenario", w->name));
}

static void print_late(struct buf *out, const char *name, const struct watched *w)
{
	metric_sample(out, name, (double)w->late, LABELS("scenario", w->name));
}

static void print_valid(struct buf *out, const char *name, const struct watched *w)
{
	metric_sample(out, name, w->file_valid, LABELS("scenario", w->name));
}

static void print_alerts(struct buf *out, const char *name, const struct watched *w)
{
	int64_t sent = 0, lost = 0;

	for (size_t i = 0; i < w->alert_count; i++) {
		sent += w->alerts[i].sent;
		lost += w->alerts[i].lost;
	}
	if (!w->alert_count)
		return;
	metric_sample(out, name, (double)sent, LABELS("scenario", w->name, "result", "delivered"));
	metric_sample(out, name, (double)lost, LABELS("scenario", w->name, "result", "lost"));
}

static const struct family families[] = {
	{"goldprobe_golden_path", "gauge", "1 for the state of the golden path in the last run.",
		print_state},
	{"goldprobe_step_success", "gauge", "Whether the step passed in the last run.",
		print_success},
	{"goldprobe_step_duration_seconds", "gauge",
		"Phases of the step's last attempt; total is the whole attempt.", print_duration},
	{"goldprobe_run_duration_seconds", "gauge", "Duration of the last run.",
		print_run_duration},
	{"goldprobe_runs_total", "counter", "Finished runs by verdict.", print_runs},
	{"goldprobe_runs_skipped_total", "counter",
		"Runs that were due while the one before was under way.", print_skipped},
	{"goldprobe_runs_late_total", "counter",
		"Runs that started more than a second after they were due.", print_late},
	{"goldprobe_findings", "gauge", "Findings of the last run.", print_findings},
	{"goldprobe_tls_cert_expiry_timestamp_seconds", "gauge",
		"When the certificate that the step saw expires.", print_expiry},
	{"goldprobe_last_run_timestamp_seconds", "gauge", "When the last run finished.",
		print_last},
	{"goldprobe_scenario_valid", "gauge",
		"0 while the file on disk has mistakes and the last valid one runs on.",
		print_valid},
	{"goldprobe_alerts_total", "counter", "Alert messages by what became of them.",
		print_alerts},
};

static void print_store(struct buf *out, const struct monitor *m)
{
	size_t waiting;
	int64_t lost;

	if (!monitor_history(m))
		return;
	history_trouble(monitor_history(m), &waiting, &lost);
	metric_head(out, "goldprobe_store_ok", "gauge", "0 while the history cannot be written.");
	metric_sample(out, "goldprobe_store_ok", !monitor_problem(m), NULL);
	metric_head(out, "goldprobe_store_runs_waiting", "gauge",
		"Runs that wait in memory until the store can be written.");
	metric_sample(out, "goldprobe_store_runs_waiting", (double)waiting, NULL);
	metric_head(out, "goldprobe_store_runs_lost_total", "counter",
		"Runs given up because too many waited.");
	metric_sample(out, "goldprobe_store_runs_lost_total", (double)lost, NULL);
}

void metrics_print(struct buf *out, const struct monitor *m)
{
	size_t count;
	const struct watched *const *watched = monitor_watched(m, &count);

	metric_head(out, "goldprobe_build_info", "gauge", "1, with what was built.");
	metric_sample(out, "goldprobe_build_info", 1,
		LABELS("version", GOLDPROBE_VERSION, "revision", GOLDPROBE_REVISION));
	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++) {
		metric_head(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < count; i++)
			families[f].print(out, families[f].name, watched[i]);
	}
	print_store(out, m);
}

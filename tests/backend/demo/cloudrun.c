/*
 * cloudrun: the backend's log as Cloud Logging exports that of a Cloud Run service: one LogEntry a
 * line, oldest first.
 */
#include <errno.h>

#include "demo.h"

#define PROJECT "netra-staging"
#define SERVICE "netra-backend-staging"
#define REVISION SERVICE "-00042-qdm"

static FILE *out;
static char instance[64];
static unsigned entries, instances;
static int64_t last;

static const char *const stream_names[] = {
	[LOG_STDERR] = "stderr",
	[LOG_STDOUT] = "stdout",
	[LOG_SYSTEM] = "varlog%2Fsystem",
	[LOG_REQUESTS] = "requests",
};

bool log_open(const char *path)
{
	out = path ? fopen(path, "we") : stderr;
	log_instance();
	return out != NULL;
}

void log_instance(void)
{
	instances++;
	snprintf(instance, sizeof(instance), "003fef53%08x%08x%08xe9d5a75346840287",
		(unsigned)(clock_wall() / NS_PER_MS), instances * 2654435761u, instances);
}

/* Opens an entry. Times never repeat, so that the order is known to whoever sorts. */
static void entry_begin(struct json_writer *w, enum log_stream stream, const char *severity)
{
	int64_t now = clock_wall();
	char text[128];

	if (now - last < NS_PER_US)
		now = last + NS_PER_US;
	last = now;
	json_writer_init(w, out);
	json_begin(w, NULL, '{');
	snprintf(text, sizeof(text), "%08x%012x", (unsigned)(now / NS_PER_S), ++entries);
	json_text(w, "insertId", text);
	json_begin(w, "labels", '{');
	json_text(w, "instanceId", instance);
	json_end(w);
	snprintf(text, sizeof(text), "projects/" PROJECT "/logs/run.googleapis.com%%2F%s",
		stream_names[stream]);
	json_text(w, "logName", text);
	time_print_utc(now + 90 * NS_PER_MS, 9, text);
	json_text(w, "receiveTimestamp", text);
	json_begin(w, "resource", '{');
	json_text(w, "type", "cloud_run_revision");
	json_begin(w, "labels", '{');
	json_text(w, "configuration_name", SERVICE);
	json_text(w, "location", "us-central1");
	json_text(w, "project_id", PROJECT);
	json_text(w, "revision_name", REVISION);
	json_text(w, "service_name", SERVICE);
	json_end(w);
	json_end(w);
	if (severity)
		json_text(w, "severity", severity);
	time_print_utc(now, 6, text);
	json_text(w, "timestamp", text);
}

static void entry_end(struct json_writer *w)
{
	json_end(w);
	fputc('\n', out);
	fflush(out);
}

static void entry_trace(struct json_writer *w, struct str trace)
{
	char text[80];

	if (!trace.len)
		return;
	snprintf(text, sizeof(text), "projects/" PROJECT "/traces/%.*s", STR_ARG(trace));
	json_text(w, "trace", text);
}

void log_text(enum log_stream stream, const char *severity, const char *text)
{
	struct json_writer w;

	entry_begin(&w, stream, severity);
	json_text(&w, "textPayload", text);
	entry_end(&w);
}

void log_traced(const char *severity, const char *text, struct str trace)
{
	struct json_writer w;

	entry_begin(&w, LOG_STDERR, severity);
	entry_trace(&w, trace);
	json_text(&w, "textPayload", text);
	entry_end(&w);
}

static void payload_begin(struct json_writer *w, const char *logger, const char *message)
{
	json_begin(w, "jsonPayload", '{');
	json_begin(w, "context", '{');
	json_text(w, "name", logger);
	json_text(w, "service", "netra-service");
	json_end(w);
	json_text(w, "message", message);
}

void log_json(const char *severity, const char *logger, const char *message)
{
	struct json_writer w;

	entry_begin(&w, LOG_STDERR, severity);
	payload_begin(&w, logger, message);
	json_end(&w);
	entry_end(&w);
}

void log_missing_field(const char *field)
{
	struct json_writer w;
	char now[36];

	entry_begin(&w, LOG_STDERR, "ERROR");
	payload_begin(&w, "netra_backend.app.core.config_loader", "Missing field");
	json_begin(&w, "error", '{');
	json_text(&w, "field", field);
	json_text(&w, "message", "Missing field");
	json_text(&w, "severity", "ERROR");
	time_print_utc(clock_wall(), 6, now);
	json_text(&w, "timestamp", now);
	json_text(&w, "type", "str");
	json_end(&w);
	json_end(&w);
	entry_end(&w);
}

void log_request(struct str method, struct str target, int status, int64_t ns, struct str trace)
{
	struct json_writer w;
	BUF_SCOPED struct buf url;
	char latency[32];

	buf_init(&url, 8192);
	buf_printf(&url, "https://" SERVICE "-uc.a.run.app%.*s", STR_ARG(target));
	snprintf(latency, sizeof(latency), "%.9fs", (double)ns / 1e9);
	entry_begin(&w, LOG_REQUESTS, status < 400 ? "INFO" : status < 500 ? "WARNING" : "ERROR");
	entry_trace(&w, trace);
	json_begin(&w, "httpRequest", '{');
	json_text(&w, "latency", latency);
	json_text(&w, "protocol", "HTTP/1.1");
	json_text(&w, "remoteIp", "203.0.113.24");
	json_str(&w, "requestMethod", method);
	json_str(&w, "requestUrl", buf_str(&url));
	json_int(&w, "status", status);
	json_end(&w);
	entry_end(&w);
}

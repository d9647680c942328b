/* The table of keys: LogEntry in both spellings, and what the usual loggers and agents write. */
#include "json_keys.h"

#include <pthread.h>

#define E (1u << IN_ENTRY)
#define P (1u << IN_PAYLOAD)
#define EP (E | P)
#define ERR (1u << IN_ERROR)
#define HTTP (1u << IN_HTTP)
#define RL (1u << IN_RESOURCE_LABELS)
#define L (1u << IN_LABELS)
#define K (1u << IN_KUBERNETES)
#define REQ (1u << IN_REQUEST)

static const struct json_key keys[] = {
	/* Time. */
	{"timestamp", EP, F_TIME, IN_TIME, 0, false, false},
	{"time", EP, F_TIME, IN_TIME, 1, false, false},
	{"@timestamp", EP, F_TIME, -1, 1, true, false},
	{"ts", EP, F_TIME, -1, 2, false, false},
	{"@t", E, F_TIME, -1, 2, true, false},
	{"Timestamp", E, F_TIME, -1, 2, false, false},
	{"datetime", EP, F_TIME, -1, 3, false, false},
	{"date", E, F_TIME, -1, 4, false, false},
	{"timeUnixNano", E, F_TIME, -1, 1, true, false},
	{"observedTimeUnixNano", E, F_RECEIVED, -1, 1, true, false},
	{"asctime", EP, F_TIME, -1, 3, false, false},
	{"lastTimestamp", E, F_TIME, -1, 2, false, false},
	{"eventTime", E, F_TIME, -1, 4, false, false},
	{"__REALTIME_TIMESTAMP", E, F_TIME, -1, 0, true, false},
	{"receiveTimestamp", E, F_RECEIVED, -1, 0, true, false},
	{"receive_timestamp", E, F_RECEIVED, -1, 0, true, false},
	{"creationTimestamp", 1u << IN_KUBERNETES, F_RECEIVED, -1, 1, false, false},
	{"seconds", 1u << IN_TIME, F_SECONDS, -1, 0, false, false},
	{"nanos", 1u << IN_TIME, F_NANOS, -1, 0, false, false},
	{"timestampSeconds", E, F_SECONDS, -1, 0, false, false},
	{"timestampNanos", E, F_NANOS, -1, 0, false, false},
	/* Severity. */
	{"severity", E, F_SEVERITY, -1, 0, false, false},
	{"level", E, F_SEVERITY, -1, 1, false, false},
	{"levelname", E, F_SEVERITY, -1, 1, false, false},
	{"level_name", E, F_SEVERITY, -1, 1, false, false},
	{"log.level", E, F_SEVERITY, -1, 1, true, false},
	{"log_level", E, F_SEVERITY, -1, 1, false, false},
	{"loglevel", E, F_SEVERITY, -1, 1, false, false},
	{"lvl", E, F_SEVERITY, -1, 1, false, false},
	{"Level", E, F_SEVERITY, -1, 1, false, false},
	{"LogLevel", E, F_SEVERITY, -1, 1, false, false},
	{"severityText", E, F_SEVERITY, -1, 1, true, false},
	{"level", 1u << IN_LOG, F_SEVERITY, -1, 2, false, false},
	{"@l", E, F_SEVERITY, -1, 1, true, false},
	{"PRIORITY", E, F_PRIORITY, -1, 0, true, false},
	{"severity", P, F_LEVEL, -1, 0, false, false},
	{"level", P, F_LEVEL, -1, 1, false, false},
	{"levelname", P, F_LEVEL, -1, 1, false, false},
	{"PRIORITY", P, F_LEVEL, -1, 2, false, false},
	/* Identity and origin. */
	{"insertId", E, F_INSERT_ID, -1, 0, true, false},
	{"insert_id", E, F_INSERT_ID, -1, 0, true, false},
	{"logging.googleapis.com/insertId", EP, F_INSERT_ID, -1, 1, true, false},
	{"logName", E, F_LOG_NAME, -1, 0, true, false},
	{"log_name", E, F_LOG_NAME, -1, 0, true, false},
	{"stream", E, F_STREAM, IN_LABELS, 0, false, false},
	{"trace", EP, F_TRACE, -1, 0, false, false},
	{"logging.googleapis.com/trace", EP, F_TRACE, -1, 1, true, false},
	{"trace_id", EP, F_TRACE, -1, 2, false, false},
	{"traceId", EP, F_TRACE, -1, 2, false, false},
	{"trace.id", EP, F_TRACE, -1, 2, false, false},
	{"resource", E, -1, IN_RESOURCE, 0, false, false},
	{"labels", E, -1, IN_LABELS, 0, false, false},
	{"labels", 1u << IN_RESOURCE, -1, IN_RESOURCE_LABELS, 0, false, false},
	{"type", 1u << IN_RESOURCE, F_RESOURCE_TYPE, -1, 0, false, false},
	{"kubernetes", E, -1, IN_KUBERNETES, 0, true, false},
	{"metadata", E, -1, IN_KUBERNETES, 0, false, false},
	{"instanceId", L, F_INSTANCE, -1, 0, false, false},
	{"instance_id", L, F_INSTANCE, -1, 1, false, false},
	{"pod_name", RL | K | L, F_INSTANCE, -1, 1, false, false},
	{"pod", RL | K | L, F_INSTANCE, IN_POD, 2, false, false},
	{"name", 1u << IN_POD, F_INSTANCE, -1, 2, false, false},
	{"instance_id", RL, F_INSTANCE, -1, 3, false, false},
	{"instance", L, F_INSTANCE, -1, 3, false, false},
	{"revision_name", RL, F_REVISION, -1, 0, false, false},
	{"service_name", RL | L, F_SERVICE, -1, 0, false, false},
	{"container_name", RL | K, F_SERVICE, -1, 1, false, false},
	{"container", L | K, F_SERVICE, -1, 1, false, false},
	{"app", L, F_SERVICE, -1, 2, false, false},
	{"service", EP, F_SERVICE, -1, 3, false, false},
	{"hostname", E, F_HOST, -1, 0, false, false},
	{"_HOSTNAME", E, F_HOST, -1, 0, true, false},
	{"pid", E, F_PID, -1, 1, false, false},
	{"_PID", E, F_PID, -1, 0, true, false},
	{"_SYSTEMD_UNIT", E, F_SERVICE, -1, 1, true, false},
	{"UNIT", E, F_SERVICE, -1, 0, false, false},
	{"SYSLOG_IDENTIFIER", E, F_LOGGER, -1, 0, true, false},
	{"logger", EP, F_LOGGER, -1, 1, false, false},
	{"logger_name", EP, F_LOGGER, -1, 1, false, false},
	{"name", E, F_LOGGER, -1, 2, false, false},
	{"SourceContext", EP, F_LOGGER, -1, 2, false, false},
	/* Text. */
	{"textPayload", E, F_TEXT, -1, 0, true, false},
	{"text_payload", E, F_TEXT, -1, 0, true, false},
	{"raw_payload", E, F_TEXT, -1, 1, true, false},
	{"jsonPayload", E, -1, IN_PAYLOAD, 0, true, false},
	{"json_payload", E, -1, IN_PAYLOAD, 0, true, false},
	{"protoPayload", E, -1, IN_PROTO, 0, true, false},
	{"proto_payload", E, -1, IN_PROTO, 0, true, false},
	{"message", EP, F_MESSAGE, IN_PAYLOAD, 0, false, false},
	{"msg", EP, F_MESSAGE, IN_PAYLOAD, 1, false, false},
	{"MESSAGE", EP, F_MESSAGE, -1, 1, true, true},
	{"Message", EP, F_MESSAGE, -1, 2, false, false},
	{"@m", E, F_MESSAGE, -1, 2, true, false},
	{"RenderedMessage", E, F_MESSAGE, -1, 2, false, false},
	{"short_message", E, F_MESSAGE, -1, 2, false, false},
	{"log", EP, F_MESSAGE, IN_LOG, 3, false, false},
	{"event", EP, F_MESSAGE, -1, 4, false, false},
	{"@mt", E, F_MESSAGE, -1, 4, true, false},
	{"MessageTemplate", E, F_MESSAGE, -1, 4, false, false},
	{"text", EP, F_MESSAGE, -1, 5, false, false},
	{"body", EP, F_MESSAGE, IN_BODY, 6, false, false},
	{"stringValue", 1u << IN_BODY, F_MESSAGE, -1, 6, false, false},
	{"line", E, F_MESSAGE, -1, RANK_LINE, false, false},
	/* Datadog puts what the application wrote into one of these. */
	{"attributes", EP, -1, IN_PAYLOAD, 0, false, false},
	{"content", E, -1, IN_PAYLOAD, 0, false, false},
	{"methodName", 1u << IN_PROTO, F_PROTO_METHOD, -1, 0, false, false},
	{"resourceName", 1u << IN_PROTO, F_PROTO_RESOURCE, -1, 0, false, false},
	{"status", 1u << IN_PROTO, -1, IN_PROTO_STATUS, 0, false, false},
	{"message", 1u << IN_PROTO_STATUS, F_PROTO_MESSAGE, -1, 0, false, false},
	/* Errors. */
	{"error", EP, F_ERROR, IN_ERROR, 0, false, false},
	{"err", EP, F_ERROR, IN_ERROR, 1, false, false},
	{"exception", EP, F_ERROR_STACK, IN_ERROR, 1, false, false},
	{"Exception", EP, F_ERROR_STACK, IN_ERROR, 1, false, false},
	{"exc_info", EP, F_ERROR_STACK, IN_ERROR, 1, false, false},
	{"exc_text", EP, F_ERROR_STACK, -1, 2, false, false},
	{"@x", E, F_ERROR_STACK, -1, 1, true, false},
	{"stack_trace", EP | ERR, F_ERROR_STACK, -1, 0, false, false},
	{"stacktrace", EP | ERR, F_ERROR_STACK, -1, 0, false, false},
	{"stackTrace", EP | ERR, F_ERROR_STACK, -1, 0, false, false},
	{"stack", EP | ERR, F_ERROR_STACK, -1, 0, false, false},
	{"traceback", EP | ERR, F_ERROR_STACK, -1, 0, false, false},
	{"error.stack_trace", E, F_ERROR_STACK, -1, 0, false, false},
	{"error.type", E, F_ERROR_TYPE, -1, 0, false, false},
	{"error.message", E, F_ERROR_MESSAGE, -1, 0, false, false},
	{"type", ERR, F_ERROR_TYPE, -1, 0, false, false},
	{"name", ERR, F_ERROR_TYPE, -1, 1, false, false},
	{"kind", ERR, F_ERROR_TYPE, -1, 2, false, false},
	{"class", ERR, F_ERROR_TYPE, -1, 2, false, false},
	{"message", ERR, F_ERROR_MESSAGE, -1, 0, false, false},
	{"msg", ERR, F_ERROR_MESSAGE, -1, 1, false, false},
	{"value", ERR, F_ERROR_MESSAGE, -1, 2, false, false},
	{"severity", ERR, F_ERROR_SEVERITY, -1, 0, false, false},
	/* Requests. */
	{"httpRequest", EP, -1, IN_HTTP, 0, true, false},
	{"http_request", EP, -1, IN_HTTP, 0, true, false},
	{"requestMethod", HTTP, F_METHOD, -1, 0, false, false},
	{"method", HTTP | REQ | EP, F_METHOD, -1, 1, false, false},
	{"requestUrl", HTTP, F_URL, -1, 0, false, false},
	{"url", HTTP | REQ | EP, F_URL, -1, 1, false, false},
	{"path", REQ | EP, F_URL, -1, 2, false, false},
	{"status", HTTP, F_STATUS, -1, 0, false, false},
	{"status", EP, F_STATUS, -1, 2, false, false},
	{"statusCode", REQ | EP, F_STATUS, -1, 1, false, false},
	{"status_code", REQ | EP, F_STATUS, -1, 1, false, false},
	{"latency", HTTP, F_LATENCY, -1, 0, false, false},
	{"req", EP, -1, IN_REQUEST, 0, false, false},
	{"res", EP, -1, IN_REQUEST, 0, false, false},
	{"request", EP, -1, IN_REQUEST, 0, false, false},
	{"response", EP, -1, IN_REQUEST, 0, false, false},
	/* Places in the source. */
	{"sourceLocation", E, -1, IN_LOCATION, 0, true, false},
	{"source_location", E, -1, IN_LOCATION, 0, true, false},
	{"logging.googleapis.com/sourceLocation", EP, -1, IN_LOCATION, 0, true, false},
	{"file", 1u << IN_LOCATION, F_FILE, -1, 0, false, false},
	{"line", 1u << IN_LOCATION, F_LINE, -1, 0, false, false},
	{"caller", EP, F_CALLER, -1, 0, false, false},
	/* Events of Kubernetes. */
	{"involvedObject", E, -1, IN_OBJECT, 0, true, false},
	{"regarding", E, -1, IN_OBJECT, 0, true, false},
	{"name", 1u << IN_OBJECT, F_EVENT_OBJECT, -1, 0, false, false},
	{"reason", E, F_EVENT_REASON, -1, 0, false, false},
	{"note", E, F_MESSAGE, -1, 5, false, false},
	{"type", E, F_EVENT_TYPE, -1, 0, false, false},
	/* Wrappers. */
	{"entries", E, -1, -1, RANK_HOLDER, false, false},
	{"logs", E, -1, -1, RANK_HOLDER, false, false},
	{"raw_logs", E, -1, -1, RANK_HOLDER, false, false},
	{"logs_by_severity", E, -1, -1, RANK_HOLDER, false, false},
	{"items", E, -1, -1, RANK_HOLDER, false, false},
	{"events", E, -1, -1, RANK_HOLDER, false, false},
	{"records", E, -1, -1, RANK_HOLDER, false, false},
	{"hits", E, -1, -1, RANK_HOLDER, false, false},
	{"results", E, -1, -1, RANK_HOLDER, false, false},
	{"data", E, -1, -1, RANK_HOLDER, false, false},
	{"resourceLogs", E, -1, -1, RANK_HOLDER, false, false},
	{"scopeLogs", E, -1, -1, RANK_HOLDER, false, false},
	{"logRecords", E, -1, -1, RANK_HOLDER, false, false},
	/* Answers of Loki. */
	{"values", E, F_VALUES, -1, 0, false, true},
};

enum { KEYS = sizeof(keys) / sizeof(*keys), SLOTS = 1024 };

/* Index + 1 of the first key with a name; further ones with that name follow in `next`. */
static unsigned char slots[SLOTS], next[KEYS], lengths[KEYS];

static unsigned slot_of(const char *name, size_t len)
{
	return ((unsigned)len * 37 + (unsigned char)name[0] * 131 +
		       (unsigned char)name[len - 1] * 17 + (unsigned char)name[len / 2] * 61) %
	       SLOTS;
}

/* When first asked, by whichever thread: most runs read no log. */
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void keys_init(void)
{
	_Static_assert(KEYS < 255, "the index is one byte");
	for (size_t i = 0; i < KEYS; i++) {
		lengths[i] = (unsigned char)strlen(keys[i].name);
		unsigned at = slot_of(keys[i].name, lengths[i]);

		while (slots[at] && strcmp(keys[slots[at] - 1].name, keys[i].name) != 0)
			at = (at + 1) % SLOTS;
		next[i] = slots[at];
		slots[at] = (unsigned char)(i + 1);
	}
}

const struct json_key *json_key_find(const char *name, size_t len, enum json_place place)
{
	if (len == 0 || len > 40)
		return NULL;
	pthread_once(&ready, keys_init);
	for (unsigned at = slot_of(name, len); slots[at]; at = (at + 1) % SLOTS) {
		unsigned i = slots[at];

		if (lengths[i - 1] != len || memcmp(keys[i - 1].name, name, len) != 0)
			continue;
		for (; i; i = next[i - 1])
			if (keys[i - 1].places & 1u << place)
				return &keys[i - 1];
		return NULL;
	}
	return NULL;
}

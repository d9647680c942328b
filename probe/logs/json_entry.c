/* An entry out of the fields of a JSON object, and entries out of the wrappers around them. */
#include "logs_private.h"

#include <stdlib.h>

static bool has(const struct json_fields *j, enum json_field field)
{
	return j->f[field].kind != 0;
}

static struct str slice(const struct json_scalar *s)
{
	return (struct str){s->ptr ? s->ptr : "", s->len};
}

/* Control characters make journald write a message as an array of bytes. */
static struct str bytes_text(struct chunk *c, const struct json_scalar *s)
{
	char *out = chunk_memory(c, s->len + 1);
	size_t len = 0;
	unsigned value = 0;
	bool any = false;

	for (size_t i = 0; i < s->len; i++) {
		char ch = s->ptr[i];

		if (ch >= '0' && ch <= '9') {
			value = (value * 10 + (unsigned)(ch - '0')) & 0xFFF;
			any = true;
		} else if (any) {
			out[len++] = (char)value;
			value = 0;
			any = false;
		}
	}
	return (struct str){out, len};
}

static struct str text_unescaped(struct chunk *c, const struct json_scalar *s)
{
	if (s->kind == '[')
		return bytes_text(c, s);
	char *out = chunk_memory(c, s->len + 4);

	return (struct str){out, json_unescape(s->ptr, s->len, out)};
}

/* Most texts stay as they are. */
static inline struct str text_of(struct chunk *c, const struct json_scalar *s)
{
	return s->kind == '[' || (s->kind == '"' && s->escaped) ? text_unescaped(c, s) : slice(s);
}

static int64_t number_of(const struct json_scalar *s)
{
	int64_t value;

	return s->kind && str_int(slice(s), &value) ? value : -1;
}

/* Names, pino's and bunyan's 10 to 60, LogSeverity's 100 to 800, syslog's 0 to 7. */
static int level_of(const struct json_scalar *s)
{
	if (!s->kind)
		return -1;
	bool word = s->kind == '"' && s->len && (s->ptr[0] | 32) >= 'a';
	int64_t n = word ? -1 : number_of(s);

	if (n < 0)
		return s->kind == '"' ? severity_find(slice(s)) : -1;
	if (n >= 100)
		return n <= 800 ? (int)(n / 100) : -1;
	if (n >= 10) {
		static const unsigned char pino[] = {SEVERITY_DEBUG, SEVERITY_DEBUG, SEVERITY_DEBUG,
			SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_CRITICAL};

		return n <= 69 ? pino[n / 10] : -1;
	}
	static const unsigned char syslog[] = {SEVERITY_EMERGENCY, SEVERITY_ALERT,
		SEVERITY_CRITICAL, SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTICE, SEVERITY_INFO,
		SEVERITY_DEBUG};

	return n < 8 ? syslog[n] : -1;
}

static int64_t time_of(const struct json_fields *j)
{
	int64_t time = TIME_NONE, seconds = number_of(&j->f[F_SECONDS]),
		nanos = number_of(&j->f[F_NANOS]);

	if (has(j, F_TIME))
		time = time_of_scalar(&j->f[F_TIME]);
	if (time == TIME_NONE && seconds > 0 && seconds < INT64_C(9000000000))
		time = seconds * NS_PER_S + (nanos > 0 && nanos < NS_PER_S ? nanos : 0);
	if (time == TIME_NONE && has(j, F_RECEIVED))
		time = time_of_scalar(&j->f[F_RECEIVED]);
	return time;
}

/* "1.5s" */
static int64_t latency_of(const struct json_scalar *s)
{
	int64_t ns;

	if (s->kind != '"' || duration_parse(slice(s), &ns, NULL) != 0)
		return TIME_NONE;
	return ns;
}

/* "projects/P/logs/run.googleapis.com%2Fstderr" is "stderr". */
static struct str log_of(const struct json_fields *j)
{
	struct str name = slice(&j->f[F_LOG_NAME]);

	for (size_t i = name.len; i > 0; i--) {
		char last = name.ptr[i - 1];

		if (last == '/' || ((last | 32) == 'f' && i >= 3 && name.ptr[i - 3] == '%' &&
					   name.ptr[i - 2] == '2'))
			return str_from(name, i);
	}
	return name.len ? name : slice(&j->f[F_LOGGER]);
}

/* Only the id of "projects/P/traces/ID", and of "ID/SPAN;o=1". */
static struct str trace_of(const struct json_fields *j)
{
	struct str trace = slice(&j->f[F_TRACE]);

	const char *slash = trace.len > 32 ? memrchr(trace.ptr, '/', trace.len - 32) : NULL;

	if (slash)
		trace = str_from(trace, (size_t)(slash - trace.ptr) + 1);
	trace = str_sub(trace, 0, 32);
	return trace.len == 32 ? trace : STR("");
}

static uint32_t origin_of(struct chunk *c, const struct json_fields *j, const uint32_t *given)
{
	struct str instance = slice(&j->f[F_INSTANCE]), host = slice(&j->f[F_HOST]),
		   pid = slice(&j->f[F_PID]), service = slice(&j->f[F_SERVICE]);

	if (has(j, F_EVENT_OBJECT))
		instance = slice(&j->f[F_EVENT_OBJECT]);
	if (given && !instance.len) {
		instance = c->origins[*given].instance;
		service = service.len ? service : c->origins[*given].service;
	}
	if (!instance.len && host.len + pid.len) {
		/* One process on one machine; of journald one unit, of which systemd speaks, too. */
		if (has(j, F_PRIORITY) && service.len)
			pid = service;
		instance = chunk_concat(c, (struct str[]){host, STR("/"), pid}, 3);
	}
	if (!instance.len)
		instance = str_of(c->instance);
	return chunk_origin(c, instance, slice(&j->f[F_REVISION]), service);
}

/* What an entry says, in the order of preference. */
static struct str message_of(struct chunk *c, const struct json_fields *j, struct str whole)
{
	static const enum json_field order[] = {
		F_TEXT, F_MESSAGE, F_PROTO_MESSAGE, F_ERROR_MESSAGE, F_ERROR};

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (j->f[order[i]].kind && j->f[order[i]].len)
			return text_of(c, &j->f[order[i]]);
	if (has(j, F_PROTO_METHOD) || has(j, F_METHOD)) {
		bool proto = has(j, F_PROTO_METHOD);
		struct str a = slice(&j->f[proto ? F_PROTO_METHOD : F_METHOD]),
			   b = slice(&j->f[proto ? F_PROTO_RESOURCE : F_URL]),
			   s = slice(&j->f[F_STATUS]);

		return chunk_concat(
			c, (struct str[]){a, STR(" "), b, s.len ? STR(" -> ") : STR(""), s}, 5);
	}
	/* An empty text is one: the blank line of a trace that came line by line. */
	if (has(j, F_TEXT))
		return STR("");
	return j->payload.len ? j->payload : whole;
}

static bool is_request(const struct json_fields *j, int64_t *status)
{
	*status = number_of(&j->f[F_STATUS]);
	if (*status < 100 || *status > 599)
		*status = -1;
	if (j->seen & 1u << IN_HTTP)
		return true;
	return *status > 0 && (has(j, F_METHOD) || has(j, F_URL));
}

static unsigned request_traits(int64_t status)
{
	return LOG_REQUEST | (status >= 200 && status < 400 ? LOG_HEALTHY : 0u);
}

/* Whether it is an application's text, which an agent may have torn. */
static bool is_plain(const struct json_fields *j, unsigned traits)
{
	if (traits & (LOG_REQUEST | LOG_PLATFORM) || j->seen & (1u << IN_PAYLOAD | 1u << IN_PROTO))
		return false;
	return has(j, F_TEXT) || j->f[F_MESSAGE].kind == '[' ||
	       (has(j, F_MESSAGE) && j->f[F_MESSAGE].rank == RANK_LINE) ||
	       (has(j, F_MESSAGE) &&
		       (has(j, F_PRIORITY) || (has(j, F_STREAM) && !has(j, F_SEVERITY))));
}

/* An error object that says nothing of the application: a formatter filled it by default. */
static bool is_formatter(const struct json_fields *j)
{
	return has(j, F_ERROR_MESSAGE) &&
	       (str_is(slice(&j->f[F_ERROR_MESSAGE]), "Missing field") || has(j, F_ERROR_SEVERITY));
}

static unsigned traits_of(const struct json_fields *j, struct str log)
{
	unsigned traits = 0;

	if (j->seen & (1u << IN_PAYLOAD) || (!has(j, F_TEXT) && !has(j, F_STREAM)))
		traits |= LOG_STRUCTURED;
	if (is_formatter(j))
		traits |= LOG_FORMATTER;
	if (str_is(log, "system") || has(j, F_EVENT_OBJECT) || j->seen & 1u << IN_PROTO ||
		str_is(slice(&j->f[F_LOGGER]), "systemd"))
		traits |= LOG_PLATFORM;
	return traits;
}

static bool is_traced(const struct chunk *c, struct str trace)
{
	for (size_t i = 0; trace.len && c->traces && i < c->traces->count; i++)
		if (str_equal_nocase(trace, c->traces->items[i]))
			return true;
	return false;
}

static void severity_fill(struct raw *raw, const struct json_fields *j)
{
	int severity = level_of(&j->f[F_SEVERITY]), level = level_of(&j->f[F_LEVEL]);

	if (severity < 0)
		severity = level_of(&j->f[F_PRIORITY]);
	/* "error" is none of HTTP. */
	if (severity < 0 && j->f[F_STATUS].kind == '"')
		severity = severity_find(slice(&j->f[F_STATUS]));
	if (severity < 0 && has(j, F_EVENT_OBJECT))
		severity = str_is(slice(&j->f[F_EVENT_TYPE]), "Warning") ? SEVERITY_WARNING
									 : SEVERITY_INFO;
	raw->severity = severity < 0 ? SEVERITY_DEFAULT : (uint8_t)severity;
	raw->level = level > (int)raw->severity ? (uint8_t)level : raw->severity;
}

static void detail_fill(struct chunk *c, struct detail *d, const struct json_fields *j)
{
	if (!is_formatter(j)) {
		d->error_type = text_of(c, &j->f[F_ERROR_TYPE]);
		d->error_message =
			text_of(c, &j->f[has(j, F_ERROR_MESSAGE) ? F_ERROR_MESSAGE : F_ERROR]);
		d->error_stack = text_of(c, &j->f[F_ERROR_STACK]);
	}
	if (has(j, F_FILE)) {
		struct str file = slice(&j->f[F_FILE]), line = slice(&j->f[F_LINE]);

		d->location = chunk_concat(c, (struct str[]){file, STR(":"), line}, 3);
	} else {
		d->location = slice(&j->f[F_CALLER]);
	}
}

/* A level in the text of an entry that has none, or that got one for being on stderr. */
static void level_from_text(struct raw *raw, const struct look *look, struct str log, bool bare)
{
	if (look->level < 0)
		return;
	/* A container runtime's line has the level that its text has. */
	if (bare && raw->severity == SEVERITY_DEFAULT)
		raw->severity = (uint8_t)look->level;
	if (raw->severity == SEVERITY_ERROR && raw->level == SEVERITY_ERROR &&
		str_is(log, "stderr"))
		raw->level = (uint8_t)look->level;
	else if (look->level > raw->level)
		raw->level = (uint8_t)look->level;
}

static bool matters(const struct chunk *c, const struct raw *raw, const struct look *look)
{
	return c->everything || raw->level >= SEVERITY_WARNING || look->suspicious ||
	       raw->traits &
		       (LOG_PLATFORM | LOG_LISTENING | LOG_STARTED | LOG_TRACED | LOG_FORMATTER) ||
	       raw->status >= 500;
}

/* What is known before the text is looked at. */
static struct raw *raw_fill(struct chunk *c, const struct json_fields *j, struct str log,
	int64_t time, const uint32_t *given)
{
	struct raw *raw = chunk_raw(c);
	int64_t status;

	raw->time = time_of(j);
	if (raw->time == TIME_NONE)
		raw->time = time;
	if (has(j, F_INSERT_ID))
		raw->identity = hash_str(slice(&j->f[F_INSERT_ID]), (uint64_t)raw->time) | 1;
	raw->origin = origin_of(c, j, given);
	severity_fill(raw, j);
	raw->traits = traits_of(j, log);
	if (is_request(j, &status)) {
		raw->traits |= request_traits(status);
		raw->status = (int16_t)status;
	}
	if (c->traces && c->traces->count && is_traced(c, trace_of(j)))
		raw->traits |= LOG_TRACED;
	return raw;
}

/* What the text adds. */
static void text_look(struct raw *raw, const struct json_fields *j, struct str log, struct str text,
	struct look *look)
{
	if (!(raw->traits & LOG_REQUEST)) {
		look_at(text, look);
		level_from_text(raw, look, log, has(j, F_STREAM));
		raw->traits |= look->traits & ~(unsigned)LOG_REQUEST;
	} else if (has(j, F_TEXT)) {
		look_at(text, look);
		raw->traits |= look->traits & LOG_PLATFORM;
		look->traits = 0;
	}
}

static struct log_http http_of(struct chunk *c, const struct raw *raw, const struct json_fields *j,
	const struct look *look)
{
	struct log_http http = {.method = slice(&j->f[F_METHOD]),
		.url = text_of(c, &j->f[F_URL]),
		.status = raw->status,
		.latency = latency_of(&j->f[F_LATENCY])};

	if (look->traits & LOG_REQUEST) {
		http.method = look->method;
		http.url = look->url;
	}
	return http;
}

/* Most have none of these. */
static uint64_t hash_some(struct str s, uint64_t seed)
{
	return s.len ? hash_str(s, seed) : 0;
}

struct raw *chunk_entry(struct chunk *c, const struct json_fields *j, struct str whole,
	int64_t time, const uint32_t *given)
{
	struct str log = log_of(j);
	struct raw *raw = raw_fill(c, j, log, time, given);
	struct look look = {.level = -1, .status = -1};

	/* Most are requests that went well. */
	if (raw->traits & LOG_HEALTHY && !matters(c, raw, &look))
		return raw;
	struct str text = message_of(c, j, whole);

	text_look(raw, j, log, text, &look);
	if (text.len && text.ptr[text.len - 1] == '\n')
		text.len--;
	bool plain = is_plain(j, raw->traits),
	     errors = has(j, F_ERROR_STACK) || has(j, F_ERROR_TYPE);

	if (look.traits & LOG_REQUEST && plain) {
		raw->traits |= request_traits(look.status);
		raw->status = (int16_t)look.status;
	}
	bool quiet = !errors && !matters(c, raw, &look);

	if (quiet && !plain)
		return raw;
	struct detail *d = chunk_detail(c, raw);

	d->plain = plain;
	d->quiet = quiet && !exception_possible(text);
	d->starts = look.starts;
	d->stream = c->seed ^ c->origins[raw->origin].hash ^ hash_str(log, 21) ^
		    hash_some(slice(&j->f[F_STREAM]), 22) ^ hash_some(slice(&j->f[F_PID]), 23);
	d->text = text;
	d->log = log.len ? log : slice(&j->f[F_STREAM]);
	d->trace = trace_of(j);
	if (raw->traits & LOG_REQUEST)
		d->http = http_of(c, raw, j, &look);
	detail_fill(c, d, j);
	chunk_judge(c, raw, d);
	return raw;
}

/* Whether a text is a JSON entry of the application; then its fields are those of the chunk. */
static bool is_inner(struct chunk *c, struct str text)
{
	struct str s = str_trim(text);

	return s.len > 2 && s.ptr[0] == '{' && s.ptr[s.len - 1] == '}' &&
	       json_scan(s.ptr, s.ptr + s.len, &c->fields, c->tools->layouts) == s.ptr + s.len &&
	       (has(&c->fields, F_MESSAGE) || has(&c->fields, F_ERROR_STACK) ||
		       has(&c->fields, F_SEVERITY));
}

/* Whether the text of an entry may be more than text: it holds an object, or is a part of a line that
 * docker cut up (no line end). What Cloud Logging wrote is whole. */
static bool may_be_inner(const struct chunk *c, const struct json_fields *j, bool docker)
{
	const struct json_scalar *s = &j->f[F_MESSAGE];

	if (s->kind != '"' || has(j, F_INSERT_ID) || has(j, F_LOG_NAME) || has(j, F_TEXT))
		return false;
	return (s->escaped && s->len > 8 && s->ptr[0] == '{') ||
	       (docker && (c->parts || !str_ends(slice(s), "\\n")));
}

/* What the application does not say of its entry. */
static void severity_keep(struct raw *raw, const struct raw *outer)
{
	if (raw->severity != SEVERITY_DEFAULT)
		return;
	raw->severity = outer->severity;
	if (raw->level < outer->severity)
		raw->level = outer->severity;
}

/*
 * What is in the text of an entry of an agent or a runtime: an entry of the application, or a part of a
 * line. True: it was read, and the outer one is no entry of its own.
 */
static bool read_inner(struct chunk *c, struct json_fields *j, struct str whole, int64_t time,
	const uint32_t *given)
{
	bool docker = has(j, F_STREAM) && has(j, F_TIME), joined = false;

	if (!may_be_inner(c, j, docker))
		return false;
	bool partial = docker && !str_ends(slice(&j->f[F_MESSAGE]), "\\n");
	uint32_t origin = origin_of(c, j, given);
	uint64_t stream = c->seed ^ c->origins[origin].hash ^ hash_str(slice(&j->f[F_STREAM]), 22);
	size_t before = c->raw_count;
	struct raw outer = {0};
	struct str text = text_of(c, &j->f[F_MESSAGE]);

	if (time_of(j) != TIME_NONE)
		time = time_of(j);
	severity_fill(&outer, j);
	if (docker) {
		/* All parts of a line have one time. */
		chunk_part_flush(c, stream, origin, time);
		before = c->raw_count;
		joined = c->parts > 0;
		if (!chunk_part(c, &text, partial, &time, stream))
			return true;
	}
	if (!joined && !is_inner(c, text)) {
		json_scan(whole.ptr, whole.ptr + whole.len, j, c->tools->layouts);
		return false;
	}
	if (str_ends(text, "\n"))
		text.len--;
	chunk_body(c, text, time, origin, stream);
	if (c->raw_count > before)
		severity_keep(&c->raws[before], &outer);
	return true;
}

void chunk_json(struct chunk *c, struct json_fields *j, struct str whole, int64_t time,
	const uint32_t *origin)
{
	if (!read_inner(c, j, whole, time, origin))
		chunk_entry(c, j, whole, time, origin);
}

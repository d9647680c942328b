/* JSON objects: an entry, a wrapper around entries, an answer of Loki, or text that is none. */
#include "logs_private.h"

static size_t unwrap(struct chunk *c, const char *p, const char *end, unsigned depth);

static bool has(const struct json_fields *j, enum json_field field)
{
	return j->f[field].kind != 0;
}

/* The next string of a Loki pair, unescaped into the chunk's memory. */
static const char *loki_string(struct chunk *c, const char *p, const char *end, struct str *out)
{
	while (p < end && *p != '"' && *p != ']')
		p++;
	if (p >= end || *p != '"')
		return NULL;
	const char *after = json_skip(p, end);

	if (!after)
		return NULL;
	char *copy = chunk_memory(c, (size_t)(after - p) + 4);

	*out = (struct str){copy, json_unescape(p + 1, (size_t)(after - p - 2), copy)};
	return after;
}

/* {"stream": {labels}, "values": [["ns", "line"], ...]} */
static void read_loki(struct chunk *c, const struct json_fields *fields)
{
	const char *p = fields->f[F_VALUES].ptr + 1, *end = p + fields->f[F_VALUES].len - 1;
	struct str instance = {fields->f[F_INSTANCE].ptr, fields->f[F_INSTANCE].len},
		   service = {fields->f[F_SERVICE].ptr, fields->f[F_SERVICE].len}, time, line;
	uint32_t origin = chunk_origin(c, instance, STR(""), service);
	uint64_t stream = c->seed ^ c->origins[origin].hash;

	while (p < end && (p = memchr(p, '[', (size_t)(end - p)))) {
		const char *pair = json_skip(p, end);

		if (!pair)
			return;
		const char *at = loki_string(c, p + 1, pair, &time);

		at = at ? loki_string(c, at, pair, &line) : NULL;
		if (at) {
			struct json_scalar s = {time.ptr, (uint32_t)time.len, '0', false, 0};

			chunk_body(c, line, time_of_scalar(&s), origin, stream);
		}
		p = pair;
	}
}

/* Whether the object speaks as a log entry. Inside a wrapper more is asked for. */
static bool is_entry(const struct json_fields *j, bool wrapped)
{
	bool message = has(j, F_MESSAGE), time = has(j, F_TIME) || has(j, F_SECONDS),
	     severity = has(j, F_SEVERITY);

	if (j->strong || (message && (time || severity)) || (time && severity))
		return true;
	return !wrapped && (message || severity) && !j->container;
}

/* An object that is no entry at first sight: entries in it, or after all one itself. */
static void read_wrapper(struct chunk *c, struct str whole, bool wrapped, unsigned depth)
{
	struct json_fields *j = &c->fields;
	const char *p = whole.ptr, *end = p + whole.len;
	bool entry = is_entry(j, wrapped) || !wrapped, wrapper = j->holder;
	/* A wrapper without entries is none, unless it speaks. */
	bool empty = wrapper && !has(j, F_MESSAGE) && depth == 0;

	if (j->container && unwrap(c, p + 1, end - 1, depth + 1) > 0)
		return;
	if (!entry || empty)
		return;
	/* The fields are those of the last object inside. */
	json_scan(p, end, j, c->tools->layouts);
	if (is_entry(j, wrapped) || !wrapper)
		chunk_json(c, j, whole, TIME_NONE, NULL);
}

/* The object at p when it is wholly there. */
static const char *read_object(struct chunk *c, const char *p, const char *end, bool wrapped,
	unsigned depth, size_t *count)
{
	struct json_fields *j = &c->fields;
	const char *after = json_scan(p, end, j, c->tools->layouts);
	size_t before = c->raw_count;

	*count = 0;
	if (!after)
		return NULL;
	struct str whole = {p, (size_t)(after - p)};

	if (j->f[F_VALUES].kind == '[' && j->seen & 1u << IN_LABELS)
		read_loki(c, j);
	else if (is_entry(j, wrapped) && !(j->holder && !j->strong))
		chunk_json(c, j, whole, TIME_NONE, NULL);
	else
		read_wrapper(c, whole, wrapped, depth);
	*count = c->raw_count - before;
	return after;
}

/* Entries somewhere in the members of an object or array. */
static size_t unwrap(struct chunk *c, const char *p, const char *end, unsigned depth)
{
	size_t total = 0, count;

	if (depth > JSON_NESTING_MAX)
		return 0;
	while (p < end) {
		const char *after;

		if (*p == '"') {
			after = json_skip(p, end);
		} else if (*p == '{') {
			after = read_object(c, p, end, true, depth, &count);
			total += count;
		} else {
			/* Brackets of arrays need no look: what matters are the objects in them. */
			after = p + 1;
		}
		if (!after)
			return total;
		p = after;
	}
	return total;
}

const char *chunk_object(struct chunk *c, const char *p, const char *end, bool wrapped)
{
	size_t count;

	return read_object(c, p, end, wrapped, 0, &count);
}

/* A line that begins an event and tells of nothing bad: counted is enough. */
static bool tells_nothing(const struct chunk *c, const struct raw *raw, const struct look *look)
{
	return !c->everything && look->starts && !look->suspicious &&
	       raw->level < SEVERITY_WARNING && raw->status < 500 &&
	       !(raw->traits & ~(unsigned)(LOG_REQUEST | LOG_HEALTHY));
}

struct raw *chunk_text(
	struct chunk *c, struct str text, int64_t time, uint32_t origin, uint64_t stream)
{
	struct raw *raw = chunk_raw(c);
	struct look look;

	raw->time = time;
	raw->origin = origin;
	if (str_trim(text).len == 0) {
		raw->traits = c->format == LOG_LINES ? 0 : RAW_BLANK;
		look = (struct look){.level = -1, .status = -1, .time = TIME_NONE};
	} else {
		look_at(text, &look);
		if (time == TIME_NONE)
			raw->time = look.time;
		raw->traits = look.traits;
	}
	raw->severity = raw->level = look.level < 0 ? SEVERITY_DEFAULT : (uint8_t)look.level;
	if (look.traits & LOG_REQUEST) {
		raw->status = (int16_t)look.status;
		if (look.status >= 200 && look.status < 400)
			raw->traits |= LOG_HEALTHY;
	}
	if (tells_nothing(c, raw, &look))
		return raw;
	struct detail *d = chunk_detail(c, raw);

	d->plain = c->format != LOG_LINES;
	d->starts = look.starts;
	d->stream = stream;
	d->text = text;
	if (look.traits & LOG_REQUEST)
		d->http = (struct log_http){look.method, look.url, look.status, TIME_NONE};
	chunk_judge(c, raw, d);
	return raw;
}

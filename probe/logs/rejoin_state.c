/*
 * The joiner's state machine. A line that can only be the middle of a trace goes on with whatever is
 * open; for the others the language of the open trace decides. After the last line of a trace only
 * what certainly belongs to it is taken, so that an ordinary neighbour stays one.
 */
#include "probe/clock.h"
#include "probe/rejoin.h"

#include "rejoin_private.h"

enum mode {
	MODE_NONE,
	MODE_LINE,
	MODE_PYTHON,
	MODE_STACK,
	MODE_NODE,
	MODE_GO,
	MODE_RUBY,
	MODE_RUST,
	MODE_PHP,
	MODE_NATIVE
};

/* Phases: of MODE_PYTHON frames are read until the line that names the exception; of the others the
 * head has no frame yet. */
enum phase { PHASE_HEAD, PHASE_FRAMES, PHASE_DONE, PHASE_CHAINED };

/* How long the next piece may take. A trace is written at once; agents need some time. */
static const int64_t TRACE_GAP = 2 * NS_PER_S, LINE_GAP = 200 * NS_PER_MS,
		     QUOTE_GAP = 2 * NS_PER_MS;

static bool near(const struct rejoin_state *st, int64_t time, int64_t gap)
{
	return time == TIME_NONE || st->time == TIME_NONE || time - st->time <= gap;
}

static unsigned char mode_of(enum line_kind kind)
{
	switch (kind) {
	case LINE_TRACEBACK: return MODE_PYTHON;
	case LINE_HEAD:
	case LINE_CAUSE:
	case LINE_FRAME: return MODE_STACK;
	case LINE_NODE: return MODE_NODE;
	case LINE_GO:
	case LINE_GOROUTINE: return MODE_GO;
	case LINE_RUBY: return MODE_RUBY;
	case LINE_RUST: return MODE_RUST;
	case LINE_PHP: return MODE_PHP;
	case LINE_NATIVE: return MODE_NATIVE;
	default: return MODE_LINE;
	}
}

static void begin(struct rejoin_state *st, enum line_kind kind)
{
	*st = (struct rejoin_state){.time = st->time, .mode = mode_of(kind)};
	st->phase = kind == LINE_TRACEBACK ? PHASE_FRAMES : PHASE_HEAD;
}

/* Frames are read until an unindented line: it names the exception, and ends the traceback unless a
 * chain goes on. */
static bool python(struct rejoin_state *st, enum line_kind kind, struct str line)
{
	switch (kind) {
	case LINE_BLANK:
	case LINE_INDENTED:
	case LINE_MARGIN:
	case LINE_FRAME:
	case LINE_CAUSE: return true;
	case LINE_CHAIN: st->phase = PHASE_CHAINED; return true;
	case LINE_TRACEBACK:
		if (st->phase != PHASE_CHAINED && line.ptr[0] != ' ')
			return false;
		st->phase = PHASE_FRAMES;
		return true;
	case LINE_PREFIXED: return false;
	case LINE_DETAIL: return st->phase == PHASE_DONE && st->blank == 0;
	default: break;
	}
	if (st->phase == PHASE_DONE) /* pydantic names the field below the count of errors */
		return st->plain && st->blank == 0 && line.len < 200 &&
		       str_find_char(line, ' ') == SIZE_MAX;
	size_t colon = str_find(line, STR(": "));
	size_t name = colon == SIZE_MAX ? line.len : colon;
	if (str_find_char(str_sub(line, 0, name), ' ') != SIZE_MAX)
		return false;
	st->phase = PHASE_DONE;
	st->plain = str_contains(line, "validation error");
	return true;
}

/* Java, Node, .NET, PHP, anyhow: a head, then frames and causes. */
static bool stack(struct rejoin_state *st, enum line_kind kind)
{
	switch (kind) {
	case LINE_FRAME:
	case LINE_CAUSE:
	case LINE_STACK: st->phase = PHASE_FRAMES; return true;
	case LINE_BLANK:
	case LINE_NOTE:
	case LINE_MARGIN:
	case LINE_DETAIL:
	case LINE_CHAIN: return true;
	case LINE_INDENTED: return st->blank == 0;
	case LINE_CLOSE: return st->phase == PHASE_FRAMES;
	case LINE_OTHER: /* more lines of message before the first frame, blank ones among them */
	case LINE_CALL:
		if (st->plain == 0 || st->blank > 3)
			return false;
		st->plain--;
		return true;
	default: return false;
	}
}

/* The place, its code, the caret, then the head of the error. */
static bool node(struct rejoin_state *st, enum line_kind kind)
{
	if (kind == LINE_HEAD || (kind == LINE_OTHER && st->blank)) {
		st->mode = MODE_STACK;
		st->phase = PHASE_HEAD;
		st->plain = 10; /* uncaught: frames are sure to come */
		return true;
	}
	return kind == LINE_INDENTED || kind == LINE_BLANK;
}

static bool go(struct rejoin_state *st, enum line_kind kind)
{
	switch (kind) {
	case LINE_GOROUTINE: st->phase = PHASE_FRAMES; return true;
	case LINE_BLANK:
	case LINE_INDENTED:
	case LINE_FRAME:
	case LINE_CALL: return true;
	case LINE_GO: /* "panic: a [recovered]" and the one that follows */
		return st->phase == PHASE_HEAD;
	default: return false;
	}
}

static bool ruby(struct rejoin_state *st, enum line_kind kind, struct str line)
{
	if (kind == LINE_FRAME) {
		st->phase = PHASE_FRAMES;
		return true;
	}
	if (kind == LINE_RUBY) /* the cause; Rails' frames have no message and no indent */
		return st->phase == PHASE_FRAMES || line.ptr[line.len - 1] == '\'';
	return kind == LINE_INDENTED || kind == LINE_BLANK;
}

static bool rust(struct rejoin_state *st, enum line_kind kind)
{
	if (kind == LINE_BLANK || kind == LINE_INDENTED || kind == LINE_NOTE ||
		kind == LINE_FRAME || kind == LINE_CAUSE)
		return true;
	if (kind == LINE_PREFIXED || kind == LINE_RUST || st->phase != PHASE_HEAD || st->blank)
		return false;
	st->phase = PHASE_DONE; /* one line of message */
	return true;
}

static bool native(struct rejoin_state *st, enum line_kind kind, struct str line)
{
	if (kind == LINE_INDENTED || kind == LINE_BLANK || kind == LINE_FRAME)
		return true;
	if (st->phase == PHASE_DONE || kind == LINE_PREFIXED)
		return false;
	if (str_contains(line, "==ABORTING") || str_starts(line, "Aborted"))
		st->phase = PHASE_DONE;
	return rejoin_is_sanitizer(line);
}

/* Lines that never begin an event: whatever was there before them is their head. */
static bool is_orphan(enum line_kind kind, struct str line)
{
	switch (kind) {
	case LINE_FRAME:
	case LINE_CAUSE:
	case LINE_STACK:
	case LINE_CHAIN:
	case LINE_MARGIN: return true;
	case LINE_GOROUTINE: return str_starts(line, "goroutine ");
	case LINE_RUBY: /* a frame of Rails: no message behind the method */
		return line.ptr[line.len - 1] == '\'';
	default: return false;
	}
}

/* An ordinary line: what can follow it is a trace it announced, or what is indented below it. */
static bool single(struct rejoin_state *st, enum line_kind kind, struct str line)
{
	if (kind == LINE_BLANK) /* the one in front of "Caused by:" */
		return true;
	if (kind == LINE_INDENTED)
		return st->blank == 0;
	if (kind == LINE_CLOSE)
		return st->open && st->blank == 0;
	bool announced = st->level && st->blank == 0 &&
			 (kind == LINE_TRACEBACK || kind == LINE_HEAD || kind == LINE_RUBY);
	bool orphan = is_orphan(kind, line) && st->blank <= 1;
	if (!announced && !orphan)
		return false;
	unsigned char level = st->level;
	begin(st, kind == LINE_GOROUTINE ? LINE_GO : kind);
	st->level = level;
	if (orphan)
		st->phase = PHASE_FRAMES;
	return true;
}

static bool goes_on(struct rejoin_state *st, enum line_kind kind, struct str line)
{
	switch (st->mode) {
	case MODE_LINE: return single(st, kind, line);
	case MODE_PYTHON: return python(st, kind, line);
	case MODE_STACK:
	case MODE_PHP: return stack(st, kind);
	case MODE_NODE: return node(st, kind);
	case MODE_GO: return go(st, kind);
	case MODE_RUBY: return ruby(st, kind, line);
	case MODE_RUST: return rust(st, kind);
	case MODE_NATIVE: return native(st, kind, line);
	default: return false;
	}
}

/* Whether a quote that the line opens stays open in it. */
static bool opens_quote(struct str line)
{
	const char *end = line.ptr + line.len, *p = memchr(line.ptr, '"', line.len);
	bool open = false;

	for (; p; p = memchr(p, '"', (size_t)(end - p))) {
		open = !open;
		p++;
	}
	return open;
}

/* What has to be kept in mind of a line that was taken or that begins an event. */
static void note(struct rejoin_state *st, enum line_kind kind, struct str line, bool first)
{
	bool detail;

	st->blank = kind == LINE_BLANK ? (unsigned char)(st->blank + (st->blank < 100)) : 0;
	if (first) {
		st->level = kind == LINE_PREFIXED || kind == LINE_OTHER ? rejoin_is_error(line) : 0;
		st->writer = (unsigned short)rejoin_postgres(line, &detail);
	}
	if (st->mode == MODE_STACK && kind == LINE_FRAME)
		st->plain = 0;
	else if (st->mode == MODE_STACK && st->plain == 0)
		st->plain = (unsigned char)rejoin_message_lines(line);
	if (kind == LINE_BLANK)
		return;
	st->open = opens_quote(line) | (first && rejoin_is_jul(line) ? 2 : 0);
	if (line.len && line.ptr[line.len - 1] == '{')
		st->open |= 4;
}

/* The level below java.util.logging's line with the time. */
static bool is_jul_level(struct str line)
{
	static const char *const levels[] = {"SEVERE: ", "WARNING: ", "INFO: ", "CONFIG: ",
		"FINE: ", "FINER: ", "FINEST: ", NULL};

	for (size_t i = 0; levels[i]; i++) {
		if (str_starts(line, levels[i]))
			return true;
	}
	return false;
}

/* Continuations that a logger's own prefix does not stop. */
static bool is_second_half(const struct rejoin_state *st, struct str line, int64_t time)
{
	bool detail = false;

	if (st->mode != MODE_LINE)
		return false;
	if ((st->open & 2) && is_jul_level(line) && near(st, time, LINE_GAP))
		return true;
	/* a quoted value that holds a line end: database "netra_dev\n" does not exist */
	if ((st->open & 1) && line.len && line.ptr[0] == '"' && near(st, time, QUOTE_GAP))
		return true;
	if (!st->writer || !near(st, time, NS_PER_S))
		return false;
	return (unsigned short)rejoin_postgres(line, &detail) == st->writer && detail;
}

static bool take(
	struct rejoin_state *st, enum line_kind kind, struct str line, int64_t time, bool starts)
{
	bool trace = st->mode > MODE_LINE;

	if (st->mode == MODE_NONE)
		return false;
	if (is_second_half(st, line, time)) {
		note(st, LINE_PREFIXED, line, false);
		st->open = 0; /* closed again: what follows is another */
		/* the level of a java.util.logging line is in its second half */
		st->level = st->level || rejoin_is_error(line);
		return true;
	}
	if (starts || !near(st, time, trace ? TRACE_GAP : LINE_GAP) || !goes_on(st, kind, line))
		return false;
	note(st, kind, line, false);
	return true;
}

/* The lines of an entry after its first: each moves the state, and one that begins something is part of
 * the event all the same. */
static void take_rest(struct rejoin_state *st, struct str rest, int64_t time)
{
	struct str line;

	while (str_line(&rest, &line)) {
		line = rejoin_plain(line);
		enum line_kind kind = rejoin_kind(line);

		if (take(st, kind, line, time, false))
			continue;
		if (mode_of(kind) != MODE_LINE) {
			unsigned char level = st->level;

			begin(st, kind);
			st->level = level;
		}
		note(st, kind, line, false);
	}
}

void rejoin_read(struct str text, struct rejoin_text *out)
{
	struct str rest = text, line = {"", 0};

	str_line(&rest, &line);
	struct str first = rejoin_plain(line);
	enum line_kind kind = rejoin_kind(first);

	*out = (struct rejoin_text){.begun = {.time = TIME_NONE},
		.colours = (uint32_t)(line.len - first.len),
		.len = (uint32_t)first.len,
		.kind = (unsigned char)kind,
		.more = rest.len > 0};
	begin(&out->begun, kind);
	note(&out->begun, kind, first, true);
	take_rest(&out->begun, rest, TIME_NONE);
}

bool rejoin_goes_on(struct rejoin_state *st, const struct rejoin_text *t, struct str text,
	int64_t time, bool starts)
{
	struct str line = str_sub(text, t->colours, t->len);
	bool goes = take(st, (enum line_kind)t->kind, line, time, starts);

	if (!goes)
		*st = t->begun;
	st->time = time;
	if (goes && t->more && str_line(&text, &line))
		take_rest(st, text, time);
	return goes;
}

bool rejoin_continues(struct rejoin_state *st, struct str text, int64_t time, bool starts)
{
	struct rejoin_text t;

	rejoin_read(text, &t);
	return rejoin_goes_on(st, &t, text, time, starts);
}

/*
 * Go: panics and fatal errors with goroutines, and errors wrapped in one line ("a: b: dial tcp
 * 10.0.0.1:5432: connect: connection refused"), outermost first.
 */
#include "exception_private.h"

/* What an error of the standard library or of a driver begins with: from there on it is one
 * message, although it has colons. */
static const char *const leaves[] = {"dial tcp", "dial unix", "dial udp", "read tcp", "write tcp",
	"lookup ", "listen tcp", "listen unix", "open /", "stat /", "mkdir /",
	"exec: ", "fork/exec ", "x509: ", "tls: ", "pq: ", "strconv.",
	"rpc error: ", "unable to open ", "context deadline exceeded", "context canceled",
	"unexpected EOF", "invalid character ", "json: ", "yaml: ", "failed to connect to `",
	"Error 1045", "Error 1049", "Error 1146", "oauth2: ", "token has invalid claims",
	"token is expired", "signature is invalid", "missing required environment variable",
	"required key ", NULL};

/* Offset of the earliest leaf that stands at the start or behind ": ". */
static size_t find_leaf(struct str message)
{
	for (size_t at = 0; at < message.len;) {
		struct str rest = str_from(message, at);

		for (size_t i = 0; leaves[i]; i++) {
			if (str_starts(rest, leaves[i]))
				return at;
		}
		size_t colon = str_find(rest, STR(": "));
		if (colon == SIZE_MAX)
			break;
		at += colon + 2;
	}
	return SIZE_MAX;
}

/* Splits "outer: inner: leaf" into links, root first. */
static void split(struct trace *t, struct str message, size_t leaf)
{
	size_t first = t->link_count;
	struct str outer = str_sub(message, 0, leaf), part, rest;

	while (outer.len && t->link_count + 2 < EXCEPTION_LINKS_MAX &&
		str_cut(outer, ": ", &part, &rest)) {
		trace_link(t, (struct str){"", 0}, part);
		outer = rest;
	}
	trace_link(t, (struct str){"", 0}, str_from(message, leaf));
	trace_reverse(t, first);
}

/*	/src/main.go:58 +0x1d4 */
static bool frame_place(struct str line, struct str *file, struct str *number)
{
	struct str s = str_trim(line), place, rest;

	if (line_indent(line) == 0 || s.len == 0)
		return false;
	if (!str_cut(s, " +0x", &place, &rest))
		place = s;
	if (!str_cut_last(place, ":", file, number))
		return false;
	return str_ends(*file, ".go") && number->len && str_digits(*number).len == number->len;
}

static bool is_app_frame(struct str file, struct str function)
{
	return exception_is_app_file(file) && !str_contains(file, "/src/runtime/") &&
	       !str_starts(function, "runtime.") && !str_starts(function, "panic(") &&
	       !str_contains(file, "/go/src/net/") && !str_contains(file, "_testmain.go");
}

/* The first goroutine that is printed; false when there is none. */
static bool read_goroutine(struct trace *t, struct exception_link *link, size_t at)
{
	size_t end = at + TRACE_AHEAD;
	struct str file, number, function = {"", 0};
	bool frames = false;

	while (at < t->count && at < end && !str_starts(t->lines[at], "goroutine "))
		at++;
	if (at >= t->count || at >= end)
		return false;
	for (at++; at < t->count && !line_blank(t->lines[at]); at++) {
		struct str line = t->lines[at], before, after;

		if (!frame_place(line, &file, &number)) {
			function = str_cut_last(line, "(", &before, &after) ? before : line;
			continue;
		}
		frames = true;
		if (link->location.len || !is_app_frame(file, function))
			continue;
		link->location = trace_place(t, file, number);
		link->function = function;
	}
	return frames;
}

/* "panic: ", "fatal error: ", "http: panic serving 10.0.0.1:80: ": the message behind. */
static bool panic_message(struct str line, struct str *type, struct str *message)
{
	struct str before, after, s = str_trim(line), peer;

	if (str_starts(s, "panic: ")) {
		*type = STR("panic");
		*message = str_from(s, 7);
	} else if (str_starts(s, "fatal error: ")) {
		*type = STR("fatal error");
		*message = str_from(s, 13);
	} else if (str_cut(s, "http: panic serving ", &before, &after) &&
		   str_cut(after, ": ", &peer, message)) {
		*type = STR("panic");
	} else {
		return false;
	}
	if (str_cut_last(*message, " [recovered", &before, &after))
		*message = before;
	return message->len > 0;
}

bool exception_go(struct trace *t, size_t at)
{
	struct str type, message;

	if (!panic_message(t->lines[at], &type, &message))
		return false;
	size_t next = at + 1;
	/* the message of a panic may go on until the blank line before the goroutines */
	while (next < t->count && next < at + TRACE_AHEAD && !line_blank(t->lines[next]) &&
		!str_starts(t->lines[next], "goroutine ") &&
		!str_starts(t->lines[next], "[signal ") && !line_prefixed(t->lines[next]))
		next++;
	message = trace_join(t, message, at + 1, next);
	size_t leaf = find_leaf(message);
	split(t, message, leaf == SIZE_MAX ? 0 : leaf);
	t->links[0].type = type;
	t->out->frames = read_goroutine(t, &t->links[0], at + 1);
	t->out->language = "go";
	t->out->fatal = !str_contains(t->lines[at], "http: panic serving");
	return true;
}

bool exception_wrapped(struct trace *t, size_t at)
{
	struct str line = str_trim(t->lines[at]), before, after;

	if (t->count > 1 && at + 1 < t->count)
		return false;
	size_t leaf = find_leaf(line);
	if (leaf == SIZE_MAX)
		return false;
	/* what a logger put in front is no link: "2026/01/02 12:00:00 [FATAL] store: dial tcp ..." */
	while (line_prefixed(line)) {
		size_t cut = str_find_char(line, ' ');

		if (cut == SIZE_MAX || cut + 1 > leaf)
			break;
		struct str rest = str_trim(str_from(line, cut));
		leaf -= line.len - rest.len;
		line = rest;
		if (leaf > line.len)
			return false;
	}
	if (str_cut(line, "msg=\"", &before, &after) && before.len + 5 <= leaf) {
		leaf -= before.len + 5;
		line = after;
	}
	split(t, line, leaf);
	t->out->language = "go";
	return true;
}

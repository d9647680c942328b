/*
 * Native programs: sanitizer reports, the dynamic loader, aborts of C++ and glibc, signals.
 */
#include "exception_private.h"

/*    #1 0x55d0 in parse /src/parse.c:12:3 */
static void read_frames(struct trace *t, struct exception_link *link, size_t at)
{
	for (size_t end = at + 200; at < t->count && at < end; at++) {
		struct str s = str_trim(t->lines[at]), before, rest, file, number, function;

		if (s.len == 0 && t->out->frames)
			break;
		if (s.len < 2 || s.ptr[0] != '#' || !str_cut(s, " in ", &before, &rest))
			continue;
		t->out->frames = true;
		if (!str_cut(rest, " ", &function, &file))
			continue;
		struct str tail;
		if (!str_cut(file, ":", &file, &tail))
			continue;
		number = str_digits(tail);
		if (number.len == 0 || !exception_is_app_file(file) || str_starts(file, "../") ||
			str_starts(function, "__interceptor"))
			continue;
		link->location = trace_place(t, file, number);
		link->function = function;
		break;
	}
}

/* "==12==ERROR: AddressSanitizer: heap-use-after-free on address ..." */
static bool sanitizer(struct trace *t, size_t at)
{
	struct str s = str_trim(t->lines[at]), before, rest, type, message;

	if (str_starts(s, "==") && str_cut(s, "ERROR: ", &before, &rest) &&
		line_head(rest, &type, &message) && str_ends(type, "Sanitizer")) {
		read_frames(t, trace_link(t, type, message), at + 1);
		return true;
	}
	/* "/src/x.c:12:5: runtime error: signed integer overflow: ..." */
	if (!str_cut(s, ": runtime error: ", &before, &message))
		return false;
	struct exception_link *link = trace_link(t, STR("UndefinedBehaviorSanitizer"), message);
	struct str file, number, column;
	if (str_cut_last(before, ":", &rest, &column) && str_cut_last(rest, ":", &file, &number) &&
		str_digits(number).len && exception_is_app_file(file))
		link->location = trace_place(t, file, number);
	return true;
}

/* "terminate called after throwing an instance of 'std::runtime_error'" + "  what():  message" */
static bool terminate_called(struct trace *t, size_t at)
{
	struct str before, rest, type = {"", 0}, message = {"", 0};

	if (!str_cut(t->lines[at], "terminate called ", &before, &rest))
		return false;
	str_cut(rest, "'", &before, &type);
	str_cut(type, "'", &type, &before);
	for (size_t i = at + 1; i < t->count && i <= at + 3; i++) {
		if (str_cut(t->lines[i], "what():", &before, &rest))
			message = str_trim(rest);
	}
	trace_link(t, type, message.len ? message : str_trim(t->lines[at]));
	return true;
}

/* "prog: src/x.c:12: main: Assertion `x' failed." */
static bool assertion(struct trace *t, size_t at)
{
	struct str s = str_trim(t->lines[at]), before, rest, file, number;

	if (!str_cut(s, ": Assertion `", &before, &rest) || !str_contains(rest, "' failed"))
		return false;
	struct exception_link *link = trace_link(t, STR("assertion"), s);
	for (size_t i = 0; i < 3; i++) {
		if (!str_cut_last(before, ":", &rest, &number))
			break;
		if (str_digits(number).len && str_digits(number).len == number.len) {
			if (!str_cut_last(rest, " ", &before, &file))
				file = rest;
			link->location = trace_place(t, file, number);
			break;
		}
		before = rest;
	}
	return true;
}

/* Sentences of the loader, the kernel and libc that end a process. */
static bool sentence(struct trace *t, size_t at)
{
	static const char *const sentences[] = {"error while loading shared libraries: ",
		"symbol lookup error: ", "Segmentation fault", "segfault at ",
		"Aborted (core dumped)", "Bus error", "Illegal instruction",
		"Floating point exception", "*** stack smashing detected ***",
		"*** buffer overflow detected ***",
		"malloc(): ", "free(): ", "double free or corruption",
		"corrupted size vs. prev_size", "exec format error", "Exec format error",
		"' not found (required by ", NULL};
	struct str s = str_trim(t->lines[at]);

	for (size_t i = 0; sentences[i]; i++) {
		size_t from = str_find(s, str_of(sentences[i]));

		if (from == SIZE_MAX)
			continue;
		/* the loader's message without the program in front; the others need theirs */
		trace_link(t, (struct str){"", 0}, i < 2 ? str_from(s, from) : s);
		return true;
	}
	return false;
}

bool exception_native(struct trace *t, size_t at)
{
	if (!sanitizer(t, at) && !terminate_called(t, at) && !assertion(t, at) && !sentence(t, at))
		return false;
	t->out->language = "native";
	t->out->fatal = true;
	return true;
}

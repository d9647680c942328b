/*
 * One line that names an error without a stack: "ModuleNotFoundError: No module named 'x'", also in
 * the middle of a log line ("setup failed: ModuleNotFoundError: No module named 'x'").
 */
#include <ctype.h>

#include "exception_private.h"

static bool starts_word(struct str s, size_t at)
{
	unsigned char before = at ? (unsigned char)s.ptr[at - 1] : ' ';

	return !isalnum(before) && before != '_' && before != '.' && before != ':' &&
	       before != '/' && before != '\\' && before != '$';
}

/* Types of which one can say the language. */
static const char *language_of(struct str type)
{
	static const char *const python[] = {"ModuleNotFoundError", "ImportError", "KeyError",
		"ValueError", "AttributeError", "NameError", "OSError", "FileNotFoundError",
		"ConnectionRefusedError", "RuntimeError", "UnicodeDecodeError", NULL};

	if (str_contains(type, "::"))
		return "ruby";
	for (size_t i = 0; python[i]; i++) {
		if (str_is(type, python[i]))
			return "python";
	}
	if (str_starts(type, "System.") || str_starts(type, "Microsoft."))
		return "dotnet";
	if (str_ends(type, "Exception") && str_contains(type, "."))
		return "jvm";
	return "text";
}

bool exception_lone(struct trace *t, size_t at)
{
	struct str line = t->lines[at];

	for (size_t i = 0; i < line.len; i++) {
		struct str rest = str_from(line, i), type, message;

		if (!starts_word(line, i) || !isalpha((unsigned char)line.ptr[i]))
			continue;
		size_t name = 1;
		while (name < rest.len && (isalnum((unsigned char)rest.ptr[name]) ||
						  strchr("_.:$\\", rest.ptr[name])))
			name++;
		/* the type must be followed by its message, else it is a word of a sentence */
		if (name < rest.len && rest.ptr[name - 1] == ':' &&
			line_head(rest, &type, &message) && message.len && type_is_error(type)) {
			trace_link(t, type, message);
			t->out->language = language_of(type);
			return true;
		}
		i += name - 1;
	}
	return false;
}

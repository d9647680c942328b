/*
 * What runtimes and tools put in front of a line: compose, `kubectl logs --prefix`, CRI, syslog and
 * `journalctl`. Each takes off its own and says whose the line is.
 */
#include "line_private.h"

#include <ctype.h>

/* Colours that compose writes around the names: bytes they take. */
static size_t colours(struct str line, size_t i)
{
	while (i + 2 < line.len && line.ptr[i] == '\x1b' && line.ptr[i + 1] == '[') {
		size_t end = i + 2;

		while (end < line.len && (is_digit(line.ptr[end]) || line.ptr[end] == ';'))
			end++;
		if (end >= line.len || line.ptr[end] != 'm')
			break;
		i = end + 1;
	}
	return i;
}

/* "web-1": the name of a service and its number; its length or 0. */
static size_t service_name(struct str line)
{
	size_t i = 0;

	while (i < line.len && i < 80 &&
		(isalnum((unsigned char)line.ptr[i]) || memchr("._-", line.ptr[i], 3)))
		i++;
	if (i < 3 || i >= line.len || line.ptr[i] != ' ' || !is_digit(line.ptr[i - 1]))
		return 0;
	size_t dash = i;

	while (dash > 0 && is_digit(line.ptr[dash - 1]))
		dash--;
	return dash >= 2 && memchr("-_", line.ptr[dash - 1], 2) ? i : 0;
}

/* "web-1  | " */
size_t prefix_compose(struct str line, struct str *name)
{
	size_t from = colours(line, 0), i = service_name(str_from(line, from));

	if (i == 0)
		return 0;
	*name = str_sub(line, from, i);
	i = colours(line, from + i);
	while (i < line.len && line.ptr[i] == ' ')
		i++;
	i = colours(line, i);
	if (i >= line.len || line.ptr[i] != '|')
		return 0;
	i = colours(line, i + 1);
	return i < line.len && line.ptr[i] == ' ' ? i + 1 : i;
}

/* "web-1 exited with code 1", also " (restarting)": what compose says of a container. */
bool prefix_compose_exit(struct str line, struct str *name)
{
	size_t i = service_name(line);

	if (i == 0 || !str_starts(str_from(line, i), " exited with code "))
		return false;
	*name = str_sub(line, 0, i);
	return is_digit(line.ptr[line.len - 1]) || str_ends(line, " (restarting)");
}

/* "[pod/NAME/CONTAINER] " of `kubectl logs --prefix`. */
size_t prefix_pod(struct str line, struct str *pod, struct str *container)
{
	if (!str_starts(line, "[pod/"))
		return 0;
	size_t end = str_find_char(line, ']'), slash = str_find_char(str_from(line, 5), '/');

	if (end == SIZE_MAX || slash == SIZE_MAX || 5 + slash > end)
		return 0;
	*pod = str_sub(line, 5, slash);
	*container = str_sub(line, 5 + slash + 1, end - 5 - slash - 1);
	return end + 1 < line.len && line.ptr[end + 1] == ' ' ? end + 2 : end + 1;
}

/* " stdout F " after the time of a CRI line; the rest of the line is text. */
bool prefix_cri(struct str rest, bool *standard_error, bool *partial, struct str *text)
{
	if (rest.len < 10 ||
		(memcmp(rest.ptr, " stdout ", 8) != 0 && memcmp(rest.ptr, " stderr ", 8) != 0))
		return false;
	if (rest.ptr[8] != 'P' && rest.ptr[8] != 'F')
		return false;
	size_t i = 9;

	/* More tags may follow the first, parted by colons. */
	while (i < rest.len && rest.ptr[i] != ' ' && i < 32)
		i++;
	*standard_error = rest.ptr[4] == 'e' || rest.ptr[5] == 'e';
	*partial = rest.ptr[8] == 'P';
	*text = str_from(rest, i + (i < rest.len));
	return true;
}

/* A name of a host or of a program: its length, 0 when there is none. */
static size_t name_at(struct str line, size_t from, const char *more)
{
	size_t i = from;

	while (i < line.len && i - from < 64 &&
		(isalnum((unsigned char)line.ptr[i]) || strchr(more, line.ptr[i])) && line.ptr[i])
		i++;
	return i - from;
}

/* "[PID]" at `at`: the offset behind it; `at` when there is none, 0 when it is something else. */
static size_t pid_at(struct str rest, size_t at, struct str *pid)
{
	size_t digits = 0;

	*pid = STR("");
	if (at >= rest.len || rest.ptr[at] != '[')
		return at;
	while (at + 1 + digits < rest.len && is_digit(rest.ptr[at + 1 + digits]))
		digits++;
	*pid = str_sub(rest, at + 1, digits);
	at += digits + 1;
	return digits && at < rest.len && rest.ptr[at] == ']' ? at + 1 : 0;
}

/* ": " or ":" at the end, which the text follows; 0 when it is not there. */
static size_t colon_at(struct str rest, size_t at)
{
	if (at >= rest.len || rest.ptr[at] != ':')
		return 0;
	if (at + 1 == rest.len)
		return at + 1;
	return rest.ptr[at + 1] == ' ' ? at + 2 : 0;
}

/*
 * " HOST PROGRAM[PID]: " behind the time of syslog and of journalctl's short forms. Application logs
 * look like that, too ("ERROR main: text"): a level is no host, and behind a time with a year the
 * process must be there.
 */
size_t prefix_syslog(struct str rest, bool year, struct syslog_head *out)
{
	size_t host = rest.len && rest.ptr[0] == ' ' ? name_at(rest, 1, ".-_") : 0, at = host + 2;
	size_t program =
		host && at < rest.len && rest.ptr[at - 1] == ' ' ? name_at(rest, at, "._-/@()") : 0;

	if (!program || severity_find(str_sub(rest, 1, host)) >= 0)
		return 0;
	out->host = str_sub(rest, 1, host);
	out->program = str_sub(rest, at, program);
	size_t end = pid_at(rest, at + program, &out->pid);

	return end && (!year || out->pid.len) ? colon_at(rest, end) : 0;
}

/* Times at the beginning of log lines, and in the fields of JSON entries. */
#include "logs_private.h"

#include <endian.h>

/* Exactly `count` digits at *p. */
static bool digits(const char **p, const char *end, int count, int *value)
{
	if (end - *p < count)
		return false;
	*value = 0;
	for (int i = 0; i < count; i++) {
		char c = (*p)[i];

		if (c < '0' || c > '9')
			return false;
		*value = *value * 10 + (c - '0');
	}
	*p += count;
	return true;
}

static inline bool one(const char **p, const char *end, const char *set)
{
	if (*p >= end)
		return false;
	for (; *set; set++)
		if (**p == *set) {
			(*p)++;
			return true;
		}
	return false;
}

/* One or two digits. */
static bool short_number(const char **p, const char *end, int *value)
{
	return digits(p, end, 2, value) || digits(p, end, 1, value);
}

static int month_at(const char *p, const char *end)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; end - p >= 3 && i < 12; i++)
		if (memcmp(names + (ptrdiff_t)i * 3, p, 3) == 0)
			return i + 1;
	return 0;
}

struct moment {
	int year, month, day, hour, minute, second;
	int64_t nanos, offset; /* offset in seconds */
	int fraction;          /* digits */
	bool zulu;
};

static inline bool moment_time(const struct moment *m, int64_t *time)
{
	if (m->month < 1 || m->month > 12 || m->day < 1 || m->day > 31 || m->hour > 24 ||
		m->minute > 59 || m->second > 60 || m->year < 1970 || m->year > 2200)
		return false;
	int64_t days = time_days(m->year, (unsigned)m->month, (unsigned)m->day);

	*time = ((days * 24 + m->hour) * 60 + m->minute) * 60 + m->second - m->offset;
	*time = *time * NS_PER_S + m->nanos;
	return true;
}

/* "HH:MM:SS" with a fraction after '.' or ','. */
static bool clock_at(const char **p, const char *end, struct moment *m)
{
	if (!short_number(p, end, &m->hour) || !one(p, end, ":") ||
		!digits(p, end, 2, &m->minute) || !one(p, end, ":") ||
		!digits(p, end, 2, &m->second))
		return false;
	if (end - *p > 1 && (**p == '.' || **p == ',') && (*p)[1] >= '0' && (*p)[1] <= '9') {
		int64_t unit = NS_PER_S;

		for ((*p)++; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
			unit /= 10;
			m->nanos += unit * (**p - '0');
			m->fraction++;
		}
	}
	return true;
}

/* "+hh:mm", "+hhmm", "+hh" */
static bool offset_at(const char **p, const char *end, struct moment *m)
{
	const char *q = *p;
	int hours, minutes = 0;

	if (end - q < 3 || (*q != '+' && *q != '-'))
		return false;
	bool west = *q++ == '-';

	if (!digits(&q, end, 2, &hours))
		return false;
	if (q < end && *q == ':')
		q++;
	if (!digits(&q, end, 2, &minutes) && q[-1] == ':')
		return false;
	m->offset = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
	*p = q;
	return true;
}

/* "Z", "+hh:mm", "+hhmm", "+hh", also after a blank, " UTC", " GMT"; nothing is UTC. */
static void zone_at(const char **p, const char *end, struct moment *m)
{
	const char *q = *p;

	if (q < end && (*q == 'Z' || *q == 'z')) {
		m->zulu = true;
		*p = q + 1;
		return;
	}
	if (q < end && *q == ' ')
		q++;
	if (end - q >= 3 && (memcmp(q, "UTC", 3) == 0 || memcmp(q, "GMT", 3) == 0)) {
		*p = q + 3;
		return;
	}
	if (offset_at(&q, end, m))
		*p = q;
}

/* "2026-01-02T03:04:05.678Z", "2026/01/02 03:04:05". */
static bool iso_at(const char **p, const char *end, struct moment *m)
{
	return digits(p, end, 4, &m->year) && one(p, end, "-/") && digits(p, end, 2, &m->month) &&
	       one(p, end, "-/") && digits(p, end, 2, &m->day) && one(p, end, "Tt ") &&
	       clock_at(p, end, m);
}

/* "02/Jan/2026:03:04:05 +0000". */
static bool clf_at(const char **p, const char *end, struct moment *m)
{
	if (!digits(p, end, 2, &m->day) || !one(p, end, "/"))
		return false;
	m->month = month_at(*p, end);
	if (!m->month)
		return false;
	*p += 3;
	return one(p, end, "/") && digits(p, end, 4, &m->year) && one(p, end, ":") &&
	       clock_at(p, end, m);
}

/* The year of a date that has none: the last time that this day was. */
static int guess_year(int month, int day)
{
	int64_t now = clock_wall();
	char text[36];
	int year = 0;

	time_print_utc(now, 0, text);
	for (int i = 0; i < 4; i++)
		year = year * 10 + (text[i] - '0');
	int64_t then = time_days(year, (unsigned)month, (unsigned)day) * 86400 * NS_PER_S;

	return then > now + 86400 * NS_PER_S ? year - 1 : year;
}

/* ", 2026 3:04:05 PM" */
static bool year_after_at(const char **p, const char *end, struct moment *m)
{
	if (!one(p, end, " ") || !digits(p, end, 4, &m->year) || !one(p, end, " ") ||
		!clock_at(p, end, m))
		return false;
	if (end - *p < 3 || (*p)[2] != 'M')
		return true;
	if ((*p)[1] == 'P' && m->hour < 12)
		m->hour += 12;
	if ((*p)[1] == 'A' && m->hour == 12)
		m->hour = 0;
	*p += 3;
	return true;
}

/* "Jan  2 03:04:05" of syslog, "Jan 2, 2026 3:04:05 PM" of java.util.logging. */
static bool month_first_at(const char **p, const char *end, struct moment *m)
{
	m->month = month_at(*p, end);
	if (!m->month)
		return false;
	*p += 3;
	if (!one(p, end, " "))
		return false;
	one(p, end, " ");
	if (!short_number(p, end, &m->day) || m->day == 0)
		return false;
	if (one(p, end, ","))
		return year_after_at(p, end, m);
	m->year = guess_year(m->month, m->day);
	return one(p, end, " ") && clock_at(p, end, m);
}

/* "02 Jan 2026 03:04:05.678" of Redis, after its "1:M ". */
static bool day_first_at(const char **p, const char *end, struct moment *m)
{
	if (!digits(p, end, 2, &m->day) || !one(p, end, " "))
		return false;
	m->month = month_at(*p, end);
	if (!m->month)
		return false;
	*p += 3;
	return one(p, end, " ") && digits(p, end, 4, &m->year) && one(p, end, " ") &&
	       clock_at(p, end, m);
}

/* "E0102 03:04:05.678901" of klog. */
static bool klog_at(const char **p, const char *end, struct moment *m)
{
	if (!one(p, end, "IWEF") || !digits(p, end, 2, &m->month) || !digits(p, end, 2, &m->day) ||
		m->month < 1 || m->month > 12 || m->day < 1 || !one(p, end, " ") ||
		!clock_at(p, end, m))
		return false;
	m->year = guess_year(m->month, m->day);
	return true;
}

enum { FORMS = 3 };

/* Those that begin with a digit, and those that begin with a letter. */
static bool (*const forms[2][FORMS])(const char **, const char *, struct moment *) = {
	{iso_at, clf_at, day_first_at}, {month_first_at, klog_at, NULL}};

/* "03:04:05.678" says that a line begins, not when. */
static size_t clock_prefix(const char *start, const char *line, const char *end)
{
	struct moment m = {0};
	const char *p = start;

	return end - p >= 8 && p[2] == ':' && clock_at(&p, end, &m) ? (size_t)(p - line) : 0;
}

/* The month's name ends after three letters, the level is one before digits. */
static bool may_begin_time(const char *p, const char *end)
{
	return end - p > 3 &&
	       (is_digit(*p) || (*p >= 'A' && *p <= 'W' && (p[3] == ' ' || is_digit(p[1]))));
}

size_t time_prefix(struct str line, int64_t *time, bool *nano)
{
	const char *start = line.ptr, *end = line.ptr + line.len;

	*time = TIME_NONE;
	*nano = false;
	if (start < end && *start == '[')
		start++;
	if (!may_begin_time(start, end))
		return 0;
	bool letter = !is_digit(*start);

	for (size_t i = 0; i < FORMS && forms[letter][i]; i++) {
		struct moment m = {0};
		const char *p = start;

		if (!forms[letter][i](&p, end, &m))
			continue;
		zone_at(&p, end, &m);
		if (!moment_time(&m, time))
			continue;
		*nano = m.zulu && m.fraction >= 7 && start == line.ptr && p < end && *p == ' ';
		if (p < end && *p == ']' && start > line.ptr)
			p++;
		return (size_t)(p - line.ptr);
	}
	return clock_prefix(start, line.ptr, end);
}

/* Seconds, milliseconds, microseconds or nanoseconds since 1970, by size. */
static int64_t time_of_number(const char *p, size_t len)
{
	uint64_t whole = 0;
	int64_t nanos = 0, unit = NS_PER_S;
	size_t i = 0;

	for (; i < len && is_digit(p[i]) && whole < UINT64_C(1000000000000000000); i++)
		whole = whole * 10 + (unsigned)(p[i] - '0');
	if (i < len && p[i] == '.')
		for (i++; i < len && is_digit(p[i]); i++) {
			unit /= 10;
			nanos += unit * (p[i] - '0');
		}
	if (i < len || whole < 100000000 || whole >= UINT64_C(9000000000000000000))
		return TIME_NONE;
	int64_t n = (int64_t)whole;

	if (n < INT64_C(9000000000))
		return n * NS_PER_S + nanos;
	if (n < INT64_C(9000000000000))
		return n * NS_PER_MS;
	return n < INT64_C(9000000000000000) ? n * NS_PER_US : n;
}

/* Eight bytes as a number, the first the lowest. */
static inline uint64_t eight_bytes(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return le64toh(bytes);
}

/* Whether each byte is at most what `limit` says: 'v' 9, DEL 0. More carries into its highest bit. */
static inline bool are_digits(uint64_t digits, const char *limit)
{
	return !((digits | (digits + eight_bytes(limit))) & UINT64_C(0x8080808080808080));
}

/* The number that the digits `at` and `at` + 1 are. */
static inline int two_at(uint64_t digits, unsigned at)
{
	return (int)((digits * 10 + (digits >> 8)) >> at * 8 & 0xFF);
}

/* One to nine digits that end at `end`, as nanoseconds. There are eight bytes before it in any case. */
static inline bool fraction_at(const char *end, size_t count, int64_t *nanos)
{
	size_t other = count < 8 ? 8 - count : 0;
	/* What stands before the fraction falls out, and zeros come in behind it. */
	uint64_t digits = (eight_bytes(end - 8) ^ eight_bytes("00000000")) >> other * 8;
	int64_t n =
		((two_at(digits, 0) * 100 + two_at(digits, 2)) * 100 + two_at(digits, 4)) * 100 +
		two_at(digits, 6);

	*nanos = count == 9 ? (end[-9] - '0') * INT64_C(100000000) + n : n * 10;
	return are_digits(digits, "vvvvvvvv") && (count < 9 || is_digit(end[-9]));
}

/*
 * "2026-01-02T03:04:05Z", also with a fraction: nearly all entries have this form, which is read eight
 * bytes at once. False for all others, and for what is no time.
 */
static bool time_of_zulu(const char *p, size_t len, int64_t *time)
{
	enum { SECONDS = 19, FRACTION_MAX = 9 };

	if (len <= SECONDS || len > SECONDS + 1 + FRACTION_MAX + 1 || p[len - 1] != 'Z')
		return false;
	uint64_t date = eight_bytes(p) ^ eight_bytes("0000-00-"),
		 day = eight_bytes(p + 8) ^ eight_bytes("00T00:00"),
		 clock = eight_bytes(p + 11) ^ eight_bytes("00:00:00");

	if (!are_digits(date, "vvvv\177vv\177") || !are_digits(day, "vv\177vv\177vv") ||
		!are_digits(clock, "vv\177vv\177vv"))
		return false;
	struct moment m = {
		.year = two_at(date, 0) * 100 + two_at(date, 2),
		.month = two_at(date, 5),
		.day = two_at(day, 0),
		.hour = two_at(clock, 0),
		.minute = two_at(clock, 3),
		.second = two_at(clock, 6),
	};

	if (len > SECONDS + 1 && (p[SECONDS] != '.' || len == SECONDS + 2 ||
					 !fraction_at(p + len - 1, len - SECONDS - 2, &m.nanos)))
		return false;
	return moment_time(&m, time);
}

int64_t time_of_scalar(const struct json_scalar *s)
{
	int64_t time;

	if (s->kind == '0')
		return time_of_number(s->ptr, s->len);
	if (s->kind != '"' || s->len == 0)
		return TIME_NONE;
	if (time_of_zulu(s->ptr, s->len, &time))
		return time;
	const char *p = s->ptr;
	struct moment m = {0};

	if (iso_at(&p, s->ptr + s->len, &m)) {
		zone_at(&p, s->ptr + s->len, &m);
		return moment_time(&m, &time) ? time : TIME_NONE;
	}
	bool nano;

	if (time_prefix((struct str){s->ptr, s->len}, &time, &nano) && time != TIME_NONE)
		return time;
	return time_of_number(s->ptr, s->len);
}

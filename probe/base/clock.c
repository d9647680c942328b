#include "probe/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_monotonic(void)
{
	return now(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
	static int64_t frozen = TIME_NONE;
	static bool looked;

	if (!looked) {
		const char *text = getenv("GOLDPROBE_TEST_NOW");

		looked = true;
		if (text && !time_parse(str_of(text), &frozen))
			frozen = TIME_NONE;
	}
	return frozen != TIME_NONE ? frozen : now(CLOCK_REALTIME);
}

/* Splits towards minus infinity, so that moments before 1970 print right. */
static time_t seconds_of(int64_t wall_ns, int64_t *rest)
{
	int64_t seconds = wall_ns / NS_PER_S;

	*rest = wall_ns % NS_PER_S;
	if (*rest < 0) {
		*rest += NS_PER_S;
		seconds--;
	}
	return (time_t)seconds;
}

void time_print_utc(int64_t wall_ns, int digits, char out[36])
{
	static const int64_t unit[] = {
		1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t rest;
	time_t seconds = seconds_of(wall_ns, &rest);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	size_t len = strftime(out, 36, "%Y-%m-%dT%H:%M:%S", &tm);

	if (digits > 0 && digits <= 9)
		len += (size_t)snprintf(
			out + len, 36 - len, ".%0*" PRId64, digits, rest / unit[digits]);
	snprintf(out + len, 36 - len, "Z");
}

void time_print_local(int64_t wall_ns, char out[36])
{
	int64_t rest;
	time_t seconds = seconds_of(wall_ns, &rest);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(out, 36, "%Y-%m-%d %H:%M:%S %z", &tm);
}

int64_t time_days(int64_t year, unsigned month, unsigned day)
{
	/* Years begin in March, so that the leap day is the last of its year. */
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (int64_t)(month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct reader {
	struct str s;
	size_t pos;
};

static bool read_digits(struct reader *r, size_t count, unsigned *out)
{
	*out = 0;
	if (r->pos + count > r->s.len)
		return false;
	for (size_t i = 0; i < count; i++) {
		char c = r->s.ptr[r->pos++];

		if (c < '0' || c > '9')
			return false;
		*out = *out * 10 + (unsigned)(c - '0');
	}
	return true;
}

static bool read_char(struct reader *r, const char *any)
{
	if (r->pos >= r->s.len || !strchr(any, r->s.ptr[r->pos]) || !r->s.ptr[r->pos])
		return false;
	r->pos++;
	return true;
}

static bool read_zone(struct reader *r, int64_t *offset_s)
{
	unsigned hours, minutes = 0;

	*offset_s = 0;
	if (r->pos < r->s.len && r->s.ptr[r->pos] == ' ')
		r->pos++;
	if (r->pos >= r->s.len)
		return true;
	if (read_char(r, "Zz"))
		return r->pos == r->s.len;
	if (str_is(str_from(r->s, r->pos), "UTC") || str_is(str_from(r->s, r->pos), "GMT"))
		return true;
	char sign = r->s.ptr[r->pos];

	if (!read_char(r, "+-") || !read_digits(r, 2, &hours))
		return false;
	if (r->pos < r->s.len) {
		read_char(r, ":");
		if (!read_digits(r, 2, &minutes))
			return false;
	}
	if (r->pos != r->s.len || hours > 23 || minutes > 59)
		return false;
	*offset_s = ((int64_t)hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

static bool read_clock(struct reader *r, int64_t *seconds, int64_t *fraction)
{
	unsigned hour, minute, second = 0;

	*fraction = 0;
	if (!read_digits(r, 2, &hour) || !read_char(r, ":") || !read_digits(r, 2, &minute) ||
		hour > 24 || minute > 59)
		return false;
	if (read_char(r, ":")) {
		if (!read_digits(r, 2, &second) || second > 60)
			return false;
		if (read_char(r, ".,")) {
			int64_t unit = NS_PER_S / 10;
			size_t start = r->pos;

			for (; r->pos < r->s.len && r->s.ptr[r->pos] >= '0' &&
				r->s.ptr[r->pos] <= '9';
				r->pos++, unit /= 10)
				*fraction += unit * (r->s.ptr[r->pos] - '0');
			if (r->pos == start)
				return false;
		}
	}
	*seconds = ((int64_t)hour * 60 + minute) * 60 + second;
	return true;
}

bool time_parse(struct str s, int64_t *wall_ns)
{
	struct reader r = {s, 0};
	unsigned year, month, day;
	int64_t clock_s, fraction, offset;

	if (!read_digits(&r, 4, &year) || !read_char(&r, "-/") || !read_digits(&r, 2, &month) ||
		!read_char(&r, "-/") || !read_digits(&r, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1700 || year > 2200)
		return false;
	if (!read_char(&r, "Tt ") || !read_clock(&r, &clock_s, &fraction) ||
		!read_zone(&r, &offset))
		return false;
	*wall_ns = (time_days(year, month, day) * 86400 + clock_s - offset) * NS_PER_S + fraction;
	return true;
}

#include "probe/clock.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
	const char *name;
	int64_t factor;
};

/* Longer names first where one begins with another. */
static const struct unit duration_units[] = {
	{"ns", 1},
	{"us", NS_PER_US},
	{"\xC2\xB5s", NS_PER_US},
	{"ms", NS_PER_MS},
	{"s", NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"h", 3600 * NS_PER_S},
	{"d", 86400 * NS_PER_S},
	{0},
};

static const struct unit size_units[] = {
	{"KiB", INT64_C(1) << 10},
	{"MiB", INT64_C(1) << 20},
	{"GiB", INT64_C(1) << 30},
	{"kB", 1000},
	{"KB", 1000},
	{"MB", 1000000},
	{"GB", 1000000000},
	{"B", 1},
	{0},
};

/* Reads digits with at most one point as a scaled decimal, exactly: value = digits / 10^decimals. */
static bool read_decimal(struct str *s, int64_t *digits, int64_t *scale)
{
	size_t i = 0;
	bool point = false, any = false;

	*digits = 0;
	*scale = 1;
	for (; i < s->len; i++) {
		char c = s->ptr[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			break;
		any = true;
		/* More than nine decimals are below a nanosecond of any unit in use. */
		if (point && *scale >= 1000000000)
			continue;
		if (__builtin_mul_overflow(*digits, 10, digits) ||
			__builtin_add_overflow(*digits, c - '0', digits))
			return false;
		if (point)
			*scale *= 10;
	}
	if (!any || s->ptr[i - 1] == '.')
		return false;
	*s = str_from(*s, i);
	return true;
}

static const struct unit *read_unit(struct str *s, const struct unit *units)
{
	size_t len = 0;

	while (len < s->len && s->ptr[len] != '.' && (s->ptr[len] < '0' || s->ptr[len] > '9'))
		len++;
	for (const struct unit *u = units; u->name; u++) {
		if (str_is(str_sub(*s, 0, len), u->name)) {
			*s = str_from(*s, len);
			return u;
		}
	}
	return NULL;
}

static bool add_scaled(int64_t *total, int64_t digits, int64_t scale, int64_t factor)
{
	__int128 sum = (__int128)digits * factor / scale + *total;

	if (sum > INT64_MAX / 2)
		return false;
	*total = (int64_t)sum;
	return true;
}

int duration_parse(struct str s, int64_t *ns, struct error *err)
{
	struct str rest = str_trim(s);
	bool negative = rest.len && rest.ptr[0] == '-';
	int64_t total = 0, digits, scale, last = INT64_MAX;

	if (negative)
		rest = str_from(rest, 1);
	if (!rest.len)
		return error_set(err, "duration expected, such as 500ms or 1m30s");
	do {
		if (!read_decimal(&rest, &digits, &scale))
			return error_set(
				err, "'%.*s' is not a duration such as 500ms or 1m30s", STR_ARG(s));
		if (!rest.len && digits == 0 && last == INT64_MAX)
			break;
		if (!rest.len)
			return error_set(err, "duration '%.*s' has no unit: write %.*ss or %.*sms",
				STR_ARG(s), STR_ARG(s), STR_ARG(s));
		const struct unit *unit = read_unit(&rest, duration_units);

		if (!unit)
			return error_set(
				err, "'%.*s' has an unknown unit (ns us ms s m h d)", STR_ARG(s));
		if (unit->factor >= last)
			return error_set(err, "'%.*s': units go from large to small", STR_ARG(s));
		last = unit->factor;
		if (!add_scaled(&total, digits, scale, unit->factor))
			return error_set(err, "duration '%.*s' is too long", STR_ARG(s));
	} while (rest.len);
	*ns = negative ? -total : total;
	return 0;
}

int size_parse(struct str s, uint64_t *bytes, struct error *err)
{
	struct str rest = str_trim(s);
	int64_t digits, scale, total = 0;

	if (!read_decimal(&rest, &digits, &scale))
		return error_set(err, "'%.*s' is not a size such as 64KiB or 1MB", STR_ARG(s));
	rest = str_trim(rest);
	const struct unit *unit = rest.len ? read_unit(&rest, size_units) : NULL;
	int64_t factor = unit ? unit->factor : 1;

	if (rest.len)
		return error_set(
			err, "'%.*s' has an unknown unit (B KiB MiB GiB kB MB GB)", STR_ARG(s));
	if (!add_scaled(&total, digits, scale, factor))
		return error_set(err, "size '%.*s' is too large", STR_ARG(s));
	*bytes = (uint64_t)total;
	return 0;
}

/* "1.25", "1.2", "1": at most two decimals, none that say nothing. */
static size_t print_scaled(char *out, size_t size, int64_t ns, int64_t unit, const char *name)
{
	int64_t hundredths = (ns * 100 + unit / 2) / unit;
	int len;

	if (hundredths % 100 == 0)
		len = snprintf(out, size, "%" PRId64 "%s", hundredths / 100, name);
	else if (hundredths % 10 == 0)
		len = snprintf(out, size, "%" PRId64 ".%" PRId64 "%s", hundredths / 100,
			hundredths / 10 % 10, name);
	else
		len = snprintf(out, size, "%" PRId64 ".%02" PRId64 "%s", hundredths / 100,
			hundredths % 100, name);
	return (size_t)len;
}

void duration_print(int64_t ns, char out[32])
{
	size_t at = 0;

	if (ns < 0) {
		out[at++] = '-';
		ns = ns == INT64_MIN ? INT64_MAX : -ns;
	}
	if (ns == 0) {
		snprintf(out + at, 32 - at, "0s");
	} else if (ns < NS_PER_US) {
		snprintf(out + at, 32 - at, "%" PRId64 "ns", ns);
	} else if (ns < NS_PER_MS) {
		print_scaled(out + at, 32 - at, ns, NS_PER_US, "us");
	} else if (ns < NS_PER_S) {
		print_scaled(out + at, 32 - at, ns, NS_PER_MS, "ms");
	} else if (ns < 60 * NS_PER_S) {
		print_scaled(out + at, 32 - at, ns, NS_PER_S, "s");
	} else {
		int64_t seconds = (ns + NS_PER_S / 2) / NS_PER_S;
		int64_t parts[] = {
			seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60};

		for (size_t i = 0; i < 4; i++)
			if (parts[i])
				at += (size_t)snprintf(
					out + at, 32 - at, "%" PRId64 "%c", parts[i], "dhms"[i]);
	}
}

void age_print(int64_t ns, char out[32])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	int64_t seconds = ns / NS_PER_S;
	size_t i = 0;

	/* Two of a unit at least before it is used: "34 hours" tells more than "1 day". */
	while (i + 1 < sizeof(units) / sizeof(*units) && seconds < 2 * units[i].seconds)
		i++;
	int64_t count = seconds > 0 ? seconds / units[i].seconds : 0;

	snprintf(out, 32, "%lld %s%s", (long long)count, units[i].name, count == 1 ? "" : "s");
}

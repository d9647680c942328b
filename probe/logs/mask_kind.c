/* What kind of word it is. */
#include "mask_private.h"

#define WORD (C_ALPHA | C_HOST)
const uint16_t mask_classes[256] = {
	[0 ... ' '] = C_BLANK,
	['0' ... '9'] = C_DIGIT | C_HEX | C_HOST,
	['A' ... 'F'] = WORD | C_HEX,
	['G' ... 'Z'] = WORD,
	['a' ... 'f'] = WORD | C_HEX,
	['g' ... 'z'] = WORD,
	['('] = C_OPEN | C_SPLIT | C_BREAK,
	['['] = C_OPEN | C_SPLIT,
	['{'] = C_OPEN | C_SPLIT | C_BREAK,
	['<'] = C_OPEN | C_SPLIT | C_BREAK,
	[')'] = C_CLOSE | C_SPLIT | C_BREAK,
	[']'] = C_CLOSE | C_SPLIT,
	['}'] = C_CLOSE | C_SPLIT | C_BREAK,
	['>'] = C_CLOSE | C_SPLIT | C_BREAK,
	[','] = C_CLOSE | C_SPLIT,
	[';'] = C_CLOSE | C_SPLIT,
	['"'] = C_OPEN | C_CLOSE | C_SPLIT | C_BREAK,
	['\''] = C_OPEN | C_CLOSE | C_SPLIT | C_BREAK,
	['`'] = C_OPEN | C_CLOSE | C_SPLIT,
	['='] = C_SPLIT | C_BREAK,
	['|'] = C_SPLIT | C_BREAK,
	[':'] = C_CLOSE | C_COLON,
	['!'] = C_CLOSE,
	['?'] = C_CLOSE,
	['.'] = C_CLOSE | C_HOST | C_DOT,
	['-'] = C_HOST | C_DASH,
	['@'] = C_AT,
	['/'] = C_PATH,
	['\\'] = C_PATH,
};
#undef WORD

bool mask_has_digit(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is(s.ptr[i], C_DIGIT))
			return true;
	return false;
}

bool mask_is_url(struct str s, unsigned any)
{
	size_t i = 0;

	if (!(any & C_PATH) || !(any & C_COLON))
		return false;
	while (i < s.len && i < 12 && is(s.ptr[i], C_ALPHA))
		i++;
	return i > 1 && i + 3 < s.len && memcmp(s.ptr + i, "://", 3) == 0;
}

/* What begins like a path: "/x", "~/", "\\x", "C:\". */
static bool begins_path(struct str s)
{
	if (s.ptr[0] == '/' && (is(s.ptr[1], C_ALPHA | C_DIGIT) || strchr("._~-", s.ptr[1])))
		return true;
	if ((s.ptr[0] == '~' && s.ptr[1] == '/') || (s.ptr[0] == '\\' && s.ptr[1] == '\\'))
		return true;
	return s.len > 2 && is(s.ptr[0], C_ALPHA) && s.ptr[1] == ':' && is(s.ptr[2], C_PATH);
}

bool mask_is_path(struct str s, unsigned any)
{
	size_t slashes = 0;

	if (s.len < 2 || !(any & C_PATH))
		return false;
	if (begins_path(s))
		return true;
	for (size_t i = 0; i < s.len; i++)
		slashes += s.ptr[i] == '/';
	return slashes >= 2;
}

static bool label_is(struct str label, const char *const *names)
{
	for (; *names; names++)
		if ((label.ptr[0] | 32) == **names && str_is_nocase(label, *names))
			return true;
	return false;
}

static bool is_country(struct str top)
{
	return top.len == 2 && is(top.ptr[0], C_ALPHA) && is(top.ptr[1], C_ALPHA);
}

/* A host name: labels with dots that end in a domain, and no package name turned around. */
static bool is_host(struct str s, bool port)
{
	static const char *const tops[] = {"com", "net", "org", "edu", "gov", "io", "local",
		"internal", "localdomain", "info", "localhost", "arpa", NULL};
	static const char *const packages[] = {"com", "net", "org", "edu", "gov", "io", "java",
		"javax", "sun", "jp", "de", "cn", NULL};
	size_t labels = 1, first = SIZE_MAX, last = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!is(s.ptr[i], C_HOST))
			return false;
		if (s.ptr[i] != '.')
			continue;
		labels++;
		if (first == SIZE_MAX)
			first = i;
		last = i + 1;
	}
	if (labels < 2 || first == 0 || last == s.len)
		return false;
	struct str head = str_sub(s, 0, first), top = str_from(s, last);

	if (label_is(head, packages))
		return false;
	if (label_is(top, tops))
		return true;
	/* A country, when the name cannot be one of a program's ("mapreduce.task.id"). */
	return labels >= 3 && is_country(top) &&
	       (port || mask_has_digit(s) || memchr(s.ptr, '-', s.len));
}

/* Host with a port: the port has been seen to be digits. */
static bool is_host_port(struct str s)
{
	size_t colon = s.len;

	while (colon > 0 && is(s.ptr[colon - 1], C_DIGIT))
		colon--;
	if (colon > 0 && colon < s.len && s.ptr[colon - 1] == ':')
		return is_host(str_sub(s, 0, colon - 1), true);
	return is_host(s, false);
}

static bool is_mail(struct str s)
{
	size_t at = str_find_char(s, '@');

	return at != SIZE_MAX && at > 0 && str_find_char(str_from(s, at), '.') != SIZE_MAX &&
	       str_find_char(str_from(s, at + 1), '@') == SIZE_MAX;
}

/* IPv6, MAC, UUID: hex digits in groups. */
static bool is_hex_groups(struct str s)
{
	size_t colons = 0, dashes = 0, group = 0, hex = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (is(s.ptr[i], C_HEX)) {
			hex++;
			if (++group > 12)
				return false;
			continue;
		}
		colons += s.ptr[i] == ':';
		dashes += s.ptr[i] == '-';
		if (s.ptr[i] != ':' && s.ptr[i] != '-')
			return false;
		group = 0;
	}
	return hex >= 3 && ((colons >= 2 && hex <= 32) || (dashes == 4 && hex == 32) ||
				   (dashes == 5 && hex == 12));
}

bool mask_is_value(struct str s, unsigned any)
{
	return mask_is_url(s, any) || mask_is_path(s, any) || (any & C_DOT && is_host_port(s)) ||
	       (any & C_AT && is_mail(s)) || (any & (C_COLON | C_DASH) && is_hex_groups(s));
}

/* It has a digit, or is a long hex number. A short name with one digit ("eth0", "IPv6") is a name;
 * many of them are found to vary later. */
size_t mask_run(struct str s, size_t from, bool *varies)
{
	unsigned all = C_HEX, class;
	size_t i = from, digits = 0;

	for (; i < s.len && (class = class_of(s.ptr[i])) & (C_ALPHA | C_DIGIT); i++) {
		digits += class & C_DIGIT;
		all &= class;
	}
	size_t len = i - from;
	bool name = digits == 1 && len >= 3 && len <= 6 && is(s.ptr[i - 1], C_DIGIT);

	*varies = !name && (digits > 0 || (all && len >= MASK_HEX_MIN));
	return i;
}

/* Many numbers in one word with nothing that parts names from values: "[2017-07-03_16,05,51]-x-03".
 */
bool mask_is_stamped(struct str s, unsigned any)
{
	size_t runs = 0;
	unsigned before = 0;

	if (!(any & C_DIGIT))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned class = class_of(s.ptr[i]);

		if (class & C_BREAK)
			return false;
		runs += class & ~before & C_DIGIT;
		before = class;
	}
	return runs >= 5;
}

bool mask_is_date_word(struct str w)
{
	static const char days[] = "MonTueWedThuFriSatSunJanFebMarAprMayJunJulAugSepOctNovDec";

	while (w.len > 3 && is(w.ptr[w.len - 1], C_CLOSE))
		w.len--;
	if (w.len != 3)
		return false;
	for (size_t i = 0; i + 3 < sizeof(days); i += 3)
		if (days[i] == w.ptr[0] && memcmp(days + i, w.ptr, 3) == 0)
			return true;
	return false;
}

/* Units of sizes and times that follow a number: "1.26 KB" is one value. */
bool mask_is_unit(struct str w)
{
	static const char firsts[] = "mshuMSHUKGTPkB";
	static const char *const times[] = {"ms", "msec", "sec", "secs", "second", "seconds", "min",
		"mins", "minute", "minutes", "hour", "hours", "millis", "milliseconds", "us", "s",
		NULL};

	if (!memchr(firsts, w.ptr[0], sizeof(firsts)))
		return false;
	while (w.len > 1 && is(w.ptr[w.len - 1], C_CLOSE))
		w.len--;
	if (label_is(w, times))
		return true;
	if (w.len == 1)
		return w.ptr[0] == 'B';
	if (w.len < 2 || w.len > 3 || (w.ptr[w.len - 1] != 'B'))
		return false;
	return strchr("KMGTPk", w.ptr[0]) && (w.len == 2 || w.ptr[1] == 'i');
}

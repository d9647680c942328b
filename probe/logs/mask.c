/* Masking: one pass over a line that replaces what varies. See CLUSTERING.md. */
#include "probe/cluster.h"

#include <ctype.h>

enum {
	C_DIGIT = 1,
	C_ALPHA = 2,
	C_HEX = 4,
	C_OPEN = 8,   /* may stand before a word */
	C_CLOSE = 16, /* may stand after it */
	C_SPLIT = 32, /* parts a word into segments */
	C_HOST = 64,  /* in host names */
	C_JOIN = 128, /* between the digits of one value */
};

static unsigned char classes[256];

__attribute__((constructor)) static void classes_init(void)
{
	for (int c = 'a'; c <= 'z'; c++)
		classes[c] = classes[c - 32] = C_ALPHA | C_HOST;
	for (int c = 'a'; c <= 'f'; c++) {
		classes[c] |= C_HEX;
		classes[c - 32] |= C_HEX;
	}
	for (int c = '0'; c <= '9'; c++)
		classes[c] = C_DIGIT | C_HEX | C_HOST;
	for (const char *p = "([{<\"'`"; *p; p++)
		classes[(unsigned char)*p] |= C_OPEN;
	for (const char *p = ")]}>\"'`,;:.!?"; *p; p++)
		classes[(unsigned char)*p] |= C_CLOSE;
	for (const char *p = "=()[]{}<>,;|\"'`"; *p; p++)
		classes[(unsigned char)*p] |= C_SPLIT;
	for (const char *p = ".-"; *p; p++)
		classes[(unsigned char)*p] |= C_HOST;
}

static bool is(char c, unsigned set)
{
	return classes[(unsigned char)c] & set;
}

/* The masked form as it grows. */
struct masker {
	char *out;
	size_t len, words;
	size_t word;      /* where the current word starts in out */
	bool last_bare;   /* the word before was nothing but a wildcard */
	bool last_number; /* ... and a plain number, so that a unit may follow */
	bool last_date;   /* the word before was a day or month */
	bool last_arrow;  /* the word before was "->" */
	bool last_user;   /* the word before was "user": a name follows */
};

static void put(struct masker *m, const char *text, size_t len)
{
	if (len > MASK_MAX - 1 - m->len)
		len = MASK_MAX - 1 - m->len;
	memcpy(m->out + m->len, text, len);
	m->len += len;
}

static void put_wild(struct masker *m)
{
	char wild = MASK_WILDCARD;

	/* A value of several parts is one value. */
	if (m->len > m->word && m->out[m->len - 1] == MASK_WILDCARD)
		return;
	put(m, &wild, 1);
}

/* Whether a finished word is a wildcard with at most punctuation around it. */
static bool word_bare(const struct masker *m)
{
	bool wild = false;

	for (size_t i = m->word; i < m->len; i++) {
		if (m->out[i] == MASK_WILDCARD)
			wild = true;
		else if (!is(m->out[i], C_OPEN | C_CLOSE) && m->out[i] != '-' && m->out[i] != '/' &&
			 m->out[i] != '#' && m->out[i] != '%')
			return false;
	}
	return wild;
}

/* "()" beside a value is the value left out. */
static bool word_empty(const struct masker *m)
{
	return m->len - m->word >= 2 && m->out[m->word] == '(' && m->out[m->word + 1] == ')';
}

/* Ends the current word. Runs of wildcards become one. */
static void word_end(struct masker *m)
{
	if (m->len == m->word)
		return;
	bool bare = word_bare(m);

	if (m->last_bare && (bare || word_empty(m))) {
		m->len = m->word;
		return;
	}
	m->last_bare = bare;
	put(m, " ", 1);
	m->word = m->len;
	m->words++;
}

static bool has_digit(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is(s.ptr[i], C_DIGIT))
			return true;
	return false;
}

static bool starts_url(struct str s)
{
	size_t i = 0;

	while (i < s.len && i < 12 && is(s.ptr[i], C_ALPHA))
		i++;
	return i > 1 && i + 3 < s.len && memcmp(s.ptr + i, "://", 3) == 0;
}

static bool is_path(struct str s)
{
	size_t slashes = 0;

	if (s.len < 2)
		return false;
	if ((s.ptr[0] == '/' && (is(s.ptr[1], C_ALPHA | C_DIGIT) || strchr("._~-", s.ptr[1]))) ||
		(s.ptr[0] == '~' && s.ptr[1] == '/') || (s.ptr[0] == '\\' && s.ptr[1] == '\\'))
		return true;
	if (s.len > 2 && is(s.ptr[0], C_ALPHA) && s.ptr[1] == ':' &&
		(s.ptr[2] == '\\' || s.ptr[2] == '/'))
		return true;
	for (size_t i = 0; i < s.len; i++)
		slashes += s.ptr[i] == '/';
	return slashes >= 2;
}

static bool label_is(struct str label, const char *const *names)
{
	for (; *names; names++)
		if (str_is_nocase(label, *names))
			return true;
	return false;
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
	return labels >= 3 && top.len == 2 && is(top.ptr[0], C_ALPHA) && is(top.ptr[1], C_ALPHA) &&
	       (port || has_digit(s) || str_find_char(s, '-') != SIZE_MAX);
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

/* A run of letters and digits that is a value: it has a digit, or is a long hex number. A short
 * name with one digit ("eth0", "IPv6") is a name; many of them are found to vary later. */
static bool run_varies(struct str s)
{
	bool hex = true;
	size_t digits = 0;

	for (size_t i = 0; i < s.len; i++) {
		digits += is(s.ptr[i], C_DIGIT);
		hex = hex && is(s.ptr[i], C_HEX);
	}
	if (digits == 1 && s.len >= 3 && s.len <= 6 && is(s.ptr[s.len - 1], C_DIGIT))
		return false;
	return digits > 0 || (hex && s.len >= 8);
}

/* From the first varying run to the last: "attempt_1445_0020_m_000000_0" is attempt_<*>. */
static void put_digits(struct masker *m, struct str s)
{
	size_t from = SIZE_MAX, to = 0;

	for (size_t i = 0; i < s.len;) {
		size_t start = i;

		while (i < s.len && is(s.ptr[i], C_ALPHA | C_DIGIT))
			i++;
		if (i > start && run_varies(str_sub(s, start, i - start))) {
			if (from == SIZE_MAX)
				from = start;
			to = i;
		}
		if (i == start)
			i++;
	}
	if (from == SIZE_MAX) {
		put(m, s.ptr, s.len);
		return;
	}
	/* A sign belongs to the number. */
	if (from > 0 && (s.ptr[from - 1] == '-' || s.ptr[from - 1] == '+') &&
		(from == 1 || !is(s.ptr[from - 2], C_ALPHA)))
		from--;
	put(m, s.ptr, from);
	put_wild(m);
	put(m, s.ptr + to, s.len - to);
}

/* Many numbers in one word with nothing that parts names from values: "[2017-07-03_16,05,51]-x-03".
 */
static bool is_stamped(struct str s)
{
	size_t runs = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (strchr("=(){}<>\"'|", s.ptr[i]))
			return false;
		runs += is(s.ptr[i], C_DIGIT) && (i == 0 || !is(s.ptr[i - 1], C_DIGIT));
	}
	return runs >= 5;
}

/* Such a word is one value, with the ending of the file that it mostly names. */
static void put_stamped(struct masker *m, struct str s)
{
	size_t end = s.len;

	while (end > 0 && is(s.ptr[end - 1], C_ALPHA))
		end--;
	put_digits(m, end > 1 && s.ptr[end - 1] == '.' ? str_sub(s, 0, end - 1) : s);
}

/* A segment without separators. */
static void put_segment(struct masker *m, struct str s)
{
	if (s.len == 0)
		return;
	if (starts_url(s) || is_path(s) || is_host_port(s) || is_mail(s) || is_hex_groups(s)) {
		put_wild(m);
		return;
	}
	/* "name:value" are two words, so that the value can vary alone. */
	size_t colon = str_find_char(s, ':');

	if (colon != SIZE_MAX && colon > 0 && colon + 1 < s.len && !is(s.ptr[0], C_DIGIT) &&
		s.ptr[colon + 1] != ':' && !has_digit(str_sub(s, 0, colon))) {
		put(m, s.ptr, colon + 1);
		word_end(m);
		put_segment(m, str_from(s, colon + 1));
		return;
	}
	put_digits(m, s);
}

/* Only letters, and punctuation after them: most words. */
static bool is_plain(struct str w)
{
	size_t i = 0, hex = 0;

	while (i < w.len && is(w.ptr[i], C_ALPHA))
		hex += is(w.ptr[i++], C_HEX);
	if (hex == i && i >= 8)
		return false;
	while (i < w.len && is(w.ptr[i], C_CLOSE) && !is(w.ptr[i], C_OPEN))
		i++;
	return i == w.len;
}

/* "name=value", but not the query of a path. */
static bool has_value(struct str s)
{
	return str_find_char(s, '=') < str_find_char(s, '?');
}

/* One word: what stands around it stays, segments are masked, a value after '=' is its own word. */
static void put_word(struct masker *m, struct str w)
{
	size_t from = 0, to = w.len;

	if (is_plain(w)) {
		put(m, w.ptr, w.len);
		return;
	}
	while (from < to && is(w.ptr[from], C_OPEN))
		from++;
	/* "<1 sec" is an amount of time like "5 sec". */
	if (from == 1 && w.ptr[0] == '<' && w.len > 1 && is(w.ptr[1], C_DIGIT))
		w = str_from(w, from--), to--;
	while (to > from && is(w.ptr[to - 1], C_CLOSE))
		to--;
	struct str core = str_sub(w, from, to - from);

	put(m, w.ptr, from);
	if (starts_url(core) || (is_path(core) && !has_value(core))) {
		put_wild(m);
		put(m, w.ptr + to, w.len - to);
		return;
	}
	if (is_stamped(core)) {
		put_stamped(m, core);
		put(m, w.ptr + to, w.len - to);
		return;
	}
	for (size_t i = 0, start = 0; i <= core.len; i++) {
		if (i < core.len && !is(core.ptr[i], C_SPLIT))
			continue;
		put_segment(m, str_sub(core, start, i - start));
		if (i < core.len) {
			put(m, core.ptr + i, 1);
			if (core.ptr[i] == '=')
				word_end(m);
		}
		start = i + 1;
	}
	put(m, w.ptr + to, w.len - to);
}

static bool is_date_word(struct str w)
{
	static const char days[] = "MonTueWedThuFriSatSunJanFebMarAprMayJunJulAugSepOctNovDec";

	while (w.len > 3 && is(w.ptr[w.len - 1], C_CLOSE))
		w.len--;
	if (w.len != 3)
		return false;
	for (size_t i = 0; i + 3 < sizeof(days); i += 3)
		if (memcmp(days + i, w.ptr, 3) == 0)
			return true;
	return false;
}

/* Units of sizes and times that follow a number: "1.26 KB" is one value. */
static bool is_unit(struct str w)
{
	static const char *const times[] = {"ms", "msec", "sec", "secs", "second", "seconds", "min",
		"mins", "minute", "minutes", "hour", "hours", "millis", "milliseconds", "us", "s",
		NULL};

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

/* Takes a unit into the number before it, keeping what closes after the unit. */
static void absorb_unit(struct masker *m, struct str w)
{
	size_t unit = w.len;

	while (unit > 1 && is(w.ptr[unit - 1], C_CLOSE))
		unit--;
	m->len--; /* the blank */
	put(m, w.ptr + unit, w.len - unit);
	put(m, " ", 1);
	m->word = m->len;
}

/* What follows the name of a day or month in a date. */
static bool dated(struct str next)
{
	return next.len > 0 && (is(next.ptr[0], C_DIGIT) || is_date_word(next));
}

static void mask_word(struct masker *m, struct str w, struct str next)
{
	if (m->last_number && is_unit(w)) {
		absorb_unit(m, w);
		m->last_number = false;
		return;
	}
	bool date = is_date_word(w) && (m->last_bare || m->last_date || dated(next)),
	     user = m->last_user;

	m->last_user = !user && str_is_nocase(w, "user");
	if (date || (user && is(w.ptr[0], C_ALPHA))) {
		put_wild(m);
		word_end(m);
		m->last_number = false;
		m->last_date = date;
		return;
	}
	size_t before = m->len;
	bool status = m->last_arrow && w.len == 3 && is(w.ptr[0], C_DIGIT);

	m->last_arrow = w.len == 2 && memcmp(w.ptr, "->", 2) == 0;
	/* The status of a request ("GET /x -> 503") is what it is about. */
	if (status) {
		put(m, w.ptr, w.len);
		word_end(m);
		return;
	}
	put_word(m, w);
	word_end(m);
	m->last_number = m->len > before && m->last_bare && is(w.ptr[w.len - 1], C_DIGIT);
	m->last_date = false;
}

/* Where the next word ends; skips colours. Controls count as blanks. */
static struct str next_word(struct str text, size_t *pos)
{
	size_t i = *pos;

	while (i < text.len && (unsigned char)text.ptr[i] <= ' ') {
		if (text.ptr[i] == '\x1b' && i + 1 < text.len && text.ptr[i + 1] == '[') {
			i += 2;
			while (i < text.len && !is(text.ptr[i], C_ALPHA))
				i++;
		}
		i += i < text.len;
	}
	size_t start = i;

	while (i < text.len && (unsigned char)text.ptr[i] > ' ')
		i++;
	*pos = i;
	return str_sub(text, start, i - start);
}

size_t mask_text(struct str text, char out[MASK_MAX])
{
	struct masker m = {.out = out};

	if (text.len > MASK_TEXT_MAX) {
		/* Without the word that is cut. */
		text.len = MASK_TEXT_MAX;
		while (text.len > MASK_TEXT_MAX / 2 && (unsigned char)text.ptr[text.len - 1] > ' ')
			text.len--;
	}
	size_t pos = 0;

	for (struct str w = next_word(text, &pos); w.len && m.words < MASK_WORDS_MAX;) {
		struct str next = next_word(text, &pos);

		mask_word(&m, w, next);
		w = next;
	}
	return m.len > 0 && out[m.len - 1] == ' ' ? m.len - 1 : m.len;
}

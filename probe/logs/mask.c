/* Masking: one pass over a line that replaces what varies. See CLUSTERING.md. */
#include "probe/cluster.h"

#include "mask_private.h"

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

/* A word and what it consists of. */
struct word {
	struct str text;
	size_t letters;    /* in front */
	unsigned any, all; /* classes that any or all of the bytes behind them have; no byte: all */
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

static void word_close(struct masker *m, bool bare)
{
	m->last_bare = bare;
	put(m, " ", 1);
	m->word = m->len;
	m->words++;
}

/* Ends the current word. Runs of wildcards become one. */
static void word_end(struct masker *m)
{
	if (m->len == m->word)
		return;
	bool bare = word_bare(m);

	if (m->last_bare && (bare || word_empty(m)))
		m->len = m->word;
	else
		word_close(m, bare);
}

/* From the first varying run to the last: "attempt_1445_0020_m_000000_0" is attempt_<*>. */
static void put_digits(struct masker *m, struct str s)
{
	size_t from = SIZE_MAX, to = 0;

	for (size_t start = 0; start < s.len;) {
		bool varies;
		size_t end = mask_run(s, start, &varies);

		if (varies) {
			if (from == SIZE_MAX)
				from = start;
			to = end;
		}
		start = end + 1; /* what ends a run is in none */
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

/* Such a word is one value, with the ending of the file that it mostly names. */
static void put_stamped(struct masker *m, struct str s)
{
	size_t end = s.len;

	while (end > 0 && is(s.ptr[end - 1], C_ALPHA))
		end--;
	put_digits(m, end > 1 && s.ptr[end - 1] == '.' ? str_sub(s, 0, end - 1) : s);
}

/* A segment without separators. */
static void put_segment(struct masker *m, struct str s, unsigned any)
{
	if (s.len == 0)
		return;
	if (mask_is_value(s, any)) {
		put_wild(m);
		return;
	}
	if (!(any & (C_DIGIT | C_COLON)) && s.len < MASK_HEX_MIN) {
		put(m, s.ptr, s.len);
		return;
	}
	/* "name:value" are two words, so that the value can vary alone. */
	size_t colon = any & C_COLON ? str_find_char(s, ':') : SIZE_MAX;

	if (colon != SIZE_MAX && colon > 0 && colon + 1 < s.len && !is(s.ptr[0], C_DIGIT) &&
		s.ptr[colon + 1] != ':' && !mask_has_digit(str_sub(s, 0, colon))) {
		put(m, s.ptr, colon + 1);
		word_end(m);
		put_segment(m, str_from(s, colon + 1), any);
		return;
	}
	put_digits(m, s);
}

/* "name=value", but not the query of a path. */
static bool has_value(struct str s)
{
	return str_find_char(s, '=') < str_find_char(s, '?');
}

/* The parts of a word; a value after '=' is its own word. */
static void put_segments(struct masker *m, struct str core)
{
	unsigned any = 0;

	for (size_t i = 0, start = 0; i <= core.len; i++) {
		unsigned class = i < core.len ? class_of(core.ptr[i]) : C_SPLIT;

		any |= class;
		if (!(class & C_SPLIT))
			continue;
		put_segment(m, str_sub(core, start, i - start), any);
		if (i < core.len) {
			put(m, core.ptr + i, 1);
			if (core.ptr[i] == '=')
				word_end(m);
		}
		start = i + 1;
		any = 0;
	}
}

static void put_core(struct masker *m, struct str core, unsigned any)
{
	if (mask_is_url(core, any) || (mask_is_path(core, any) && !has_value(core)))
		put_wild(m);
	else if (mask_is_stamped(core, any))
		put_stamped(m, core);
	else if (any & C_SPLIT)
		put_segments(m, core);
	else
		put_segment(m, core, any);
}

static bool is_hex(struct str letters)
{
	size_t i = 0;

	if (letters.len < MASK_HEX_MIN)
		return false;
	while (i < letters.len && is(letters.ptr[i], C_HEX))
		i++;
	return i == letters.len;
}

/* Only letters, and punctuation after them: most words. */
static bool is_plain(const struct word *w)
{
	return w->all & C_CLOSE && !(w->any & C_OPEN) && !is_hex(str_sub(w->text, 0, w->letters));
}

static bool is_number(const struct word *w)
{
	return w->letters == 0 && w->all & C_DIGIT;
}

/* One word: what stands around it stays. */
static void put_word(struct masker *m, const struct word *word)
{
	struct str w = word->text;
	size_t from = 0, to = w.len;

	while (from < to && is(w.ptr[from], C_OPEN))
		from++;
	/* "<1 sec" is an amount of time like "5 sec". */
	if (from == 1 && w.ptr[0] == '<' && w.len > 1 && is(w.ptr[1], C_DIGIT))
		w = str_from(w, from--), to--;
	while (to > from && is(w.ptr[to - 1], C_CLOSE))
		to--;
	put(m, w.ptr, from);
	put_core(m, str_sub(w, from, to - from), word->any);
	put(m, w.ptr + to, w.len - to);
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

static bool is_capital(char letter)
{
	return !(letter & 32);
}

static bool is_date(const struct word *w)
{
	return w->letters == 3 && is_capital(w->text.ptr[0]) && mask_is_date_word(w->text);
}

/* What follows the name of a day or month in a date. */
static bool dated(const struct word *next)
{
	return next->text.len > 0 && (is(next->text.ptr[0], C_DIGIT) || is_date(next));
}

/* A date's word, or the name of a user: a wildcard whatever it looks like. */
static bool is_known_value(struct masker *m, const struct word *w, const struct word *next)
{
	bool date = is_date(w) && (m->last_bare || m->last_date || dated(next)),
	     user = m->last_user && w->letters > 0;

	m->last_user = !m->last_user && w->letters == 4 && (w->text.ptr[0] | 32) == 'u' &&
		       str_is_nocase(w->text, "user");
	m->last_date = date;
	return date || user;
}

/* The status of a request ("GET /x -> 503") is what it is about. */
static bool is_status(struct masker *m, struct str w)
{
	bool status = m->last_arrow && w.len == 3 && is(w.ptr[0], C_DIGIT);

	m->last_arrow = w.len == 2 && memcmp(w.ptr, "->", 2) == 0;
	return status;
}

static void mask_word(struct masker *m, const struct word *w, const struct word *next)
{
	bool number = m->last_number;
	size_t before = m->len;
	struct str text = w->text;

	m->last_number = false;
	if (number && mask_is_unit(text)) {
		absorb_unit(m, text);
	} else if (is_known_value(m, w, next)) {
		put_wild(m);
		word_end(m);
	} else if (is_status(m, text) || is_plain(w)) {
		put(m, text.ptr, text.len);
		if (m->len > m->word)
			word_close(m, false);
	} else {
		if (is_number(w))
			put_wild(m);
		else
			put_word(m, w);
		word_end(m);
		m->last_number =
			m->len > before && m->last_bare && is(text.ptr[text.len - 1], C_DIGIT);
	}
}

/* Skips colours. Controls count as blanks. */
static size_t skip_blanks(struct str text, size_t i)
{
	while (i < text.len && is(text.ptr[i], C_BLANK)) {
		if (text.ptr[i] == '\x1b' && i + 1 < text.len && text.ptr[i + 1] == '[') {
			i += 2;
			while (i < text.len && !is(text.ptr[i], C_ALPHA))
				i++;
		}
		i += i < text.len;
	}
	return i;
}

/* Most words are letters: nothing else is done for each byte of a line. */
static size_t skip_letters(struct str text, size_t i)
{
	for (; text.len - i >= 16; i += 16) {
		unsigned others = other_bits(text.ptr + i);

		if (others)
			return i + (unsigned)__builtin_ctz(others);
	}
	while (i < text.len && is(text.ptr[i], C_ALPHA))
		i++;
	return i;
}

static void next_word(struct str text, size_t *pos, struct word *w)
{
	size_t start = skip_blanks(text, *pos), i = skip_letters(text, start);
	unsigned class, any = 0, all = ~0u;

	w->letters = i - start;
	for (; i < text.len && !((class = class_of(text.ptr[i])) & C_BLANK); i++) {
		any |= class;
		all &= class;
	}
	w->any = any;
	w->all = all;
	w->text = (struct str){text.ptr + start, i - start};
	*pos = i;
}

size_t mask_text(struct str text, char out[MASK_MAX])
{
	struct masker m = {.out = out};
	struct word words[2];
	size_t pos = 0;

	if (text.len > MASK_TEXT_MAX) {
		/* Without the word that is cut. */
		text.len = MASK_TEXT_MAX;
		while (text.len > MASK_TEXT_MAX / 2 && !is(text.ptr[text.len - 1], C_BLANK))
			text.len--;
	}
	next_word(text, &pos, &words[0]);
	for (size_t i = 0; words[i & 1].text.len && m.words < MASK_WORDS_MAX; i++) {
		next_word(text, &pos, &words[~i & 1]);
		mask_word(&m, &words[i & 1], &words[~i & 1]);
	}
	return m.len > 0 && out[m.len - 1] == ' ' ? m.len - 1 : m.len;
}

#include "report_text.h"

#include <inttypes.h>
#include <string.h>

#include "probe/clock.h"

struct range {
	uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else if (code < ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

#define IN(ranges, code) in_ranges(ranges, sizeof(ranges) / sizeof(*(ranges)), code)

/* What could reorder, hide or end the text around it (Unicode TR 36): direction marks, line and
 * paragraph separators, invisible operators, tags, and what is no character at all. */
static bool code_acts(uint32_t code)
{
	static const struct range acting[] = {
		{0x00, 0x1F},
		{0x7F, 0x9F},
		{0xAD, 0xAD},
		{0x61C, 0x61C},
		{0x180E, 0x180E},
		{0x200B, 0x200B},
		{0x200E, 0x200F},
		{0x2028, 0x202E},
		{0x2060, 0x206F},
		{0xFEFF, 0xFEFF},
		{0xFFF9, 0xFFFB},
		{0xFFFE, 0xFFFF},
		{0xE0000, 0xE007F},
	};

	return IN(acting, code);
}

static void add_word(struct buf *out, uint32_t code)
{
	switch (code) {
	case '\n': buf_add(out, "\\n", 2); break;
	case '\r': buf_add(out, "\\r", 2); break;
	case '\t': buf_add(out, "\\t", 2); break;
	default:
		if (code < 0x100)
			buf_printf(out, "\\x%02" PRIx32, code);
		else
			buf_printf(out, "\\u%04" PRIx32, code);
	}
}

/* Reports are printed in CI too, where a line that begins with "::" or holds "##[" commands the
 * runner of GitHub Actions. */
static bool commands_runner(struct str s, size_t at, bool line_start)
{
	struct str rest = str_from(s, at);

	return (line_start && str_starts(rest, "::")) || str_starts(rest, "##[");
}

static void clean_code(struct buf *out, struct str bytes, uint32_t code, bool commands)
{
	if (code == 0xFFFD)
		buf_add(out, "\xEF\xBF\xBD", 3);
	else if (code_acts(code) || commands)
		add_word(out, code);
	else
		buf_add_str(out, bytes);
}

void text_clean(struct buf *out, struct str s, bool lines)
{
	bool line_start = lines;

	for (size_t pos = 0; pos < s.len;) {
		size_t start = pos;
		uint32_t code = utf8_next(s, &pos);

		if (lines && code == '\n')
			buf_add_char(out, '\n');
		else if (lines && code == '\t')
			buf_add(out, "    ", 4);
		else if (lines && code == '\r' && pos < s.len && s.ptr[pos] == '\n')
			continue;
		else
			clean_code(out, str_sub(s, start, pos - start), code,
				commands_runner(s, start, line_start));
		line_start =
			lines && (code == '\n' || (line_start && (code == ' ' || code == '\t')));
	}
}

const char *text_clean_in(struct arena *arena, const char *text, bool lines)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	text_clean(&b, str_of(text), lines);
	return arena_str(arena, buf_str(&b)).ptr;
}

/* Unicode 15, general categories Mn and Me and joiners, coarse: what a terminal draws over the
 * character before. */
static bool code_is_mark(uint32_t code)
{
	static const struct range marks[] = {
		{0x300, 0x36F},
		{0x483, 0x489},
		{0x591, 0x5BD},
		{0x5BF, 0x5BF},
		{0x5C1, 0x5C2},
		{0x5C4, 0x5C5},
		{0x5C7, 0x5C7},
		{0x610, 0x61A},
		{0x64B, 0x65F},
		{0x670, 0x670},
		{0x6D6, 0x6DC},
		{0x6DF, 0x6E4},
		{0x6E7, 0x6E8},
		{0x6EA, 0x6ED},
		{0x711, 0x711},
		{0x730, 0x74A},
		{0x7A6, 0x7B0},
		{0x816, 0x82D},
		{0x8D3, 0x902},
		{0x93A, 0x93A},
		{0x93C, 0x93C},
		{0x941, 0x948},
		{0x94D, 0x94D},
		{0xE31, 0xE31},
		{0xE34, 0xE3A},
		{0xE47, 0xE4E},
		{0xEB1, 0xEB1},
		{0xEB4, 0xEBC},
		{0xEC8, 0xECD},
		{0x1AB0, 0x1AFF},
		{0x1DC0, 0x1DFF},
		{0x200C, 0x200D},
		{0x20D0, 0x20F0},
		{0x302A, 0x302D},
		{0x3099, 0x309A},
		{0xFE00, 0xFE0F},
		{0xFE20, 0xFE2F},
		{0x1F3FB, 0x1F3FF},
		{0xE0100, 0xE01EF},
	};

	return IN(marks, code);
}

static bool code_is_wide(uint32_t code)
{
	static const struct range wide[] = {
		{0x1100, 0x115F},
		{0x231A, 0x231B},
		{0x2329, 0x232A},
		{0x23E9, 0x23EC},
		{0x23F0, 0x23F0},
		{0x23F3, 0x23F3},
		{0x25FD, 0x25FE},
		{0x2614, 0x2615},
		{0x2648, 0x2653},
		{0x267F, 0x267F},
		{0x2693, 0x2693},
		{0x26A1, 0x26A1},
		{0x26AA, 0x26AB},
		{0x26BD, 0x26BE},
		{0x26C4, 0x26C5},
		{0x26CE, 0x26CE},
		{0x26D4, 0x26D4},
		{0x26EA, 0x26EA},
		{0x26F2, 0x26F3},
		{0x26F5, 0x26F5},
		{0x26FA, 0x26FA},
		{0x26FD, 0x26FD},
		{0x2705, 0x2705},
		{0x270A, 0x270B},
		{0x2728, 0x2728},
		{0x274C, 0x274C},
		{0x274E, 0x274E},
		{0x2753, 0x2755},
		{0x2757, 0x2757},
		{0x2795, 0x2797},
		{0x27B0, 0x27B0},
		{0x27BF, 0x27BF},
		{0x2B1B, 0x2B1C},
		{0x2B50, 0x2B50},
		{0x2B55, 0x2B55},
		{0x2E80, 0x303E},
		{0x3041, 0x33FF},
		{0x3400, 0x4DBF},
		{0x4E00, 0x9FFF},
		{0xA000, 0xA4CF},
		{0xA960, 0xA97F},
		{0xAC00, 0xD7A3},
		{0xF900, 0xFAFF},
		{0xFE10, 0xFE19},
		{0xFE30, 0xFE6F},
		{0xFF01, 0xFF60},
		{0xFFE0, 0xFFE6},
		{0x16FE0, 0x18AFF},
		{0x1B000, 0x1B2FF},
		{0x1F004, 0x1F004},
		{0x1F0CF, 0x1F0CF},
		{0x1F18E, 0x1F18E},
		{0x1F191, 0x1F19A},
		{0x1F200, 0x1F320},
		{0x1F32D, 0x1F335},
		{0x1F337, 0x1F37C},
		{0x1F37E, 0x1F393},
		{0x1F3A0, 0x1F3CA},
		{0x1F3CF, 0x1F3D3},
		{0x1F3E0, 0x1F3F0},
		{0x1F3F4, 0x1F3F4},
		{0x1F3F8, 0x1F43E},
		{0x1F440, 0x1F440},
		{0x1F442, 0x1F4FC},
		{0x1F4FF, 0x1F53D},
		{0x1F54B, 0x1F54E},
		{0x1F550, 0x1F567},
		{0x1F57A, 0x1F57A},
		{0x1F595, 0x1F596},
		{0x1F5A4, 0x1F5A4},
		{0x1F5FB, 0x1F64F},
		{0x1F680, 0x1F6C5},
		{0x1F6CC, 0x1F6CC},
		{0x1F6D0, 0x1F6D2},
		{0x1F6D5, 0x1F6D7},
		{0x1F6EB, 0x1F6EC},
		{0x1F6F4, 0x1F6FC},
		{0x1F7E0, 0x1F7EB},
		{0x1F90C, 0x1F93A},
		{0x1F93C, 0x1F945},
		{0x1F947, 0x1F9FF},
		{0x1FA70, 0x1FAFF},
		{0x20000, 0x2FFFD},
		{0x30000, 0x3FFFD},
	};

	return IN(wide, code);
}

static unsigned code_width(uint32_t code)
{
	if (code < 0x300)
		return 1;
	return code_is_mark(code) ? 0 : code_is_wide(code) ? 2 : 1;
}

unsigned text_width(struct str s)
{
	unsigned width = 0;

	for (size_t pos = 0; pos < s.len;)
		width += code_width(utf8_next(s, &pos));
	return width;
}

struct str text_cut(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max && ((unsigned char)s.ptr[max] & 0xC0) == 0x80)
		max--;
	return str_sub(s, 0, max);
}

struct str text_cut_columns(struct str s, unsigned columns)
{
	unsigned width = 0;
	size_t end = 0;

	for (size_t pos = 0; pos < s.len; end = pos) {
		width += code_width(utf8_next(s, &pos));
		if (width > columns && end)
			break;
	}
	return str_sub(s, 0, end);
}

void text_count(char out[64], int64_t count, const char *one, const char *many)
{
	char digits[24], grouped[32];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRId64, count < 0 ? 0 : count);
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			grouped[at++] = ',';
		grouped[at++] = digits[i];
	}
	grouped[at] = '\0';
	snprintf(out, 64, "%s %s", grouped, count == 1 ? one : many);
}

void text_took(char out[32], int64_t ns)
{
	if (ns == TIME_NONE)
		snprintf(out, 32, "-");
	else if (ns < 10 * NS_PER_MS)
		snprintf(out, 32, "%.1fms", (double)ns / NS_PER_MS);
	else if (ns < 1000 * NS_PER_MS - NS_PER_MS / 2)
		snprintf(out, 32, "%.0fms", (double)ns / NS_PER_MS);
	else if (ns < 10 * NS_PER_S)
		snprintf(out, 32, "%.2fs", (double)ns / NS_PER_S);
	else if (ns < 120 * NS_PER_S)
		snprintf(out, 32, "%.1fs", (double)ns / NS_PER_S);
	else
		snprintf(out, 32, "%" PRId64 "m%02" PRId64 "s", ns / (60 * NS_PER_S),
			ns / NS_PER_S % 60);
}

void text_size(char out[32], int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 999.5 && unit + 1 < sizeof(units) / sizeof(*units)) {
		size /= 1000;
		unit++;
	}
	snprintf(out, 32, unit && size < 9.95 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

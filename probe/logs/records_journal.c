/*
 * The export format of journald (systemd.io/JOURNAL_EXPORT_FORMATS): "NAME=value" lines, an empty line
 * between entries; a value with line ends in it as "NAME", its length in eight bytes, and its bytes.
 */
#include "records.h"

enum { LENGTH_MAX = 64 << 20 };

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') &&
			!(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '_')
			return false;
	return s.len > 0 && s.len <= 64;
}

static bool begins(struct str head)
{
	return str_starts(head, "__CURSOR=") || str_starts(head, "__REALTIME_TIMESTAMP=");
}

/* The name of a field that holds line ends; eight bytes of length follow. */
static void begin_binary(struct records *r, struct str name)
{
	buf_clear(&r->names);
	buf_add_str(&r->names, name);
	buf_clear(&r->text);
	r->raw = 8;
	r->begun = true;
}

/* The length, little endian, then the bytes and a line end. */
static void raw(struct records *r)
{
	struct str bytes = buf_str(&r->text);

	if (r->begun) {
		for (size_t i = bytes.len; i > 0; i--)
			r->raw = r->raw << 8 | (unsigned char)bytes.ptr[i - 1];
		/* No journal has such; what follows are lines again. */
		r->raw = r->raw < LENGTH_MAX ? r->raw + 1 : 0;
		r->raw_len = r->raw;
		r->begun = false;
	} else {
		record_field(
			r, buf_str(&r->names), str_sub(bytes, 0, (size_t)r->raw_len - 1), false);
	}
	buf_clear(&r->text);
}

static void line(struct records *r, struct str text)
{
	size_t equals = str_find_char(text, '=');
	struct str name = str_sub(text, 0, equals);

	if (text.len == 0) {
		record_done(r);
	} else if (equals != SIZE_MAX && is_name(name)) {
		struct str value = str_from(text, equals + 1);

		record_field(r, name, value, false);
	} else if (is_name(text)) {
		begin_binary(r, text);
	}
}

static void end(struct records *r)
{
	record_done(r);
}

const struct record_kind records_journal = {begins, line, raw, end};

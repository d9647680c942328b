/*
 * Masks a run: once, as a whole, before anything shows it. Masking comes before cutting, so that a
 * secret that straddles the cut is seen whole.
 */
#include "probe/run.h"

#include "probe/json.h"

struct masker {
	const struct redactor *redactor;
	struct arena *arena;
};

/* At most RUN_TEXT_MAX bytes, not splitting a code point; what is cut ends in an ellipsis. */
static struct str cut(const struct masker *m, struct str s)
{
	static const char ellipsis[] = "\xE2\x80\xA6";
	size_t keep = RUN_TEXT_MAX - (sizeof(ellipsis) - 1);

	if (s.len <= RUN_TEXT_MAX)
		return s;
	while (keep && ((unsigned char)s.ptr[keep] & 0xC0) == 0x80)
		keep--;
	return arena_str(
		m->arena, str_of(arena_printf(m->arena, "%.*s%s", (int)keep, s.ptr, ellipsis)));
}

static struct str mask_str(const struct masker *m, struct str s)
{
	/* A text that fills the record was itself cut when it was recorded. */
	return s.ptr ? cut(m, redact(m->redactor, m->arena, str_sub(s, 0, RUN_TEXT_KEPT),
				      s.len >= RUN_TEXT_KEPT))
		     : s;
}

static void mask_text(const struct masker *m, const char **text)
{
	if (*text)
		*text = arena_str(m->arena, mask_str(m, str_of(*text))).ptr;
}

static void mask_strs(const struct masker *m, struct strs *strs)
{
	for (size_t i = 0; i < strs->count; i++)
		strs->items[i] = mask_str(m, strs->items[i]);
}

/* What is left of a number that is a secret, or too long to be shown whole, is none: it is a text. */
static struct value mask_number(const struct masker *m, const struct value *v)
{
	struct str text = value_to_str(m->arena, v), shown = mask_str(m, text);

	return str_equal(shown, text) ? *v : value_string(shown);
}

static struct value mask_value(const struct masker *m, const struct value *v)
{
	struct value out = *v;

	switch (v->type) {
	case VALUE_STRING: out.string = mask_str(m, v->string); break;
	case VALUE_INTEGER:
	case VALUE_NUMBER:
	case VALUE_BIGNUM: out = mask_number(m, v); break;
	case VALUE_ARRAY:
		out = value_array();
		for (size_t i = 0; i < v->array.count; i++)
			value_push(m->arena, &out, mask_value(m, &v->array.items[i]));
		break;
	case VALUE_OBJECT:
		out = value_object();
		for (size_t i = 0; i < v->object.count; i++)
			value_set(m->arena, &out, mask_str(m, v->object.members[i].key),
				mask_value(m, &v->object.members[i].value));
		break;
	default: break;
	}
	return out;
}

/* A list or map whose JSON is longer than a text may be is shown as the beginning of that JSON. */
static struct value mask_shown(const struct masker *m, const struct value *v)
{
	BUF_SCOPED struct buf json = {0};

	if (v->type < VALUE_ARRAY)
		return mask_value(m, v);
	buf_init(&json, RUN_TEXT_KEPT);
	json_print(&json, v);
	if (json.len <= RUN_TEXT_MAX)
		return mask_value(m, v);
	return value_string(arena_str(m->arena, mask_str(m, buf_str(&json))));
}

/* Values of these headers are credentials, whatever they hold. */
static bool header_is_secret(struct str name)
{
	static const char *const secret[] = {
		"authorization", "proxy-authorization", "cookie", "set-cookie"};

	for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
		if (str_is_nocase(name, secret[i]))
			return true;
	return false;
}

static void mask_attempt(const struct masker *m, struct attempt_result *attempt)
{
	struct observed *seen = &attempt->observed;

	mask_text(m, &attempt->detail);
	mask_text(m, &attempt->credential);
	mask_text(m, &attempt->remote);
	for (size_t i = 0; i < seen->headers.count; i++) {
		struct pair *header = &seen->headers.items[i];

		header->value =
			header_is_secret(header->name) ? STR("***") : mask_str(m, header->value);
		header->name = mask_str(m, header->name);
	}
	if (seen->body.len > RUN_TEXT_MAX)
		seen->body_cut = true;
	seen->body = mask_str(m, seen->body);
	mask_strs(m, &seen->messages);
}

static void mask_check(const struct masker *m, struct check_result *check)
{
	mask_text(m, &check->fact);
	mask_text(m, &check->select);
	/* Of a header that carries credentials neither side is shown, nor the line that quotes both. */
	if (check->select && header_is_secret(str_of(check->select))) {
		check->wanted = check->actual = value_string(STR("***"));
		check->text = arena_printf(m->arena, "%s %s: %s", check->fact, check->select,
			check->passed ? "as wanted" : "not as wanted");
		return;
	}
	check->wanted = mask_shown(m, &check->wanted);
	if (check->has_actual)
		check->actual = mask_shown(m, &check->actual);
	mask_text(m, &check->text);
}

static void mask_step(const struct masker *m, struct step_result *step)
{
	mask_text(m, &step->name);
	mask_text(m, &step->capability);
	mask_text(m, &step->detail);
	mask_text(m, &step->target);
	mask_strs(m, &step->accepted);
	for (size_t i = 0; i < step->attempt_count; i++)
		mask_attempt(m, &step->attempts[i]);
	for (size_t i = 0; i < step->check_count; i++)
		mask_check(m, &step->checks[i]);
}

void run_mask(struct run *run, const struct redactor *redactor, struct arena *arena)
{
	struct masker m = {redactor, arena};

	mask_text(&m, &run->scenario);
	mask_text(&m, &run->file);
	mask_text(&m, &run->target);
	mask_text(&m, &run->end_detail);
	for (size_t i = 0; i < run->step_count; i++)
		mask_step(&m, &run->steps[i]);
	if (run->child) {
		struct child_result *child = arena_copy(arena, run->child, sizeof(*child));

		mask_text(&m, &child->command);
		run->child = child;
	}
}

/*
 * What a whole event is grouped by: the masked form of its text, or of what its exception says. Most
 * of the work on an entry that matters; workers do it for entries that nothing will be joined to.
 */
#include "logs_private.h"

#include <stdlib.h>

#include "probe/error.h"

enum { KEY_MAX = 4095 };

/* Slots of a thread's memory of texts that were judged, and of masked forms that are no exception. */
enum { JUDGED_SLOTS = 1 << 9 };

/* What an entry is judged by beside its text. */
enum { JUDGED_TRAITS = LOG_REQUEST | LOG_PLATFORM | LOG_FORMATTER | RAW_BLANK };

struct judged {
	uint64_t hash;
	struct judgement judgement;
	struct rejoin_text part;
};

struct judge_memory {
	struct judged texts[JUDGED_SLOTS];
	uint64_t plain[JUDGED_SLOTS];
	uint64_t round; /* of the chunk: what was learnt from those before it is forgotten */
};

/* The hash as it is remembered while the chunk is read, never 0. Nothing is taken over from another chunk:
 * which of them have one memory is chance, and results are not. */
static uint64_t of_round(const struct chunk *c, uint64_t hash)
{
	return (hash ^ c->tools->judge->round * UINT64_C(0xD6E8FEB86659FD93)) | 1;
}

/* Adds the text up to a NUL, or what fits of it. */
static void key_add(struct str *key, char *out, struct str s)
{
	size_t room = KEY_MAX - key->len, len = strnlen(s.ptr, s.len < room ? s.len : room);

	memcpy(out + key->len, s.ptr, len);
	key->len += len;
}

/* What an exception is grouped by: not the frames, which differ by library versions, but what was
 * said, from the symptom down to the root. */
static struct str exception_key(const struct exception *e, char out[KEY_MAX])
{
	struct str key = {out, 0};

	for (size_t i = e->count; i > 0; i--) {
		const struct exception_link *l = &e->links[i - 1];

		if (i < e->count)
			key_add(&key, out, STR(" <- "));
		key_add(&key, out, l->type);
		if (l->type.len && l->message.len)
			key_add(&key, out, STR(": "));
		key_add(&key, out, str_sub(l->message, 0, 300));
	}
	return key;
}

struct exception *event_exception(
	struct arena *arena, const struct raw *raw, const struct detail *d, struct str text)
{
	struct exception *e = NULL;

	if (raw->traits & LOG_FORMATTER)
		return NULL;
	if (d && (d->error_type.len || d->error_stack.len))
		e = exception_from_fields(arena, d->error_type,
			d->error_message.len ? d->error_message : d->text, d->error_stack);
	else if (d && d->error_message.len && raw->level >= SEVERITY_WARNING)
		/* zap, slog: "error":"dial tcp ..." beside the message */
		e = exception_from_fields(
			arena, (struct str){"", 0}, d->error_message, (struct str){"", 0});
	if (!e && exception_possible(text))
		e = exception_parse(arena, text);
	return e;
}

/* Whether fields of the entry tell of an exception, so that its text alone does not decide. */
static bool has_error_fields(const struct raw *raw, const struct detail *d)
{
	return d && (d->error_type.len || d->error_stack.len ||
			    (d->error_message.len && raw->level >= SEVERITY_WARNING));
}

static bool may_be_exception(const struct raw *raw, const struct detail *d, struct str text)
{
	if (has_error_fields(raw, d))
		return true;
	/* "GET /x -> 500" */
	if (raw->traits & LOG_REQUEST && !(raw->traits & LOG_PLATFORM))
		return false;
	return exception_possible(text);
}

static struct judgement judgement_of(const char *masked, size_t len, bool exception)
{
	return (struct judgement){.known = true,
		.exception = exception,
		.masked = {masked, len},
		.hash = cluster_hash(masked, len, 31)};
}

struct judgement event_judge(const struct raw *raw, const struct detail *d, struct str text,
	bool lines, char masked[MASK_MAX])
{
	char key[KEY_MAX];
	struct arena *scratch = NULL;
	struct exception *e = NULL;

	if (!lines && may_be_exception(raw, d, text)) {
		scratch = arena_new();
		e = event_exception(scratch, raw, d, text);
	}
	size_t len = mask_text(e && e->frames ? exception_key(e, key) : text, masked);

	arena_free(scratch);
	return judgement_of(masked, len, e != NULL);
}

/* A text of one line that has the form of one which was no exception is none either. */
static struct judgement judge_line(
	struct chunk *c, const struct raw *raw, struct str text, bool lines, char masked[MASK_MAX])
{
	size_t len = mask_text(text, masked);
	struct judgement j = judgement_of(masked, len, false);
	uint64_t form = of_round(c, j.hash),
		 *plain = &c->tools->judge->plain[(form >> 1) % JUDGED_SLOTS];

	if (lines || *plain == form || !may_be_exception(raw, NULL, text))
		return j;
	j = event_judge(raw, NULL, text, false, masked);
	if (!j.exception)
		*plain = form;
	return j;
}

/* What is indented is a part of something, as a rule, and not judged by itself. */
static bool stands_alone(const struct raw *raw, struct str text)
{
	return !(raw->traits & RAW_BLANK) && text.len && text.ptr[0] != ' ' && text.ptr[0] != '\t';
}

static struct judgement judge_text(
	struct chunk *c, const struct raw *raw, const struct detail *d, bool fields)
{
	char masked[MASK_MAX];
	bool lines = c->format == LOG_LINES;
	struct judgement j;

	if (fields || memchr(d->text.ptr, '\n', d->text.len))
		j = event_judge(raw, d, d->text, lines, masked);
	else
		j = judge_line(c, raw, d->text, lines, masked);
	char *copy = chunk_memory(c, j.masked.len + 1);

	memcpy(copy, masked, j.masked.len);
	j.masked.ptr = copy;
	return j;
}

void chunk_judge(struct chunk *c, const struct raw *raw, struct detail *d)
{
	bool fields = has_error_fields(raw, d);

	d->hash = hash_str(d->text, 61);
	uint64_t kind = (uint64_t)(raw->traits & JUDGED_TRAITS) << 2 | d->quiet << 1 | d->plain,
		 hash = of_round(c, d->hash ^ kind * UINT64_C(0x9E3779B97F4A7C15));
	struct judged *seen = &c->tools->judge->texts[(hash >> 1) % JUDGED_SLOTS];

	if (!fields && seen->hash == hash) {
		d->judgement = seen->judgement;
		d->part = seen->part;
		return;
	}
	if (d->plain)
		rejoin_read(d->text, &d->part);
	if (!d->quiet && stands_alone(raw, d->text))
		d->judgement = judge_text(c, raw, d, fields);
	if (!fields)
		*seen = (struct judged){hash, d->judgement, d->part};
}

struct judge_memory *judge_memory_begin(struct judge_memory *memory)
{
	if (!memory && !(memory = calloc(1, sizeof(*memory))))
		die("out of memory for %zu bytes", sizeof(*memory));
	memory->round++;
	return memory;
}

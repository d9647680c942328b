/*
 * Joining what agents tore apart (see rejoin.h): one open event a stream. Bounded: an event keeps
 * LOG_LINE_MAX bytes, and past STREAMS_MAX streams or HELD_MAX bytes all that is open is ended.
 */
#include "model.h"

#include <stdlib.h>

#include "probe/error.h"

enum { STREAMS_MAX = 1024, STREAM_SLOTS = 4096, HELD_MAX = 32 << 20, BLANKS_MAX = 16 };

struct stream {
	uint64_t key;
	struct rejoin_state state;
	struct item first;
	struct buf text;
	struct buf masked;  /* the text of first.judgement */
	uint64_t last_hash; /* of the text before */
	int repeats;        /* how often it began an event in a row */
	size_t blanks;      /* empty lines that belong to it if more of it follows */
	size_t blank_parts; /* of them, those that are entries */
};

static void end(struct model *m, struct stream *s)
{
	if (!s->first.carry.parts)
		return;
	struct item *item = &s->first;

	item->text = buf_str(&s->text);
	item->judgement.masked = buf_str(&s->masked);
	item->detail = NULL;
	if (item->carry.parts > 1)
		item->carry.raw.traits |= LOG_REJOINED;
	if (s->text.overflow)
		item->carry.raw.traits |= LOG_CUT;
	m->stream_held -= s->text.len;
	model_event(m, item);
	item->carry.parts = 0;
	s->text.overflow = false;
	if (s->text.capacity > 64 << 10)
		buf_release(&s->text);
	else
		buf_clear(&s->text);
}

void model_join_flush(struct model *m)
{
	for (size_t i = 0; i < m->stream_count; i++) {
		end(m, &m->streams[i]);
		buf_release(&m->streams[i].text);
		buf_release(&m->streams[i].masked);
	}
	m->stream_count = 0;
	if (m->stream_slots)
		memset(m->stream_slots, 0, STREAM_SLOTS * sizeof(*m->stream_slots));
}

static struct stream *stream_find(struct model *m, uint64_t key)
{
	if (!m->streams) {
		m->streams = calloc(STREAMS_MAX, sizeof(*m->streams));
		m->stream_slots = calloc(STREAM_SLOTS, sizeof(*m->stream_slots));
		if (!m->streams || !m->stream_slots)
			die("out of memory for %d streams", STREAMS_MAX);
	}
	if (m->stream_count >= STREAMS_MAX || m->stream_held > HELD_MAX)
		model_join_flush(m);
	size_t at = (key ^ key >> 32) % STREAM_SLOTS;

	for (; m->stream_slots[at]; at = (at + 1) % STREAM_SLOTS)
		if (m->streams[m->stream_slots[at] - 1].key == key)
			return &m->streams[m->stream_slots[at] - 1];
	struct stream *s = &m->streams[m->stream_count++];

	m->stream_slots[at] = (uint32_t)m->stream_count;
	*s = (struct stream){.key = key, .state = {.time = TIME_NONE}};
	buf_init(&s->text, LOG_LINE_MAX);
	buf_init(&s->masked, MASK_MAX);
	return s;
}

static void append(struct model *m, struct stream *s, const struct item *item)
{
	struct carry *first = &s->first.carry;
	size_t before = s->text.len;

	s->first.judgement.known = false;
	for (; s->blanks; s->blanks--)
		buf_add_char(&s->text, '\n');
	first->parts += s->blank_parts;
	s->blank_parts = 0;
	buf_add_char(&s->text, '\n');
	buf_add_str(&s->text, item->text);
	m->stream_held += s->text.len - before;
	first->parts++;
	if (item->carry.last_time != TIME_NONE)
		first->last_time = item->carry.last_time;
	first->raw.traits |= item->carry.raw.traits;
	if (item->carry.raw.level > first->raw.level)
		first->raw.level = item->carry.raw.level;
	if (m->options->annotate)
		m->entry_tickets[item->carry.ticket] = first->ticket;
}

/* What rejoin_goes_on() says, not asking again for a line that repeats: what began an event after
 * itself does so again. */
static bool continues(struct stream *s, const struct item *item)
{
	if (item->hash != s->last_hash) {
		s->last_hash = item->hash;
		s->repeats = 0;
	}
	if (s->repeats >= 2) {
		s->state.time = item->carry.order_time;
		return false;
	}
	bool goes_on = rejoin_goes_on(
		&s->state, &item->part, item->text, item->carry.order_time, item->carry.starts);

	s->repeats = goes_on ? 0 : s->repeats + 1;
	return goes_on;
}

/* An empty line is a part of what is open when more of it follows; nothing is known of it before. */
static void join_blank(struct model *m, struct stream *s, const struct item *item)
{
	bool entry = !(item->carry.raw.traits & RAW_BLANK);

	if (entry && m->options->annotate)
		m->entry_tickets[item->carry.ticket] = s->first.carry.ticket;
	if (s->blanks == BLANKS_MAX)
		return;
	s->blanks++;
	s->blank_parts += entry;
}

void model_join(struct model *m, const struct item *item)
{
	struct stream *s = stream_find(m, item->carry.stream);
	bool goes_on = continues(s, item), open = s->first.carry.parts > 0;
	bool blank = str_trim(item->text).len == 0;

	if (blank && (open || item->carry.raw.traits & RAW_BLANK)) {
		if (open)
			join_blank(m, s, item);
		return;
	}
	if (goes_on && open) {
		append(m, s, item);
		return;
	}
	end(m, s);
	s->blanks = s->blank_parts = 0;
	s->first = *item;
	buf_clear(&s->masked);
	buf_add_str(&s->masked, item->judgement.masked);
	buf_add_str(&s->text, item->text);
	m->stream_held += s->text.len;
}

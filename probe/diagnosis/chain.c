/*
 * A problem's chain from root to symptom, and the quotes that prove it.
 */
#include "diagnosis_private.h"

enum { CHAIN_MAX = 24, QUOTE_BYTES = 2000 };

struct chain {
	struct context *context;
	struct finding *finding;
};

/* Whether some link holds the text already. */
static bool told(const struct finding *f, struct str text)
{
	struct str line = text_first_line(text);

	for (size_t i = 0; i < f->chain_count; i++) {
		if (line.len && str_find(str_of(f->chain[i].message), line) != SIZE_MAX)
			return true;
	}
	return line.len == 0;
}

static void add(struct chain *c, struct str type, struct str message, struct str location)
{
	struct finding *f = c->finding;

	if (f->chain_count == CHAIN_MAX || message.len + type.len == 0)
		return;
	const char *text = text_of(c->context->arena, message.len ? message : type);
	f->chain[f->chain_count++] = (struct finding_link){.type = text_of(c->context->arena, type),
		.message = text,
		.location = text_of(c->context->arena, location)};
}

static void add_line(struct chain *c, struct str text)
{
	struct str none = {"", 0};

	text = str_sub(str_trim(text_plain(c->context->arena, text)), 0, QUOTE_BYTES);
	/* The time that a line begins with says nothing in a chain, which is in order. */
	if (text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9' && text_subject(text).len)
		text = text_subject(text);
	if (!told(c->finding, text))
		add(c, none, text, none);
}

/* What the log line in front of an exception says. */
static void add_head(struct chain *c, const struct log_entry *entry, const struct exception *e)
{
	if (e && e->head.len)
		add_line(c, e->head);
	/* the exception came in a field: the message is the line in front */
	if (entry && e && e->count) {
		struct str root = text_first_line(e->links[0].message);
		if (root.len == 0 || str_find(entry->text, root) == SIZE_MAX)
			add_line(c, text_first_line(entry->text));
	}
}

/* What one entry of the crash adds: other links, the line in front, or itself. */
static void add_entry(struct chain *c, const struct problem *p, const struct log_entry *entry)
{
	const struct exception *e = entry->exception;

	if (!e) {
		add_line(c, text_first_line(entry->text));
		return;
	}
	for (size_t k = 0; e != p->exception && k < e->count; k++) {
		if (!told(c->finding, e->links[k].message))
			add(c, e->links[k].type, e->links[k].message, e->links[k].location);
	}
	add_head(c, entry, e);
}

/* Wrappers and repeats of the same crash, then what followed from it. */
static void add_symptoms(struct chain *c, const struct problem *p)
{
	for (size_t i = 0; i < p->cluster_count; i++) {
		const struct log_cluster *cluster = p->clusters[i];

		for (size_t k = 0; k < cluster->entry_count && k < 4; k++)
			add_entry(c, p, cluster->entries[k]);
	}
	for (size_t i = 0; i < p->effect_count; i++)
		add_line(c, p->effects[i]->text);
}

/* Effects of the same cause that have no exit behind them: "Unsupported upgrade request". */
static void add_kin(struct chain *c, const struct problem *p)
{
	struct context *x = c->context;

	for (size_t i = 0; x->logs && i < x->judged; i++) {
		struct rule_match m;
		struct str none = {"", 0};

		if (x->roles[i] == ROLE_EFFECT &&
			rules_match_log(x->rules, x->arena, none, x->logs->clusters[i]->sample,
				false, &m) &&
			m.rule == p->rule)
			add_line(c, x->logs->clusters[i]->sample);
	}
}

void chain_build(struct context *context, const struct problem *p, struct finding *f)
{
	struct chain c = {context, f};
	struct str none = {"", 0};

	f->chain = ARENA_ARRAY(context->arena, CHAIN_MAX, struct finding_link);
	for (size_t i = 0; p->exception && i < p->exception->count; i++)
		add(&c, p->exception->links[i].type, p->exception->links[i].message,
			p->exception->links[i].location);
	if (f->chain_count == 0)
		add(&c, p->type, str_sub(p->message, 0, QUOTE_BYTES), p->location);
	if (p->rule->priority < PRIORITY_P2 || p->priority < PRIORITY_P2 || p->weight) {
		add_head(&c, p->entry, p->exception);
		add_symptoms(&c, p);
	}
	if (p->cluster_count)
		add_kin(&c, p);
	if (p->observed && !told(f, str_of(p->observed)))
		add(&c, none, str_of(p->observed), none);
}

static void quote(struct context *c, struct finding *f, const struct log_entry *e)
{
	if (!e || f->evidence_count == EVIDENCE_MAX)
		return;
	for (size_t i = 0; i < f->evidence_count; i++) {
		if (f->evidence[i].entry == e->index &&
			text_equal(f->evidence[i].source, e->source->name))
			return;
	}
	f->evidence[f->evidence_count++] = (struct evidence){
		.quote = arena_str(c->arena, str_sub(e->text, 0, QUOTE_BYTES)).ptr,
		.source = e->source->name,
		.entry = e->index,
		.time = e->time};
}

void evidence_build(struct context *c, const struct problem *p, struct finding *f)
{
	f->evidence = ARENA_ARRAY(c->arena, EVIDENCE_MAX, struct evidence);
	quote(c, f, p->entry);
	for (size_t i = 0; i < p->cluster_count && f->evidence_count < 4; i++) {
		if (p->clusters[i]->entry_count)
			quote(c, f, p->clusters[i]->entries[0]);
	}
	for (size_t i = 0; i < p->effect_count && f->evidence_count < 6; i++)
		quote(c, f, p->effects[i]);
	if (p->cluster_count && p->clusters[0]->entry_count)
		quote(c, f, p->clusters[0]->entries[p->clusters[0]->entry_count - 1]);
	if (p->observed && f->evidence_count < EVIDENCE_MAX)
		f->evidence[f->evidence_count++] = (struct evidence){.quote = p->observed,
			.source = arena_printf(c->arena, "step '%s'", p->observed_step),
			.time = p->observed_time};
}

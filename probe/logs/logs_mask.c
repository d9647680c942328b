/* Hiding secrets in a model that is done. */
#include "probe/logs.h"

struct masker {
	const struct redactor *redactor;
	struct arena *arena;
};

static void mask(const struct masker *m, struct str *text)
{
	*text = redact(m->redactor, m->arena, *text, false);
}

/* Exceptions are read-only to all others. */
static void mask_exception(const struct masker *m, const struct exception *shown)
{
	struct exception *e = (struct exception *)(uintptr_t)shown;

	if (!e)
		return;
	mask(m, &e->head);
	mask(m, &e->location);
	for (size_t i = 0; i < e->count; i++) {
		mask(m, &e->links[i].message);
		mask(m, &e->links[i].type);
		mask(m, &e->links[i].location);
	}
}

void logs_mask(struct logs *logs, const struct redactor *redactor, struct arena *arena)
{
	struct masker m = {redactor, arena};

	for (size_t i = 0; i < logs->source_count; i++) {
		logs->sources[i].name = redact_text(redactor, arena, logs->sources[i].name);
		logs->sources[i].error = redact_text(redactor, arena, logs->sources[i].error);
	}
	for (size_t i = 0; i < logs->entry_count; i++) {
		struct log_entry *e = (struct log_entry *)(uintptr_t)logs->entry_list[i];

		e->text = redact(redactor, arena, e->text, e->traits & LOG_CUT);
		mask(&m, &e->http.url);
		mask_exception(&m, e->exception);
	}
	for (size_t i = 0; i < logs->cluster_count; i++) {
		mask(&m, &logs->clusters[i]->template);
		mask(&m, &logs->clusters[i]->sample);
	}
	for (size_t i = 0; i < logs->instance_count; i++)
		logs->instances[i]->name = redact_text(redactor, arena, logs->instances[i]->name);
}

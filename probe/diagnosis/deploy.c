/*
 * When the newest deploy was: given, or the first line of the newest revision. Only a log that shows
 * an older revision of the same service, too, tells a deploy from the beginning of an export.
 */
#include "diagnosis_private.h"

enum { REVISIONS_MAX = 64 };

struct revision {
	const char *name, *service;
	int64_t first;
};

static size_t revisions_of(const struct logs *logs, struct revision out[REVISIONS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < logs->instance_count; i++) {
		const struct log_instance *in = logs->instances[i];
		size_t k = 0;

		if (!in->revision || !in->revision[0] || in->first == TIME_NONE)
			continue;
		while (k < count && (strcmp(out[k].name, in->revision) != 0 ||
					    !text_equal(out[k].service, in->service)))
			k++;
		if (k == REVISIONS_MAX)
			continue;
		if (k == count)
			out[count++] = (struct revision){in->revision, in->service, in->first};
		else if (in->first < out[k].first)
			out[k].first = in->first;
	}
	return count;
}

/* Another revision of this one's service that was there before. */
static bool has_older(const struct revision *all, size_t count, const struct revision *newest)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].first < newest->first && text_equal(all[i].service, newest->service))
			return true;
	}
	return false;
}

void deploy_find(struct context *c)
{
	struct revision all[REVISIONS_MAX];
	size_t count = c->logs ? revisions_of(c->logs, all) : 0;
	const struct revision *newest = NULL;
	char time[36];

	c->deploy = (struct deploy){c->options->deployed_at, NULL};
	if (c->deploy.at != TIME_NONE)
		return;
	for (size_t i = 0; i < count; i++) {
		if ((!newest || all[i].first > newest->first) && has_older(all, count, &all[i]))
			newest = &all[i];
	}
	if (!newest)
		return;
	c->deploy = (struct deploy){newest->first, newest->name};
	time_print_utc(newest->first, 0, time);
	texts_add(c->arena, &c->out->notes,
		arena_printf(c->arena, "revision %s is the newest, first seen at %s", newest->name,
			time));
}

/*
 * What began before the deploy is old. When only the log tells of the deploy, a crash is not: the new
 * revision did not end it; and a log alone is read for whatever went wrong in it.
 */
bool deploy_is_old(const struct context *c, const struct problem *p)
{
	if (c->deploy.at == TIME_NONE || p->first == TIME_NONE || p->first >= c->deploy.at)
		return false;
	return !c->deploy.revision || (c->run && !p->fatal);
}

const char *deploy_text(const struct context *c, const struct problem *p)
{
	const char *revision = c->deploy.revision;

	if (c->deploy.at == TIME_NONE || p->first == TIME_NONE || c->logs->first >= c->deploy.at)
		return NULL;
	return arena_printf(c->arena, "it %s the deploy%s%s",
		p->first < c->deploy.at ? "began before" : "is new since",
		revision ? " of revision " : "", revision ? revision : "");
}

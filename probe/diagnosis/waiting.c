/*
 * A step that waited in vain for a service that lives: the log shows what it was busy with. A
 * migration that runs, a download, a queue it waits for are no errors, so no rule of the table finds
 * them; only together with the step they are a cause.
 */
#include "diagnosis_private.h"

/* How many lines back the work may have begun. */
enum { LINES_BACK = 12 };

/* What was logged long before the step says nothing of it. */
static const int64_t BEFORE = 300 * NS_PER_S;

static const char *const work_words[] = {"migrat", "upgrade", "alembic", "flyway", "liquibase",
	"backfill", "downloading", "loading", "warming", "warm-up", "warmup", "building",
	"indexing", "importing", "compiling", "waiting for", "restoring", "replaying", "seeding",
	"initializing", "initialising", NULL};

static const char *const done_words[] = {"complete", "finished", "done", "up to date", "succeeded",
	"successfully", "no migration", "nothing to", "waiting for application", NULL};

/* The command is stopped when the run is over; what it says of that comes after the waiting. */
static const char *const stop_words[] = {"shutdown", "shutting down", "finished server process",
	"stopping", "terminating", "sigterm", NULL};

/* The service was there to answer, or was not yet. */
static bool waited(const struct step_result *s)
{
	int64_t status = s->attempt_count ? s->attempts[s->attempt_count - 1].observed.status : -1;
	bool refused = s->failure == FAILURE_CONNECT || s->failure == FAILURE_TIMEOUT;

	return (s->attempts_total > 1 || s->failure == FAILURE_TIMEOUT) &&
	       (refused || status == 503 || status == 502 || status == 425);
}

static bool of_service(const struct log_entry *e)
{
	return !(e->traits & (LOG_PLATFORM | LOG_REQUEST | LOG_PROBE | LOG_EXIT)) &&
	       text_first_line(e->text).len > 4;
}

static bool while_waiting(const struct log_entry *e, const struct step_result *s)
{
	return e->time == TIME_NONE || s->finished_at == TIME_NONE ||
	       (e->time <= s->finished_at + NS_PER_S && e->time >= s->started_at - BEFORE);
}

/* It listened while the step still asked; without times it may have been too late. */
static bool listened(const struct log_entry *e, const struct step_result *s)
{
	return (e->traits & LOG_LISTENING) && e->time != TIME_NONE &&
	       e->time < s->finished_at - NS_PER_S;
}

/* The line that says what goes on; `busy` when its words say so, else it is only the last one. */
static const struct log_entry *find_line(
	const struct context *c, const struct step_result *s, bool *busy, bool *listens)
{
	const struct log_entry *last = NULL;
	size_t seen = 0;

	*busy = *listens = false;
	for (size_t i = c->logs ? c->logs->entry_count : 0; i-- > 0;) {
		const struct log_entry *e = c->logs->entry_list[i];

		*listens = *listens || listened(e, s);
		if (!of_service(e) || !while_waiting(e, s) || text_has_word(e->text, stop_words) ||
			seen++ >= LINES_BACK)
			continue;
		if (!last)
			last = e;
		if (!(e->traits & (LOG_STARTED | LOG_LISTENING)) &&
			text_has_word(e->text, done_words))
			seen = LINES_BACK;
		else if (!*busy && text_has_word(e->text, work_words)) {
			last = e;
			*busy = true;
		}
	}
	return last;
}

struct problem *waiting_problem(
	struct context *c, const struct step_result *s, struct str observation)
{
	bool busy, listens;
	const struct log_entry *e = waited(s) ? find_line(c, s, &busy, &listens) : NULL;

	if (!e || (c->run->child && c->run->child->exited))
		return NULL;
	busy = busy || text_has_word(observation, work_words);
	if (!busy && (listens || s->failure != FAILURE_CONNECT))
		return NULL;
	struct problem *p = problem_add(c, "startup-timeout");

	if (!p)
		return NULL;
	p->entry = e;
	p->message = text_first_line(text_plain(c->arena, e->text));
	p->key = text_key(p->message) ^ 2;
	p->weight = busy ? 5 : 0;
	p->level = SEVERITY_ERROR;
	p->priority = PRIORITY_P1;
	p->state = FINDING_ACTIVE;
	p->first = p->last = e->time;
	p->entries = p->incidents = p->instances = 1;
	if (e->cluster)
		p->clusters[p->cluster_count++] = e->cluster;
	problem_name(c, p, busy ? "busy" : "last", text_subject(p->message));
	return p;
}

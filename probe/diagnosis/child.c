/*
 * The exit of a backend that the run started itself. It is no line of any log, but it ends the life
 * of an instance as one would: what stands best in the command's output is to blame, else its last
 * words are all there is, and without any the exit itself is told.
 */
#include "diagnosis_private.h"

static bool of_command(const struct log_entry *e)
{
	return e && text_equal(e->source->name, CHILD_LOG);
}

static bool any_failed(const struct run *run)
{
	for (size_t i = 0; i < run->step_count; i++) {
		if (run->steps[i].status == STEP_FAILED)
			return true;
	}
	return false;
}

/* Of two that could have ended it: a known cause or a stack tells more, then the later one does. */
static bool is_better(const struct problem *a, const struct problem *b)
{
	if (!b || (a->exception != NULL) + a->weight > (b->exception != NULL) + b->weight)
		return true;
	return !a->exception && !a->weight && !b->exception && !b->weight &&
	       a->entry->index > b->entry->index;
}

static struct problem *find_culprit(struct context *c)
{
	struct problem *best = NULL;

	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];

		/* a line without a level may be an error too, when a cause fits it */
		bool grave = p->level >= SEVERITY_ERROR ||
			     (p->level == SEVERITY_DEFAULT && p->weight >= 4);

		if (!of_command(p->entry) || p->tolerant || p->resolved || !grave ||
			p->rule->priority > PRIORITY_P2 ||
			strcmp(p->rule->id, "logging-misconfigured") == 0)
			continue;
		if (p->fatal)
			return p;
		if (is_better(p, best))
			best = p;
	}
	return best;
}

/* The last thing it printed; the entries are in the order of time, then of input. */
static const struct log_entry *last_words(const struct context *c)
{
	for (size_t i = c->logs ? c->logs->entry_count : 0; i-- > 0;) {
		const struct log_entry *e = c->logs->entry_list[i];

		if (of_command(e) && text_first_line(e->text).len > 4 && !(e->traits & LOG_REQUEST))
			return e;
	}
	return NULL;
}

static const char *ended_text(struct context *c, const struct child_result *child)
{
	char after[32];

	duration_print(child->after - child->after % NS_PER_MS, after);
	if (child->signal)
		return arena_printf(c->arena, "was ended by signal %lld after %s",
			(long long)child->signal, after);
	return arena_printf(c->arena, "exited %lld after %s", (long long)child->exit_code, after);
}

/* SIGKILL comes from outside; 137 is how shells and containers tell of it. */
static bool was_killed(const struct child_result *child)
{
	return child->signal == 9 || child->exit_code == 137;
}

static struct problem *add_exit(struct context *c, const char *cause, const char *ended)
{
	struct problem *p = problem_add(c, cause);
	const struct log_entry *last = last_words(c);

	if (!p)
		return NULL;
	p->level = SEVERITY_ERROR;
	p->message = str_of(arena_printf(c->arena, "the service %s", ended));
	p->key = text_key(p->message);
	p->assumed = true;
	if (!last)
		return p;
	p->entry = last;
	p->first = p->last = last->time;
	p->entries = p->instances = 1;
	if (last->cluster)
		p->clusters[p->cluster_count++] = last->cluster;
	if (!was_killed(c->run->child))
		p->message = text_first_line(text_plain(c->arena, last->text));
	return p;
}

static void name_end(struct context *c, struct problem *p, const struct child_result *child)
{
	const char *ended = ended_text(c, child);

	p->ended = ended;
	problem_name(c, p, "ended", str_of(ended));
	if (p->assumed && was_killed(child))
		problem_name(c, p, "killed",
			str_of(arena_printf(c->arena, "%s, as when memory runs out", ended)));
	if (child->exit_code == 0)
		problem_name(c, p, "detached", str_of(ended));
	if (!p->entry)
		return;
	struct str last = text_subject(text_first_line(p->message));
	problem_name(c, p, "last", last);
	problem_name(c, p, "last_words",
		str_of(arena_printf(
			c->arena, "; its last words: %.*s", STR_ARG(str_sub(last, 0, 200)))));
}

void child_blame(struct context *c)
{
	const struct child_result *child = c->run ? c->run->child : NULL;

	if (!child || !child->exited || !any_failed(c->run))
		return;
	struct problem *p = find_culprit(c);
	bool plain = p && !p->weight && !p->exception;
	const struct rule *crash = rules_find(c->rules, "crash-loop");

	if (was_killed(child) && (!p || plain))
		p = add_exit(c, "out-of-memory", ended_text(c, child));
	else if (!p)
		p = add_exit(c, "crash-loop", ended_text(c, child));
	else if (plain && crash)
		p->rule = crash;
	if (!p)
		return;
	p->fatal += p->fatal == 0;
	name_end(c, p, child);
}

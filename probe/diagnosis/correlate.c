/*
 * Failed steps and problems of the logs, put together. The ties, strongest first: same trace id, the
 * request's own log entry, same instance and time, the same cause named by both sides, time alone.
 * A step that nothing explains becomes a problem of its own, named by what was observed.
 */
#include <stdlib.h>

#include "diagnosis_private.h"

static const int64_t SLACK = 5 * NS_PER_S;

/* What a step saw, in one text for the rules: detail, failed checks, body. */
static struct str observation_text(struct context *c, const struct step_result *s)
{
	struct buf b;

	buf_init(&b, 8192);
	if (s->detail)
		buf_add_text(&b, s->detail);
	for (size_t i = 0; i < s->check_count; i++) {
		if (!s->checks[i].passed && s->checks[i].text)
			buf_printf(&b, "\n%s", s->checks[i].text);
	}
	if (s->attempt_count && s->attempts[s->attempt_count - 1].observed.body.ptr) {
		buf_add_char(&b, '\n');
		buf_add_str(&b, str_sub(s->attempts[s->attempt_count - 1].observed.body, 0, 2000));
	}
	struct str text = arena_str(c->arena, buf_str(&b));
	buf_release(&b);
	return text;
}

static int64_t status_of(const struct step_result *s)
{
	return s->attempt_count ? s->attempts[s->attempt_count - 1].observed.status : -1;
}

static const char *join_accepted(struct context *c, const struct step_result *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->accepted.count; i++)
		text = arena_printf(
			c->arena, "%s%s%.*s", text, i ? ", " : "", STR_ARG(s->accepted.items[i]));
	return text;
}

/* One line in words: what the step saw. */
static const char *observed_text(struct context *c, const struct step_result *s)
{
	if (s->detail)
		return s->detail;
	for (size_t i = 0; i < s->check_count; i++) {
		if (!s->checks[i].passed && s->checks[i].text)
			return s->checks[i].text;
	}
	return arena_printf(c->arena, "%s", failure_text(s->failure));
}

static bool only_time_failed(const struct step_result *s)
{
	size_t failed = 0, time = 0;

	for (size_t i = 0; i < s->check_count; i++) {
		if (s->checks[i].passed)
			continue;
		failed++;
		time += s->checks[i].fact && str_starts(str_of(s->checks[i].fact), "time");
	}
	return failed && failed == time;
}

/* "ValueError: bad port" is a type and a message, any other line only a message. */
static bool match_line(struct context *c, struct str line, struct rule_match *m)
{
	size_t colon = str_find(line, STR(": "));
	struct str type = str_sub(line, 0, colon);
	struct rule_match typed;
	bool found = rules_match_log(c->rules, c->arena, STR(""), line, false, m);

	if (colon == SIZE_MAX || str_find_char(type, ' ') != SIZE_MAX ||
		!rules_match_log(
			c->rules, c->arena, type, str_from(line, colon + 2), false, &typed) ||
		(found && typed.weight < m->weight))
		return found;
	*m = typed;
	return true;
}

/* What a program wrote is a log of its own: the rule of its most telling line, the last of equals. */
static bool match_output(
	struct context *c, const struct step_result *s, struct rule_match *best, struct str *said)
{
	struct str rest = s->attempt_count ? s->attempts[s->attempt_count - 1].observed.body
					   : (struct str){NULL, 0};
	struct str line;
	bool found = false;

	while (rest.ptr && str_line(&rest, &line)) {
		struct rule_match m;

		line = str_trim(line);
		if (!match_line(c, line, &m) || m.effect || (found && m.weight < best->weight))
			continue;
		*best = m;
		*said = line;
		found = true;
	}
	return found;
}

/* The cause by what the step saw alone; *said is the line that names it, if one does. */
static struct rule_match observe(struct context *c, const struct step_result *s, struct str *said)
{
	struct rule_match m = {0};
	const char *failure = failure_name(s->failure);
	int64_t status = status_of(s);

	if (s->accepted.count)
		m.rule = rules_find(c->rules, "credential-accepted");
	else if (s->failure == FAILURE_CHECK && only_time_failed(s))
		m.rule = rules_find(c->rules, "slow-response");
	else if (s->failure == FAILURE_CHECK && status >= 500)
		m.rule = rules_find(c->rules, "unexpected-response");
	else if (status < 0 && match_output(c, s, &m, said))
		return m;
	else if (!rules_match_observation(c->rules, c->arena, failure ? failure : "", status,
			 observation_text(c, s), &m))
		m.rule = rules_find(c->rules, "unknown");
	return m;
}

static bool is_generic(const struct rule *rule)
{
	static const char *const ids[] = {"connection-refused", "no-answer", "unexpected-response",
		"slow-response", "unknown", "token-invalid", "websocket-upgrade-rejected",
		"dependency-http-error", NULL};

	for (size_t i = 0; rule && ids[i]; i++) {
		if (strcmp(rule->id, ids[i]) == 0)
			return true;
	}
	return rule == NULL;
}

enum { OWN_CLUSTERS_MAX = 64 };

/* What the log has with the trace id of one step. */
struct own {
	const struct log_entry *request; /* the request's own entry, which names the instance */
	const struct log_cluster *clusters[OWN_CLUSTERS_MAX];
	size_t count;
};

static bool has_trace(const struct own *own, const struct problem *p)
{
	for (size_t i = 0; i < own->count; i++) {
		for (size_t k = 0; k < p->cluster_count; k++) {
			if (p->clusters[k] == own->clusters[i])
				return true;
		}
	}
	return false;
}

/* One pass over the entries a step, however many problems there are. */
static struct own find_own(const struct context *c, const struct step_result *s)
{
	struct own own = {.count = 0};

	for (size_t i = 0; c->logs && s->trace_id && i < c->logs->entry_count; i++) {
		const struct log_entry *e = c->logs->entry_list[i];

		if (!e->trace_id.len || !str_is(e->trace_id, s->trace_id))
			continue;
		if ((e->traits & LOG_REQUEST) && !own.request)
			own.request = e;
		if (e->cluster && own.count < OWN_CLUSTERS_MAX)
			own.clusters[own.count++] = e->cluster;
	}
	return own;
}

static bool in_window(const struct problem *p, const struct step_result *s)
{
	if (p->last == TIME_NONE || s->started_at == TIME_NONE)
		return p->cluster_count > 0; /* a file without times: all of it is meanwhile */
	int64_t end = s->finished_at == TIME_NONE ? s->started_at : s->finished_at;

	return p->last >= s->started_at - SLACK && p->first <= end + SLACK;
}

static bool id_has(const struct problem *p, const char *const *parts)
{
	for (size_t i = 0; parts[i]; i++) {
		if (str_contains(str_of(p->rule->id), parts[i]))
			return true;
	}
	return false;
}

/* Causes that show on the wire as this status or kind of step. */
static bool fits_shape(const struct problem *p, const struct step_result *s)
{
	static const char *const refusals[] = {"token", "signing", "iam", "origin", NULL};
	static const char *const delays[] = {"timeout", "too-many", "unreachable", "db-", NULL};
	static const char *const sockets[] = {"websocket", NULL};
	int64_t status = status_of(s);

	if (status == 401 || status == 403)
		return id_has(p, refusals);
	if (s->kind && strcmp(s->kind, "websocket") == 0 && id_has(p, sockets))
		return true;
	if (s->failure == FAILURE_TIMEOUT && id_has(p, delays))
		return true;
	if (s->failure == FAILURE_CONNECT || status == 503 || status == 502)
		return p->fatal > 0 || p->priority == PRIORITY_P0 || p->exception;
	return status >= 500 && p->exception != NULL;
}

static bool is_port_problem(const struct problem *p)
{
	return strcmp(p->rule->id, "wrong-port") == 0 ||
	       strcmp(p->rule->id, "bind-loopback-only") == 0;
}

/* The request's own entry and the problem, on one instance. */
static enum tie tie_by_request(const struct problem *p, const struct log_entry *request)
{
	if (!request || !p->entry || request->instance != p->entry->instance)
		return TIE_NONE;
	bool timed = p->last != TIME_NONE && request->time != TIME_NONE;

	return timed && llabs(p->last - request->time) < NS_PER_S ? TIE_REQUEST : TIE_INSTANCE;
}

/* Tied by the instance that got the request, the cause, or the time alone. */
static enum tie tie_by_time(const struct problem *p, const struct step_result *s,
	const struct rule *seen, const struct log_entry *request)
{
	enum tie tie = tie_by_request(p, request);

	if (tie != TIE_NONE)
		return tie;
	if (seen && p->rule == seen)
		return TIE_CAUSE;
	if (is_port_problem(p))
		return s->failure == FAILURE_CONNECT || status_of(s) >= 500 ? TIE_CAUSE : TIE_NONE;
	if (p->priority > PRIORITY_P1 || (p->weight == 0 && !p->exception))
		return TIE_NONE;
	return fits_shape(p, s) ? TIE_CAUSE : TIE_WINDOW;
}

/* The service failed of it before the step began and was not seen to come back: what is refused
 * then, or not there, is as it was left. */
static enum tie tie_before(const struct problem *p, const struct step_result *s)
{
	int64_t status = status_of(s);
	bool absent = s->failure == FAILURE_CONNECT || s->failure == FAILURE_TIMEOUT ||
		      status == 502 || status == 503 || status == 504;

	return absent && p->fatal && p->last != TIME_NONE && p->last < s->started_at ? TIE_BEFORE
										     : TIE_NONE;
}

static enum tie tie_of(const struct problem *p, const struct step_result *s,
	const struct rule *seen, const struct own *own)
{
	/* the step says itself that the command ended */
	if (p->ended && s->detail && str_contains(str_of(s->detail), "the command "))
		return TIE_CAUSE;
	if (p->tolerant || p->resolved || p->cluster_count == 0 || p->state != FINDING_ACTIVE)
		return TIE_NONE;
	if (has_trace(own, p))
		return TIE_TRACE;
	return in_window(p, s) ? tie_by_time(p, s, seen, own->request) : tie_before(p, s);
}

static const char *tie_text(
	struct context *c, const struct problem *p, const struct step_result *s, enum tie tie)
{
	char age[32];

	if (tie == TIE_BEFORE) {
		age_print(s->started_at - p->last, age);
		return arena_printf(c->arena,
			"the service failed of it %s before the step, and nothing in the log says that it came back",
			age);
	}
	if (tie == TIE_WINDOW && p->last == TIME_NONE)
		return "the log says no times; it may have been logged while the step ran";
	switch (tie) {
	case TIE_TRACE: return "a log entry has the trace id of the step's request";
	case TIE_REQUEST:
		return "the request's own log entry is on the same instance at the same time";
	case TIE_INSTANCE:
		return "it was logged by the instance that got the request, while the step ran";
	case TIE_CAUSE: return "what the step saw and what the log says name the same cause";
	case TIE_WINDOW: return "it was logged while the step ran";
	default: return NULL;
	}
}

static void tie_step(
	struct context *c, struct problem *p, const struct step_result *s, enum tie tie)
{
	if (p->step_count < PROBLEM_TIES_MAX)
		p->steps[p->step_count++] = s->name;
	if (tie > p->tie) {
		p->tie = tie;
		/* ports.c has said it more exactly */
		if (tie != TIE_CAUSE || !p->tie_reason)
			p->tie_reason = tie_text(c, p, s, tie);
	}
	p->breaks_required = p->breaks_required || !s->optional;
	p->degrades = p->degrades || s->optional;
	if (!p->observed_step) {
		if (!p->observed)
			p->observed = observed_text(c, s);
		p->observed_step = s->name;
		p->observed_time = s->attempt_count ? s->attempts[s->attempt_count - 1].started_at
						    : s->started_at;
	}
	problem_name(c, p, "step", str_of(s->name));
	problem_name(c, p, "target", str_of(s->target));
}

/* The problem of the logs that explains the step best. */
static struct problem *explain(
	struct context *c, const struct step_result *s, const struct rule *seen, enum tie *tie)
{
	struct own own = find_own(c, s);
	struct problem *best = NULL;

	*tie = TIE_NONE;
	for (size_t i = 0; c->logs && i < c->problem_count; i++) {
		struct problem *p = c->problems[i];
		enum tie t = tie_of(p, s, seen, &own);

		if (t == TIE_NONE || (best && t < *tie) ||
			(best && t == *tie && p->score <= best->score))
			continue;
		best = p;
		*tie = t;
	}
	return best;
}

static void name_target(struct context *c, struct problem *p, const struct step_result *s)
{
	struct url asked;

	if (!s->target || !text_target(c->arena, str_of(s->target), &asked))
		return;
	problem_name(c, p, "host", asked.host);
	if (asked.port_given)
		problem_name(c, p, "port", str_of(arena_printf(c->arena, "%u", asked.port)));
}

/* What the answer says of who gave it: a proxy in front of the service often is not it. */
static void name_answer(struct context *c, struct problem *p, const struct step_result *s)
{
	const struct attempt_result *last =
		s->attempt_count ? &s->attempts[s->attempt_count - 1] : NULL;

	if (!last || last->observed.status < 0)
		return;
	problem_name(c, p, "status",
		str_of(arena_printf(c->arena, "%lld", (long long)last->observed.status)));
	for (size_t i = 0; i < last->observed.headers.count; i++) {
		const struct pair *h = &last->observed.headers.items[i];

		if (str_is_nocase(h->name, "via") || str_is_nocase(h->name, "server"))
			problem_name(c, p, "server", h->value);
	}
}

/* A problem named by the step alone; steps that saw the same share one. */
static struct problem *observed_problem(
	struct context *c, const struct step_result *s, const struct rule_match *m, struct str said)
{
	struct str saw = said.len ? said : str_of(observed_text(c, s));
	const char *cause = m->rule ? m->rule->id : "unknown";
	uint64_t key = text_key(saw) ^ text_key(str_of(cause)) ^ 1;

	for (size_t i = 0; i < c->problem_count; i++) {
		if (c->problems[i]->key == key && c->problems[i]->cluster_count == 0)
			return c->problems[i];
	}
	struct problem *p = problem_add(c, cause);
	if (!p)
		return NULL;
	p->key = key;
	p->message = saw;
	p->observed = arena_str(c->arena, saw).ptr;
	p->names = m->names;
	p->weight = m->rule ? m->weight : 0;
	p->priority = PRIORITY_P1;
	p->state = FINDING_ACTIVE;
	p->first = p->last =
		s->attempt_count ? s->attempts[s->attempt_count - 1].started_at : s->started_at;
	if (s->accepted.count)
		problem_name(c, p, "kinds", str_of(join_accepted(c, s)));
	problem_name(c, p, "saw", saw);
	name_target(c, p, s);
	name_answer(c, p, s);
	return p;
}

static void correlate_step(struct context *c, const struct step_result *s)
{
	struct str said = {"", 0};
	struct rule_match seen = observe(c, s, &said);
	enum tie tie;
	struct problem *p = NULL;

	/* what was let in, or a certificate that is wrong, is a cause by itself */
	if (!s->accepted.count)
		p = explain(c, s, seen.rule, &tie);
	if (p && !is_generic(seen.rule) && tie < TIE_CAUSE)
		p = NULL;
	if (!p && !s->accepted.count && is_generic(seen.rule)) {
		p = waiting_problem(c, s, observation_text(c, s));
		tie = TIE_CAUSE;
	}
	if (p) {
		tie_step(c, p, s, tie);
		return;
	}
	p = observed_problem(c, s, &seen, said);
	if (p)
		tie_step(c, p, s, TIE_NONE);
}

/* An optional step that keeps a required one from being reached breaks the path. */
static void mark_blockers(struct context *c)
{
	for (size_t i = 0; i < c->run->step_count; i++) {
		const struct step_result *s = &c->run->steps[i];
		int64_t by = s->blocked_by;

		if (s->status != STEP_NOT_REACHED || s->optional)
			continue;
		for (size_t hops = 0; by >= 0 && (size_t)by < c->run->step_count && hops < 1000;
			hops++) {
			if (c->run->steps[by].status == STEP_FAILED)
				break;
			by = c->run->steps[by].blocked_by;
		}
		for (size_t k = 0;
			by >= 0 && (size_t)by < c->run->step_count && k < c->problem_count; k++) {
			for (size_t n = 0; n < c->problems[k]->step_count; n++) {
				if (strcmp(c->problems[k]->steps[n], c->run->steps[by].name) == 0)
					c->problems[k]->breaks_required = true;
			}
		}
	}
}

void correlate(struct context *c)
{
	if (!c->run)
		return;
	for (size_t i = 0; i < c->run->step_count; i++) {
		const struct step_result *s = &c->run->steps[i];

		if (s->status == STEP_FAILED && s->failure != FAILURE_INTERRUPTED)
			correlate_step(c, s);
	}
	mark_blockers(c);
	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];

		if (p->breaks_required)
			p->priority = PRIORITY_P0;
		else if (p->degrades && p->priority > PRIORITY_P1)
			p->priority = PRIORITY_P1;
		else if (p->degrades && p->cluster_count == 0)
			p->priority = strcmp(p->rule->id, "credential-accepted") ? PRIORITY_P1
										 : PRIORITY_P0;
		p->score += 60.0 * p->breaks_required + 5.0 * (double)p->tie;
	}
}

/*
 * From clusters to problems. A cluster is a possible root, an effect of one (platform lines, "worker
 * failed to boot"), noise of a formatter, or nothing. Clusters that tell of the same root become one
 * problem, and a line that only repeats a root's message belongs to that root.
 */
#include "diagnosis_private.h"

static const char *const tolerant_words[] = {"skipp", "ignor", "disabled", "using ", "fallback",
	"falling back", "default", "retrying", "will retry", "resetting", "serving the", "optional",
	"continuing", "deprecat", "non-critical", "not critical", "may lag", "sanitized",
	"obsolete", "best effort", "dropping", "stale", "goes to stdout", "go to stdout",
	"not enabled", "unencrypted", "not encrypted", "proceeding without", "without it",
	"days old", "degraded mode", NULL};

/* Words that make a failure final, whatever else the line says. */
static const char *const final_words[] = {"exiting", "abort", "shutting down", "cannot start",
	"refusing to", "giving up", "terminating", "fatal", NULL};

struct problem *problem_add(struct context *c, const char *cause)
{
	static const struct rule unknown = {
		.id = "unknown", .title = "{message}", .priority = PRIORITY_P2};
	const struct rule *rule = rules_find(c->rules, cause);
	struct problem *p;

	if (c->problem_count == PROBLEMS_MAX)
		return NULL;
	p = ARENA_NEW(c->arena, struct problem);
	*p = (struct problem){.rule = rule ? rule : &unknown,
		.first = TIME_NONE,
		.last = TIME_NONE,
		.last_moment = TIME_NONE,
		.observed_time = TIME_NONE};
	c->problems[c->problem_count++] = p;
	return p;
}

void problem_name(struct context *c, struct problem *p, const char *name, struct str value)
{
	struct pairs *names = &p->names;

	if (value.len == 0)
		return;
	for (size_t i = 0; i < names->count; i++) {
		if (str_is(names->items[i].name, name))
			return;
	}
	struct pair *items = ARENA_ARRAY(c->arena, names->count + 1, struct pair);
	if (names->count)
		memcpy(items, names->items, names->count * sizeof(*items));
	items[names->count++] = (struct pair){str_of(name), value};
	names->items = items;
}

size_t cluster_position(const struct context *c, const struct log_cluster *cluster)
{
	size_t at = cluster ? cluster->position : SIZE_MAX;

	return at < c->judged && c->logs->clusters[at] == cluster ? at : SIZE_MAX;
}

/* The rule for a chain: that of the root, or of the first link behind it that says more, as long as
 * only libraries are in between. */
static bool match_chain(const struct context *c, const struct exception *e, bool quiet,
	size_t *link, struct rule_match *best)
{
	bool found = false;

	*link = 0;
	for (size_t i = 0; i < e->count; i++) {
		struct rule_match m;

		if (!rules_match_log(
			    c->rules, c->arena, e->links[i].type, e->links[i].message, quiet, &m) ||
			m.effect || (found && m.weight <= best->weight))
			continue;
		if (!found || best->weight < 4) {
			bool library = true;
			for (size_t k = 0; k < i; k++)
				library = library && e->links[k].location.len == 0;
			if (library || i == 0)
				*link = i;
			*best = m;
			found = true;
		}
	}
	return found;
}

size_t problem_root_link(const struct context *c, const struct exception *e)
{
	struct rule_match m;
	size_t link;

	match_chain(c, e, false, &link, &m);
	return link;
}

static bool is_tolerant(const struct log_cluster *cluster)
{
	if (cluster->exception && cluster->exception->frames)
		return false;
	return cluster->severity < SEVERITY_CRITICAL &&
	       text_has_word(cluster->sample, tolerant_words) &&
	       !text_has_word(cluster->sample, final_words);
}

/* Adds a cluster's numbers to its problem. */
static void add_cluster(struct context *c, struct problem *p, size_t position)
{
	const struct log_cluster *cluster = c->logs->clusters[position];

	c->cluster_problems[position] = p;
	if (p->cluster_count < PROBLEM_CLUSTERS_MAX)
		p->clusters[p->cluster_count++] = cluster;
	p->entries += cluster->count;
	if (cluster->severity > p->level)
		p->level = cluster->severity;
	if (cluster->instances > p->instances)
		p->instances = cluster->instances;
	if (cluster->first_seen != TIME_NONE &&
		(p->first == TIME_NONE || cluster->first_seen < p->first))
		p->first = cluster->first_seen;
	if (cluster->last_seen != TIME_NONE &&
		(p->last == TIME_NONE || cluster->last_seen > p->last))
		p->last = cluster->last_seen;
}

/* A longer chain, or frames where there were none, shows more. */
static bool shows_more(const struct exception *a, const struct exception *b)
{
	if (!a || !b)
		return a != NULL;
	if (a->frames != b->frames)
		return a->frames;
	return a->count > b->count;
}

static void show_with(struct problem *p, const struct log_cluster *cluster)
{
	if (p->entry && !shows_more(cluster->exception, p->exception))
		return;
	p->exception = cluster->exception;
	if (cluster->entry_count)
		p->entry = cluster->entries[0];
	for (size_t i = 0; i < cluster->entry_count && p->exception; i++) {
		if (cluster->entries[i]->exception == p->exception)
			p->entry = cluster->entries[i];
	}
	if (p->exception && p->exception->location.len)
		p->location = p->exception->location;
}

/* The problem with this cause and message, or a new one. */
static struct problem *problem_for(struct context *c, const struct rule_match *match,
	struct str type, struct str message, const char *fallback)
{
	const char *cause = match ? match->rule->id : fallback;
	uint64_t key = text_key(message) ^ text_key(str_of(cause));

	for (size_t i = 0; i < c->problem_count; i++) {
		if (c->problems[i]->key == key)
			return c->problems[i];
	}
	struct problem *p = problem_add(c, cause);
	if (!p)
		return NULL;
	p->key = key;
	p->type = type;
	p->message = message;
	if (match) {
		p->names = match->names;
		p->weight = match->weight;
	}
	return p;
}

/* Platform lines are effects, but for those that say what the platform itself found. */
static enum role platform_role(
	const struct log_cluster *cluster, bool matched, const struct rule_match *m)
{
	if ((cluster->traits & LOG_OOM) ||
		(matched && !m->effect && !(cluster->traits & LOG_REQUEST)))
		return ROLE_ROOT;
	if ((cluster->traits & LOG_EXIT) || cluster->severity >= SEVERITY_WARNING)
		return ROLE_EFFECT;
	return ROLE_NONE;
}

static enum role role_of(
	const struct log_cluster *cluster, bool matched, const struct rule_match *m)
{
	const struct exception *e = cluster->exception;

	if ((cluster->traits & LOG_FORMATTER) && !(matched && !m->effect))
		return ROLE_NOISE;
	if (cluster->traits & (LOG_PLATFORM | LOG_REQUEST | LOG_EXIT | LOG_PROBE | LOG_OOM))
		return platform_role(cluster, matched, m);
	if (matched && (!m->effect || !e || !e->frames))
		return m->effect ? ROLE_EFFECT : ROLE_ROOT;
	if (e && (e->frames || e->fatal || cluster->severity >= SEVERITY_ERROR))
		return ROLE_ROOT;
	return cluster->severity >= SEVERITY_ERROR ? ROLE_ROOT : ROLE_NONE;
}

/* A cluster that could be a root joins its problem. */
static void place_cluster(struct context *c, struct problem *p, size_t position, struct str sample)
{
	const struct log_cluster *cluster = c->logs->clusters[position];
	bool tolerant = is_tolerant(cluster);

	p->tolerant = p->cluster_count ? p->tolerant && tolerant : tolerant;
	p->platform = (cluster->traits & LOG_PLATFORM) != 0;
	add_cluster(c, p, position);
	show_with(p, cluster);
	/* Where it was logged, when nothing says where it happened. */
	if (p->location.len == 0 && p->entry)
		p->location = p->entry->location;
	if (p->location.len == 0 && p->entry && !p->exception)
		p->location = text_location(c->arena, sample);
}

/* Without a level a line may be anything; INFO says that it is no error. */
static bool is_quiet(const struct log_cluster *cluster)
{
	return !cluster->exception && cluster->severity < SEVERITY_WARNING &&
	       cluster->severity != SEVERITY_DEFAULT;
}

/* The rule for what no exception told: the line as a whole. A vague rule is not enough for a line
 * without a level. */
static bool match_line(const struct context *c, const struct log_cluster *cluster, struct str type,
	struct str sample, struct rule_match *match)
{
	if (!rules_match_log(c->rules, c->arena, type, sample, is_quiet(cluster), match))
		return false;
	return cluster->exception || cluster->severity != SEVERITY_DEFAULT || match->weight >= 4;
}

static void judge_cluster(struct context *c, size_t position)
{
	const struct log_cluster *cluster = c->logs->clusters[position];
	const struct exception *e = cluster->exception;
	struct rule_match match;
	struct str sample = text_plain(c->arena, cluster->sample);
	struct str type = {"", 0}, message = str_trim(sample);
	const char *fallback = "unknown";
	bool matched = false;
	size_t link = 0;

	if (e) {
		matched = match_chain(c, e, false, &link, &match);
		type = e->links[link].type;
		message = e->links[link].message.len ? e->links[link].message : type;
		if (e->frames || type.len)
			fallback = "unhandled-exception";
	}
	if (!matched)
		matched = match_line(c, cluster, type, sample, &match);
	c->roles[position] = role_of(cluster, matched, &match);
	if (c->roles[position] != ROLE_ROOT)
		return;
	bool known = matched && !match.effect;
	struct problem *p = problem_for(c, known ? &match : NULL, type, message, fallback);
	if (p)
		place_cluster(c, p, position, sample);
}

/* All records that a formatter complains about are one finding. */
static void join_noise(struct context *c)
{
	struct problem *p = NULL;

	for (size_t i = 0; i < c->judged; i++) {
		if (c->roles[i] != ROLE_NOISE)
			continue;
		if (!p)
			p = problem_add(c, "logging-misconfigured");
		if (!p)
			return;
		add_cluster(c, p, i);
		show_with(p, c->logs->clusters[i]);
	}
	if (p)
		p->message = STR("Missing field");
	if (p)
		problem_name(c, p, "count",
			str_of(arena_printf(c->arena, "%lld", (long long)p->entries)));
}

static bool chain_tells(const struct problem *p, struct str text)
{
	for (size_t i = 0; p->exception && i < p->exception->count; i++) {
		struct str line = text_first_line(p->exception->links[i].message);

		if (line.len >= 12 && str_find(text, line) != SIZE_MAX)
			return true;
	}
	struct str line = text_first_line(p->message);
	return line.len >= 12 && str_find(text, line) != SIZE_MAX;
}

/* Both name the same module, host, relation ...: the names that the rule's patterns caught. */
static bool same_names(const struct problem *a, const struct problem *b)
{
	size_t same = 0;

	if (a->rule != b->rule || a->weight < 4 || b->weight < 4)
		return false;
	for (size_t i = 0; i < a->names.count; i++) {
		for (size_t k = 0; k < b->names.count; k++) {
			if (!str_equal(a->names.items[i].name, b->names.items[k].name))
				continue;
			if (!str_equal(a->names.items[i].value, b->names.items[k].value))
				return false;
			same++;
		}
	}
	return same > 0;
}

static bool is_link(const struct exception *e, struct str root)
{
	for (size_t i = 0; i < e->count; i++) {
		if (root.len >= 12 && str_find(e->links[i].message, root) != SIZE_MAX)
			return true;
	}
	return false;
}

/* Whether `b` only repeats or wraps what `a` tells: its words hold a message of a's chain, or its
 * root is a link of a's chain. */
static bool repeats(const struct problem *a, const struct problem *b)
{
	if (b->cluster_count == 0 || a->tolerant != b->tolerant)
		return false;
	bool richer = a->exception && (!b->exception || a->exception->count >= b->exception->count);
	if ((richer || !b->exception) && same_names(a, b))
		return true;
	if (!richer || a->tolerant)
		return false;
	if (is_link(a->exception, text_first_line(b->message)))
		return true;
	if (b->exception && b->exception->frames && b->exception->count > 1)
		return false;
	return chain_tells(a, str_sub(b->clusters[0]->sample, 0, 2000));
}

static void absorb(struct context *c, struct problem *a, struct problem *b)
{
	for (size_t i = 0; i < c->judged; i++) {
		if (c->cluster_problems[i] == b)
			add_cluster(c, a, i);
	}
	if (a->weight == 0 && b->weight) {
		a->rule = b->rule;
		a->names = b->names;
		a->weight = b->weight;
	}
	if (a->location.len == 0)
		a->location = b->location;
}

static void join_repeats(struct context *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *b = c->problems[i], *into = NULL;

		for (size_t k = 0; k < c->problem_count && !into; k++) {
			struct problem *a = c->problems[k];

			/* of two that tell of each other the first stays */
			if (k != i && a->cluster_count && repeats(a, b) &&
				!(k > i && repeats(b, a)))
				into = a;
		}
		if (into) {
			absorb(c, into, b);
			b->cluster_count = 0;
		}
	}
	for (size_t i = 0; i < c->problem_count; i++) {
		if (c->problems[i]->cluster_count)
			c->problems[kept++] = c->problems[i];
	}
	c->problem_count = kept;
}

/* Success that a failure of the same subject was followed by: "auth: warm-up ok" after "auth:
 * warm-up failed". */
static bool is_success_of(const struct log_cluster *good, const struct log_cluster *bad)
{
	static const char *const words[] = {" ok", "loaded", "connected", "ready", "succeeded",
		"success", "recovered", "established", "joined", "completed", "reconnected",
		"available again", NULL};
	struct str a = text_subject(good->sample), b = text_subject(bad->sample);
	size_t same = 0;

	if (good->severity >= SEVERITY_WARNING || good->last_seen == TIME_NONE ||
		bad->last_seen == TIME_NONE || good->last_seen < bad->last_seen ||
		!text_has_word(a, words))
		return false;
	while (same < a.len && same < b.len && a.ptr[same] == b.ptr[same])
		same++;
	struct str common = str_sub(a, 0, same);
	return same >= 5 &&
	       (str_find_char(common, ' ') != SIZE_MAX || str_find_char(common, ':') != SIZE_MAX);
}

static void find_resolved(struct context *c)
{
	static const char *const trials[] = {"fail", "refused", "timed out", "timeout",
		"unavailable", "retry", "attempt", "could not", "unable to", "not reachable",
		"unreachable", "lost", "disconnect", "error", "rebalanc", "did not answer", NULL};

	for (size_t i = 0; i < c->problem_count; i++) {
		struct problem *p = c->problems[i];
		const struct log_cluster *bad = p->clusters[0];

		/* only what was tried can work after all */
		if ((p->exception && p->exception->frames) || bad->sample.len == 0 ||
			bad->sample.ptr[0] == '{' || !text_has_word(bad->sample, trials))
			continue;
		for (size_t k = 0; k < c->judged && !p->resolved; k++)
			p->resolved = is_success_of(c->logs->clusters[k], bad) &&
				      c->logs->clusters[k]->last_seen >= bad->last_seen;
	}
}

void problems_find(struct context *c)
{
	if (!c->logs)
		return;
	c->judged =
		c->logs->cluster_count < CLUSTERS_JUDGED ? c->logs->cluster_count : CLUSTERS_JUDGED;
	c->roles = ARENA_ARRAY(c->arena, c->judged, enum role);
	c->cluster_problems = ARENA_ARRAY(c->arena, c->judged, struct problem *);
	for (size_t i = 0; i < c->judged; i++)
		judge_cluster(c, i);
	join_noise(c);
	join_repeats(c);
	find_resolved(c);
}

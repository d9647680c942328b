/*
 * Where the service says it listens, and where the platform or the probe asks it. Neither side is an
 * error by itself: together they are wrong-port or bind-loopback-only.
 */
#include "diagnosis_private.h"

struct listener {
	const struct log_entry *entry;
	struct str host; /* empty: all addresses, as far as one knows */
	int64_t port;    /* 0: not said */
};

static int64_t number_at(struct str s, size_t at)
{
	int64_t n = 0;
	size_t digits = 0;

	while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9' && digits < 6) {
		n = n * 10 + (s.ptr[at++] - '0');
		digits++;
	}
	return digits >= 2 && n > 0 && n < 65536 ? n : 0;
}

static int64_t number_after(struct str text, const char *word)
{
	for (size_t at = 0; at < text.len;) {
		size_t found = str_find(str_from(text, at), str_of(word));

		if (found == SIZE_MAX)
			return 0;
		at += found + strlen(word);
		int64_t n = number_at(text, at);
		if (n)
			return n;
	}
	return 0;
}

static bool is_loopback(struct str host)
{
	return str_starts(host, "127.") || str_is(host, "localhost") || str_is(host, "[::1]") ||
	       str_is(host, "::1");
}

/* "http://127.0.0.1:8000", "0.0.0.0:8080", "port 3000", "*:3000". */
static bool read_listener(const struct log_entry *entry, struct listener *out)
{
	static const char *const hosts[] = {"127.0.0.1:", "localhost:", "[::1]:", NULL};
	struct str text = str_sub(entry->text, 0, 500);

	*out = (struct listener){.entry = entry, .host = {"", 0}};
	for (size_t i = 0; hosts[i] && !out->port; i++) {
		out->port = number_after(text, hosts[i]);
		if (out->port)
			out->host = str_sub(str_of(hosts[i]), 0, strlen(hosts[i]) - 1);
	}
	static const char *const words[] = {"0.0.0.0:", "[::]:", "*:", "port ",
		"port: ", "port(s): ", "port=", "Port ", "PORT ", "://:", NULL};
	for (size_t i = 0; words[i] && !out->port; i++)
		out->port = number_after(text, words[i]);
	for (size_t at = 0; at + 1 < text.len && !out->port; at++) {
		if (text.ptr[at] == ':' &&
			(at == 0 || text.ptr[at - 1] < '0' || text.ptr[at - 1] > '9' ||
				str_contains(text, "://")))
			out->port = number_at(text, at + 1);
	}
	return out->port > 0;
}

/* The last line before `time` by which this instance says where it listens; any when no instance is
 * named. */
static bool find_listener(const struct context *c, const struct log_instance *instance,
	int64_t time, struct listener *out)
{
	bool found = false;

	for (size_t i = 0; i < c->logs->entry_count; i++) {
		const struct log_entry *e = c->logs->entry_list[i];
		struct listener l;

		if (!(e->traits & LOG_LISTENING) || (e->traits & LOG_PLATFORM) ||
			(instance && e->instance != instance) ||
			(time != TIME_NONE && e->time != TIME_NONE && e->time > time) ||
			!read_listener(e, &l))
			continue;
		*out = l;
		found = true;
	}
	return found;
}

/* The port that a failed probe of the platform names. */
static int64_t probed_port(struct str text)
{
	int64_t port = number_after(text, "on port ");

	if (!port)
		port = number_after(text, "PORT=");
	if (!port &&
		(str_contains(text, "probe failed") || str_contains(text, "connection refused"))) {
		size_t at = str_find(text, STR("://"));
		struct str rest = at == SIZE_MAX ? text : str_from(text, at + 3);
		size_t colon = str_find_char(rest, ':');
		port = colon == SIZE_MAX ? 0 : number_at(rest, colon + 1);
	}
	return port;
}

static bool another_cause(const struct context *c)
{
	for (size_t i = 0; i < c->problem_count; i++) {
		const struct problem *p = c->problems[i];

		if (p->fatal && p->weight >= 4 && !p->tolerant && !p->resolved)
			return true;
		if (p->fatal && p->exception)
			return true;
	}
	return false;
}

static void report(struct context *c, const struct listener *l, int64_t asked,
	const struct log_entry *effect, const char *step)
{
	bool loopback = is_loopback(l->host), same = l->port == asked;

	if (same && !loopback)
		return;
	struct problem *p = problem_add(c, same ? "bind-loopback-only" : "wrong-port");
	if (!p)
		return;
	p->entry = l->entry;
	p->message = str_trim(l->entry->text);
	p->weight = 6;
	p->incidents = p->entries = 1;
	p->first = p->last = l->entry->time;
	p->fatal = 1;
	p->priority = PRIORITY_P0;
	p->score = 90; /* between a crash that is explained and one that is not */
	p->level = SEVERITY_ERROR;
	if (l->entry->cluster) {
		p->clusters[p->cluster_count++] = l->entry->cluster;
		p->instances = l->entry->cluster->instances;
	}
	problem_name(c, p, "port", str_of(arena_printf(c->arena, "%lld", (long long)l->port)));
	problem_name(c, p, "wanted_port", str_of(arena_printf(c->arena, "%lld", (long long)asked)));
	problem_name(c, p, "host", l->host);
	p->tie_reason =
		step ? "the refused address and the line that says where the service listens differ"
		     : "the platform asks another port than the service listens on";
	if (effect)
		p->effects[p->effect_count++] = effect;
}

/* A failed probe of the platform against what the same instance said. */
static bool compare_platform(struct context *c)
{
	for (size_t i = 0; i < c->logs->event_count; i++) {
		const struct log_event *e = &c->logs->events[i];
		struct listener l;

		if (!e->entry || e->level < SEVERITY_WARNING || !(e->traits & LOG_PROBE))
			continue;
		int64_t asked = probed_port(e->entry->text);
		if (asked && find_listener(c, e->instance, e->time, &l) &&
			(l.port != asked || is_loopback(l.host))) {
			report(c, &l, asked, e->entry, NULL);
			return true;
		}
	}
	return false;
}

static bool is_refused(const struct step_result *s)
{
	return s->status == STEP_FAILED && s->failure == FAILURE_CONNECT && s->detail &&
	       (str_contains(str_of(s->detail), "refused") ||
		       str_contains(str_of(s->detail), "reset"));
}

/* "localhost" is the address that a program listens at under that name. */
static struct str loopback_of(struct str host)
{
	if (str_starts(host, "["))
		return str_sub(host, 1, host.len - 2);
	return str_is(host, "localhost") ? STR("127.0.0.1") : host;
}

static bool compare_steps(struct context *c)
{
	for (size_t i = 0; c->run && i < c->run->step_count; i++) {
		const struct step_result *s = &c->run->steps[i];
		struct listener l;
		struct url asked;

		if (!is_refused(s) || !s->target ||
			!text_target(c->arena, str_of(s->target), &asked) ||
			!find_listener(c, NULL, TIME_NONE, &l))
			continue;
		size_t before = c->problem_count;
		/* Asked at that very address, from the same machine: it is reached like any other. */
		if (is_loopback(l.host) && str_equal(loopback_of(l.host), loopback_of(asked.host)))
			l.host = STR("");
		report(c, &l, asked.port, NULL, s->name);
		return c->problem_count > before;
	}
	return false;
}

void ports_compare(struct context *c)
{
	if (!c->logs || another_cause(c))
		return;
	if (!compare_platform(c))
		compare_steps(c);
}

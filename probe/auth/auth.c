/*
 * Credentials of a run: one fetch for all steps that ask for the same profile, kept until shortly
 * before it expires. By role:
 *
 *   auth_obtain, request_*     what a step waits for: the fetch, then (reject) the JWK set
 *   entry_*                    one profile's fetch and what it gave
 *   auth_done, auth_failed     how a kind ends a fetch
 *   auth_check                 a profile is validated before the first packet
 */
#include <stdlib.h>

#include "auth_private.h"
#include "probe/json.h"

/* RFC 6749 says nothing of it; a token that ends while the request is under way is no use. */
#define RENEW_BEFORE (60 * NS_PER_S)

struct auth_fetch {
	struct auth_entry *entry;
	struct arena *arena;
	void *spec, *state;
	struct str target;
	struct connection connection;
	struct timer finish;
	bool started, ended;
	struct pairs headers;
	struct str token, renew;
	int64_t expires;
	const char *problem;
};

/* A profile with its values: what it gave last, and the fetch under way. */
struct auth_entry {
	struct auth *auth;
	const struct auth_kind *kind;
	struct str key;      /* the expanded profile as JSON */
	struct arena *arena; /* of the credential; replaced when renewed */
	struct pairs headers;
	struct str token, renew;
	int64_t expires; /* wall; TIME_NONE: not known */
	bool ready;
	struct auth_fetch *fetch;
	struct auth_request *waiting;
	struct auth_entry *next;
};

struct auth_request {
	struct auth *auth;
	struct arena *arena;
	struct auth_entry *entry;
	struct auth_in in;
	struct auth_want want;
	struct reject_spec reject;
	struct connection connection;
	struct jwks_load *jwks;
	struct timer timer;
	const char *problem;
	struct credential credential;
	void (*done)(void *ctx, const struct credential *, const char *problem);
	void *ctx;
	struct auth_request *next; /* in entry->waiting */
	bool queued;
};

struct auth {
	struct arena *arena;
	struct loop *loop;
	struct redactor *redactor;
	const struct auth_kind *const *kinds;
	struct auth_entry *entries;
};

struct auth *auth_new(
	struct loop *loop, struct redactor *redactor, const struct auth_kind *const *kinds)
{
	struct arena *arena = arena_new();
	struct auth *auth = ARENA_NEW(arena, struct auth);

	auth->arena = arena;
	auth->loop = loop;
	auth->redactor = redactor;
	auth->kinds = kinds;
	return auth;
}

static void fetch_free(struct auth_entry *entry)
{
	struct auth_fetch *fetch = entry->fetch;

	if (!fetch)
		return;
	entry->fetch = NULL;
	timer_stop(entry->auth->loop, &fetch->finish);
	if (fetch->started)
		entry->kind->stop(fetch);
	arena_free(fetch->arena);
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	for (struct auth_entry *entry = auth->entries; entry; entry = entry->next) {
		fetch_free(entry);
		arena_free(entry->arena);
	}
	arena_free(auth->arena);
}

/* Requests */

static void request_free(struct auth_request *request)
{
	timer_stop(request->auth->loop, &request->timer);
	jwks_cancel(request->jwks);
	arena_free(request->arena);
}

static void request_deliver(void *ctx)
{
	struct auth_request *request = ctx;

	request->done(
		request->ctx, request->problem ? NULL : &request->credential, request->problem);
	request_free(request);
}

static void request_fail(struct auth_request *request, const char *problem)
{
	request->problem = arena_strdup(request->arena, problem);
	loop_defer(request->auth->loop, &request->timer, request_deliver, request);
}

static void request_reject(struct auth_request *request, const struct jose_keys *jwks)
{
	const struct auth_entry *entry = request->entry;
	struct jose_keys signing = {0};
	struct str made;
	struct error err;
	struct reject_good good = {
		.in = &request->in,
		.headers = &entry->headers,
		.token = entry->token,
		.is_token = entry->kind->is_token,
		.now = loop_wall(request->auth->loop),
		.jwks = jwks,
		.signing = &signing,
	};
	int failed = 0;

	if (request->reject.key.len)
		failed = jose_keys_text(request->arena, request->reject.key, &signing, &err);
	if (!failed)
		failed = reject_make(request->arena, request->want.reject, &good,
			&request->credential, &made, &err);
	jose_keys_release(&signing);
	if (failed) {
		request_fail(request, err.text);
		return;
	}
	redactor_add(request->auth->redactor, made);
	keep_credential(request->auth->redactor, &request->credential);
	loop_defer(request->auth->loop, &request->timer, request_deliver, request);
}

static void request_jwks(void *ctx, const struct jose_keys *keys, const char *problem)
{
	struct auth_request *request = ctx;

	if (!keys)
		request_fail(request, arena_printf(request->arena,
					      "the key set for 'key_confusion': %s", problem));
	else
		request_reject(request, keys);
}

/* The entry has a credential: place it, or make the bad variant of it. */
static void request_serve(struct auth_request *request)
{
	const struct auth_entry *entry = request->entry;

	if (!request->want.reject) {
		auth_place(request->arena, &request->in, &entry->headers, entry->token,
			entry->kind->is_token, &request->credential);
		keep_credential(request->auth->redactor, &request->credential);
		loop_defer(request->auth->loop, &request->timer, request_deliver, request);
	} else if (reject_needs_jwks(request->want.reject)) {
		request->jwks = jwks_start(request->auth->loop, &request->connection,
			request->want.target, &request->reject.jwks, request_jwks, request);
	} else {
		request_reject(request, NULL);
	}
}

/* Entries */

static void entry_settle(struct auth_entry *entry, const char *problem)
{
	struct auth_request *request = entry->waiting, *next;

	entry->waiting = NULL;
	for (; request; request = next) {
		next = request->next;
		request->queued = false;
		if (problem)
			request_fail(request, problem);
		else
			request_serve(request);
	}
}

static void fetch_finish(void *ctx)
{
	struct auth_fetch *fetch = ctx;
	struct auth_entry *entry = fetch->entry;
	struct arena *arena;
	const char *problem = NULL;

	if (!fetch->problem) {
		arena = arena_new();
		entry->headers = pairs_copy(arena, fetch->headers);
		entry->token = arena_str(arena, fetch->token);
		entry->renew = arena_str(arena, fetch->renew);
		entry->expires = fetch->expires;
		entry->ready = true;
		arena_free(entry->arena);
		entry->arena = arena;
		redactor_add(entry->auth->redactor, entry->token);
		redactor_add(entry->auth->redactor, entry->renew);
		fetch_free(entry);
		entry_settle(entry, NULL);
		return;
	}
	arena = arena_new();
	problem = redact_text(entry->auth->redactor, arena, arena_strdup(arena, fetch->problem));
	entry->ready = false;
	fetch_free(entry);
	entry_settle(entry, problem);
	arena_free(arena);
}

/* A line break from a secret store or an issuer would break the request, or add a header to it. */
static bool has_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\t') ||
			text.ptr[i] == 0x7F)
			return true;
	return false;
}

void auth_done(struct auth_fetch *fetch, struct pairs headers, struct str token, int64_t expires,
	struct str renew)
{
	bool broken = has_control(token);

	for (size_t i = 0; i < headers.count; i++)
		broken = broken || has_control(headers.items[i].name) ||
			 has_control(headers.items[i].value);
	if (broken) {
		auth_failed(fetch, "the credential of '%s' holds a control character",
			fetch->entry->kind->name);
		return;
	}
	if (fetch->ended)
		return;
	fetch->ended = true;
	fetch->headers = pairs_copy(fetch->arena, headers);
	fetch->token = arena_str(fetch->arena, token);
	fetch->renew = arena_str(fetch->arena, renew);
	fetch->expires = expires;
	loop_defer(fetch->entry->auth->loop, &fetch->finish, fetch_finish, fetch);
}

void auth_failed(struct auth_fetch *fetch, const char *fmt, ...)
{
	va_list args;

	if (fetch->ended)
		return;
	fetch->ended = true;
	va_start(args, fmt);
	fetch->problem = arena_vprintf(fetch->arena, fmt, args);
	va_end(args);
	loop_defer(fetch->entry->auth->loop, &fetch->finish, fetch_finish, fetch);
}

static const struct node *normal_body(struct arena *arena, const struct auth_kind *kind,
	const struct node *body, struct diags *diags)
{
	if (body->type == NODE_MAP || !kind->shorthand)
		return body;
	return kind->shorthand(arena, body, diags);
}

static void entry_fetch(
	struct auth_entry *entry, const struct auth_request *request, const struct node *body)
{
	struct arena *arena = arena_new();
	struct auth_fetch *fetch = ARENA_NEW(arena, struct auth_fetch);
	struct diags diags;
	struct fill fill = *request->want.fill;

	diags_init(&diags, arena);
	fill.arena = arena;
	fill.diags = &diags;
	fetch->entry = entry;
	fetch->arena = arena;
	fetch->target = arena_str(arena, request->want.target);
	/* The step that asked first may be gone before the answer comes. */
	fetch->connection = request->connection;
	fetch->spec = arena_alloc(arena, entry->kind->spec_size);
	fetch->state = arena_alloc(arena, entry->kind->state_size);
	entry->fetch = fetch;
	body = normal_body(arena, entry->kind, body, &diags);
	if (!body || fields_fill(&fill, entry->kind->fields, body, fetch->spec)) {
		auth_failed(fetch, "%s",
			diags.count ? diags.items[0].message : "the profile is not valid");
		return;
	}
	fetch->started = true;
	entry->kind->start(fetch);
}

static struct auth_entry *entry_find(
	struct auth *auth, const struct auth_kind *kind, struct str key)
{
	for (struct auth_entry *entry = auth->entries; entry; entry = entry->next)
		if (entry->kind == kind && str_equal(entry->key, key))
			return entry;
	struct auth_entry *entry = ARENA_NEW(auth->arena, struct auth_entry);

	entry->auth = auth;
	entry->kind = kind;
	entry->key = arena_str(auth->arena, key);
	entry->expires = TIME_NONE;
	entry->next = auth->entries;
	auth->entries = entry;
	return entry;
}

static bool entry_fresh(const struct auth_entry *entry)
{
	return entry->ready &&
	       (entry->expires == TIME_NONE ||
		       loop_wall(entry->auth->loop) < entry->expires - RENEW_BEFORE);
}

static void request_begin(struct auth_request *request, const struct node *body)
{
	struct auth_entry *entry = request->entry;

	if (entry_fresh(entry)) {
		request_serve(request);
		return;
	}
	request->next = entry->waiting;
	entry->waiting = request;
	request->queued = true;
	if (!entry->fetch)
		entry_fetch(entry, request, body);
}

struct auth_request *auth_obtain(struct auth *auth, const struct auth_want *want,
	void (*done)(void *ctx, const struct credential *, const char *problem), void *ctx)
{
	struct arena *arena = arena_new();
	struct auth_request *request = ARENA_NEW(arena, struct auth_request);
	const struct auth_kind *kind;
	const struct node *body;
	struct diags diags;
	struct fill fill = *want->fill;
	struct value expanded;

	diags_init(&diags, arena);
	fill.arena = arena;
	fill.diags = &diags;
	request->auth = auth;
	request->arena = arena;
	request->want = *want;
	request->connection = connection_copy(auth->arena, want->connection);
	request->done = done;
	request->ctx = ctx;
	kind = auth_kind_find(auth->kinds, want->profile, &body, &diags);
	if (kind && !auth_in_fill(&fill, node_find(want->profile, "in"), &request->in) &&
		(!want->reject ||
			!fields_fill(&fill, reject_fields, reject_map(arena, want->reject_body),
				&request->reject)) &&
		!node_expand(&fill, body, &expanded)) {
		keep_profile(auth->redactor, arena, &expanded);
		redactor_add(auth->redactor, request->reject.key);
		/* A profile that mints tokens has the signing key itself. */
		if (!request->reject.key.len && strcmp(kind->name, "jwt") == 0)
			request->reject.key = value_str_or(value_find(&expanded, "key"),
				value_str_or(value_find(&expanded, "secret"), STR("")));
		request->entry = entry_find(auth, kind, value_to_str(arena, &expanded));
		request_begin(request, body);
		return request;
	}
	request_fail(request, diags.count ? diags.items[0].message : "the profile is not valid");
	return request;
}

void auth_cancel(struct auth_request *request)
{
	if (!request)
		return;
	for (struct auth_request **at = request->queued ? &request->entry->waiting : NULL;
		at && *at; at = &(*at)->next) {
		if (*at == request) {
			*at = request->next;
			break;
		}
	}
	/* Nobody waits any more: a silent endpoint is not waited for. */
	if (request->queued && !request->entry->waiting)
		fetch_free(request->entry);
	request_free(request);
}

/* For kinds */

const void *auth_spec(const struct auth_fetch *fetch)
{
	return fetch->spec;
}

void *auth_state(struct auth_fetch *fetch)
{
	return fetch->state;
}

struct loop *auth_loop(const struct auth_fetch *fetch)
{
	return fetch->entry->auth->loop;
}

struct arena *auth_arena(const struct auth_fetch *fetch)
{
	return fetch->arena;
}

struct str auth_target(const struct auth_fetch *fetch)
{
	return fetch->target;
}

const struct connection *auth_connection(const struct auth_fetch *fetch)
{
	return &fetch->connection;
}

struct str auth_renewal(const struct auth_fetch *fetch)
{
	return fetch->entry->renew;
}

void auth_secret(struct auth_fetch *fetch, struct str text)
{
	redactor_add(fetch->entry->auth->redactor, text);
}

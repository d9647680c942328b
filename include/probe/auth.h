/*
 * auth: credentials for steps. A profile says how to get one (bearer, basic, oauth2, ...); a kind of
 * auth is one file that ends in one `const struct auth_kind`. Credentials are fetched in the loop,
 * once for many steps, and renewed before they expire.
 */
#ifndef PROBE_AUTH_H
#define PROBE_AUTH_H

#include "probe/http.h"
#include "probe/redact.h"
#include "probe/step.h"

struct auth_fetch; /* one fetch under way, opaque to kinds but for the functions below */

struct auth_kind {
	const char *name, *help, *example;
	const struct field *fields;
	size_t spec_size, state_size; /* zeroed by the framework */
	struct node *(*shorthand)(struct arena *, const struct node *, struct diags *);
	void (*validate)(const void *spec, const struct node *body, struct diags *);
	bool is_token; /* gives a token that `in:` can place; basic and header do not */
	/* Begins; ends in exactly one auth_done or auth_failed, now or later. */
	void (*start)(struct auth_fetch *);
	/* Called once, whatever happened. */
	void (*stop)(struct auth_fetch *);
};

/* For kinds. */
const void *auth_spec(const struct auth_fetch *);
void *auth_state(struct auth_fetch *);
struct loop *auth_loop(const struct auth_fetch *);
struct arena *auth_arena(const struct auth_fetch *);
struct str auth_target(const struct auth_fetch *);
const struct connection *auth_connection(const struct auth_fetch *);
/* The token (or the value of Authorization/of a header for kinds that give none), and the wall time
 * it expires (TIME_NONE: unknown). `renew` is a refresh token or empty. */
void auth_done(struct auth_fetch *, struct pairs headers, struct str token, int64_t expires,
	struct str renew);
void auth_failed(struct auth_fetch *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the fetch before gave to renew with (a refresh token), or empty. */
struct str auth_renewal(const struct auth_fetch *);
/* A text of the profile or of an answer that must not be shown. */
void auth_secret(struct auth_fetch *, struct str);

/* For the engine: one per run; holds the cache and registers every secret with the redactor. */
struct auth;

struct auth *auth_new(struct loop *, struct redactor *, const struct auth_kind *const *kinds);
void auth_free(struct auth *);

/*
 * Obtains a credential for `node` (an inline profile, already found by name; with its `in:`).
 * `reject` NULL: the good one; else the bad variant of that kind ("alg_none", ...), made from the
 * good one. `done` is called once, later, unless cancelled: `credential` NULL means failed and
 * `problem` says why (the issuer's answer, masked). For a profile that cannot give the bad variant
 * (a token that is no JWT) likewise.
 */
struct auth_request;
struct auth_want {
	const struct node *profile;
	const struct node *reject_body; /* the map of `reject`, for jwks/key; NULL */
	const char *reject;
	const struct fill *fill;
	const struct connection *connection;
	struct http_session *session;
	struct str target;
};
struct auth_request *auth_obtain(struct auth *, const struct auth_want *,
	void (*done)(void *ctx, const struct credential *, const char *problem), void *ctx);
void auth_cancel(struct auth_request *);

/* Validates a profile node (and its `in:`) before the first packet. */
void auth_check(
	const struct auth_kind *const *kinds, const struct fill *, const struct node *profile);
/* Validates `reject` against the profile's kind: unknown kinds, kinds whose means are absent. Fills
 * the list of kinds to try, in order, and settle (ns). */
int reject_check(const struct auth_kind *const *kinds, const struct fill *,
	const struct node *reject, const struct node *profile, struct strs *out, int64_t *settle);

/* All kinds, ended by NULL. */
extern const struct auth_kind *const auth_kinds[];

#endif

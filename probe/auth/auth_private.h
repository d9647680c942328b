/* Shared by the files of auth/ only. */
#ifndef AUTH_PRIVATE_H
#define AUTH_PRIVATE_H

#include "probe/auth.h"
#include "probe/jwks.h"

/* Where a token goes (`in:`). */
enum auth_place { IN_HEADER, IN_NAMED_HEADER, IN_QUERY, IN_COOKIE, IN_SUBPROTOCOL };

struct auth_in {
	enum auth_place place;
	struct str name;     /* header, query parameter or cookie */
	struct strs pattern; /* subprotocols with {token} and {base64url} */
};

/* Reads `in:` of a profile (NULL: the default). Mistakes go to fill->diags. */
int auth_in_fill(const struct fill *, const struct node *in, struct auth_in *out);
/* What a kind gave, placed; `headers` are used when the kind gives no token. */
void auth_place(struct arena *, const struct auth_in *, const struct pairs *headers,
	struct str token, bool is_token, struct credential *out);
/* The request without its token; subprotocols that hold none are still offered, since a server may
 * insist on them. */
void auth_place_none(struct arena *, const struct auth_in *, struct credential *out);
/* auth_keep.c: registers what is secret of an expanded profile, and of a placed credential. */
void keep_profile(struct redactor *, struct arena *, const struct value *body);
void keep_credential(struct redactor *, const struct credential *);
/* Copies that outlive the step that asked. */
struct pairs pairs_copy(struct arena *, struct pairs);
struct connection connection_copy(struct arena *, const struct connection *);
/* The kind whose key stands in the profile; NULL with a diagnostic. */
const struct auth_kind *auth_kind_find(const struct auth_kind *const *kinds,
	const struct node *profile, const struct node **body, struct diags *);

/* The keys of `reject` as a map. */
struct reject_spec {
	struct strs kinds;
	struct value jwks;
	struct str key;
	int64_t settle;
};

extern const struct field reject_fields[];

/* A bad variant of a good credential. `keys`: the JWK set for key_confusion (NULL else); `signing`:
 * keys to sign anew with. `made`: the token that was made, which elsewhere may be as good as any, or
 * empty. -1 with err when it cannot be made of this credential. */
struct reject_good {
	const struct auth_in *in;
	const struct pairs *headers;
	struct str token;
	bool is_token;
	int64_t now; /* wall */
	const struct jose_keys *jwks, *signing;
};
int reject_make(struct arena *, const char *kind, const struct reject_good *,
	struct credential *out, struct str *made, struct error *err);
/* Whether the kind needs the JWK set of `reject`. */
bool reject_needs_jwks(const char *kind);
/* The map of `reject` whether it was written as a list or as a map. */
const struct node *reject_map(struct arena *, const struct node *reject);

#endif

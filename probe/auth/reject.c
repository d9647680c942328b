/*
 * Bad credentials, each made from the good one (RFC 8725 names what servers get wrong): what is
 * tried, what it needs, and how it is made.
 */
#include <stdio.h>

#include "auth_private.h"
#include "probe/base64.h"

enum reject_need {
	NEED_NONE,
	NEED_BEARER, /* a token in the Authorization header */
	NEED_JWT,
	NEED_KEY,  /* a JWT and a signing key */
	NEED_JWKS, /* a JWT and the public keys */
};

struct reject_kind {
	const char *name;
	enum reject_need need;
	/* Changes the claims; the token is signed anew. NULL: made another way. */
	void (*change)(struct arena *, struct value *claims, int64_t now_s);
};

static void change_expired(struct arena *arena, struct value *claims, int64_t now)
{
	value_set(arena, claims, STR("iat"), value_integer(now - 7200));
	value_set(arena, claims, STR("exp"), value_integer(now - 3600));
}

static void change_not_yet_valid(struct arena *arena, struct value *claims, int64_t now)
{
	value_set(arena, claims, STR("nbf"), value_integer(now + 3600));
	value_set(arena, claims, STR("exp"), value_integer(now + 7200));
}

static void change_audience(struct arena *arena, struct value *claims, int64_t now)
{
	(void)now;
	value_set(arena, claims, STR("aud"), value_text("https://wrong-audience.invalid"));
}

static void change_issuer(struct arena *arena, struct value *claims, int64_t now)
{
	(void)now;
	value_set(arena, claims, STR("iss"), value_text("https://wrong-issuer.invalid"));
}

static const struct reject_kind reject_kinds[] = {
	{"missing", NEED_NONE, NULL},
	{"malformed", NEED_NONE, NULL},
	{"empty", NEED_NONE, NULL},
	{"wrong_scheme", NEED_BEARER, NULL},
	{"bad_signature", NEED_JWT, NULL},
	{"alg_none", NEED_JWT, NULL},
	{"expired", NEED_KEY, change_expired},
	{"not_yet_valid", NEED_KEY, change_not_yet_valid},
	{"wrong_audience", NEED_KEY, change_audience},
	{"wrong_issuer", NEED_KEY, change_issuer},
	{"key_confusion", NEED_JWKS, NULL},
};

enum { REJECT_KINDS = sizeof(reject_kinds) / sizeof(*reject_kinds) };

static const struct reject_kind *kind_find(struct str name)
{
	for (size_t i = 0; i < REJECT_KINDS; i++)
		if (str_is(name, reject_kinds[i].name))
			return &reject_kinds[i];
	return NULL;
}

bool reject_needs_jwks(const char *kind)
{
	const struct reject_kind *found = kind_find(str_of(kind));

	return found && found->need == NEED_JWKS;
}

const struct field reject_fields[] = {
	{.name = "kinds",
		.type = FIELD_STRINGS,
		.offset = FIELD_AT(struct reject_spec, kinds),
		.required = true,
		.help = "bad credentials that must be refused: missing malformed empty wrong_scheme "
			"bad_signature alg_none expired not_yet_valid wrong_audience wrong_issuer key_confusion"},
	{.name = "jwks",
		.type = FIELD_VALUE,
		.offset = FIELD_AT(struct reject_spec, jwks),
		.help = "URL, path or file of the public keys; key_confusion needs it"},
	{.name = "key",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct reject_spec, key),
		.help = "the signing key (PEM, JWK or secret), for the kinds that sign anew"},
	{.name = "settle",
		.type = FIELD_DURATION,
		.offset = FIELD_AT(struct reject_spec, settle),
		.max = 300,
		.fallback = "2s",
		.help = "how long an opened WebSocket is watched for a refusing close"},
	{.name = NULL},
};

const struct node *reject_map(struct arena *arena, const struct node *reject)
{
	if (reject->type == NODE_MAP)
		return reject;
	struct node *map = node_map(arena, reject->span);

	node_map_add(arena, map, "kinds", (struct node *)reject);
	return map;
}

/* Validation */

static const char *const *kind_names(void)
{
	static const char *names[REJECT_KINDS + 1];

	for (size_t i = 0; i < REJECT_KINDS; i++)
		names[i] = reject_kinds[i].name;
	return names;
}

static void check_need(const struct fill *fill, struct span span, const struct reject_kind *kind,
	const struct auth_kind *auth, const struct auth_in *in, const struct node *map)
{
	bool mints = strcmp(auth->name, "jwt") == 0;

	if (!auth->is_token && kind->need != NEED_NONE)
		diag_error(fill->diags, span,
			"'%s' needs a token; with '%s' only missing, malformed and empty can be tried",
			kind->name, auth->name);
	else if (kind->need == NEED_BEARER && in->place != IN_HEADER)
		diag_error(fill->diags, span, "'%s' needs a token in the Authorization header",
			kind->name);
	else if (kind->need == NEED_KEY && !node_find(map, "key") && !mints)
		diag_error(fill->diags, span,
			"'%s' signs a token anew: give the signing key, reject: {kinds: [...], key: {file: PATH}}",
			kind->name);
	else if (kind->need == NEED_JWKS && !node_find(map, "jwks"))
		diag_error(fill->diags, span,
			"'%s' needs the public keys: reject: {kinds: [...], jwks: /.well-known/jwks.json}",
			kind->name);
}

static const struct node *kinds_node(const struct node *reject)
{
	return reject->type == NODE_MAP ? node_find(reject, "kinds") : reject;
}

int reject_check(const struct auth_kind *const *kinds, const struct fill *fill,
	const struct node *reject, const struct node *profile, struct strs *out, int64_t *settle)
{
	struct reject_spec spec = {0};
	const struct node *map = reject_map(fill->arena, reject), *body, *list = kinds_node(reject);
	size_t before = fill->diags->errors;
	struct auth_in in = {0};

	*out = (struct strs){0};
	if (!profile) {
		diag_error(fill->diags, reject->span,
			"'reject' needs 'auth': the good credential that the bad ones are made of");
		return -1;
	}
	const struct auth_kind *auth = auth_kind_find(kinds, profile, &body, fill->diags);

	if (fields_fill(fill, reject_fields, map, &spec) || !auth ||
		auth_in_fill(fill, node_find(profile, "in"), &in))
		return -1;
	for (size_t i = 0; i < spec.kinds.count; i++) {
		const struct reject_kind *kind = kind_find(spec.kinds.items[i]);
		struct span span = list->type == NODE_LIST && i < list->count ? list->items[i]->span
									      : list->span;

		if (!kind) {
			const char *near = diag_suggest(spec.kinds.items[i], kind_names());

			diag_error(fill->diags, span, "unknown kind of bad credential '%.*s'%s%s%s",
				STR_ARG(spec.kinds.items[i]), near ? ", did you mean '" : "",
				near ? near : "", near ? "'?" : "");
			continue;
		}
		check_need(fill, span, kind, auth, &in, map);
	}
	if (!spec.kinds.count)
		diag_error(fill->diags, reject->span, "the list of kinds is empty");
	*out = spec.kinds;
	*settle = spec.settle;
	return fill->diags->errors == before ? 0 : -1;
}

/* Making */

/* For credentials that are headers (basic, header): the same headers with another value. */
static void make_headers(
	struct arena *arena, const struct pairs *good, struct str value, struct credential *out)
{
	out->headers.items = ARENA_ARRAY(arena, good->count, struct pair);
	out->headers.count = good->count;
	for (size_t i = 0; i < good->count; i++) {
		bool basic = str_starts(good->items[i].value, "Basic ");

		out->headers.items[i].name = good->items[i].name;
		out->headers.items[i].value =
			basic ? str_of(arena_printf(arena, "Basic %.*s", STR_ARG(value))) : value;
	}
}

static void make_plain(struct arena *arena, const struct reject_good *good, struct str value,
	struct credential *out)
{
	if (good->is_token)
		auth_place(arena, good->in, good->headers, value, true, out);
	else
		make_headers(arena, good->headers, value, out);
}

static struct str value_part(struct arena *arena, const struct value *value)
{
	return base64url_encode(arena, value_to_str(arena, value));
}

/* The header says that nothing is signed (RFC 7519, section 6). The claims stay to the byte, and so
 * does `kid`: a server that looks for its key first must get as far as the algorithm. */
static struct str make_alg_none(struct arena *arena, const struct jwt *jwt)
{
	struct value header = value_copy(arena, &jwt->header);
	struct str claims = str_from(jwt->signing_input, str_find_char(jwt->signing_input, '.'));

	value_set(arena, &header, STR("alg"), value_text("none"));
	struct str head = value_part(arena, &header);

	return str_of(arena_printf(arena, "%.*s%.*s.", STR_ARG(head), STR_ARG(claims)));
}

/* Another signature of the same length; some bits in the middle, never only padding. */
static struct str make_bad_signature(struct arena *arena, const struct jwt *jwt)
{
	struct str bytes = arena_str(arena, jwt->signature);
	struct str encoded;

	if (!bytes.len)
		bytes = arena_str(arena, STR("not-a-signature-at-all"));
	((char *)bytes.ptr)[bytes.len / 2] ^= 0x55;
	((char *)bytes.ptr)[0] ^= 0x2A;
	encoded = base64url_encode(arena, bytes);
	return str_of(
		arena_printf(arena, "%.*s.%.*s", STR_ARG(jwt->signing_input), STR_ARG(encoded)));
}

static int make_signed(struct arena *arena, const struct reject_kind *kind,
	const struct reject_good *good, const struct jwt *jwt, struct str *token, struct error *err)
{
	struct value claims = value_copy(arena, &jwt->claims),
		     header = value_copy(arena, &jwt->header);
	struct jwt_wanted wanted = {.now = 0, .leeway = 0};
	const char *problem;

	if (!good->signing->count)
		return error_set(err, "'%s' needs the signing key", kind->name);
	/* With a wrong key the server would refuse for another reason, and the test would prove
	 * nothing. Times do not matter here: only the signature is looked at. */
	problem = jwt_verify(jwt, good->signing, &wanted);
	if (problem &&
		(strcmp(problem, "bad_signature") == 0 || strcmp(problem, "unknown_key") == 0 ||
			strcmp(problem, "unsupported_alg") == 0))
		return error_set(err,
			"the key under 'reject' is not the one that signed the good token (%s)",
			problem);
	kind->change(arena, &claims, good->now / NS_PER_S);
	return jwt_sign(arena, jwt->alg, good->signing, &header, &claims, token, err);
}

/* HS256 with the public key as the secret (RFC 8725, section 2.1): a server that lets the token
 * choose the algorithm takes its own public key for a shared secret. */
static int make_confused(struct arena *arena, const struct reject_good *good, const struct jwt *jwt,
	struct str *token, struct error *err)
{
	struct jose_keys secret;
	struct value header = value_copy(arena, &jwt->header);
	const struct jose_key *chosen = NULL;
	struct str pem;

	for (size_t i = 0; i < good->jwks->count; i++) {
		const struct jose_key *key = &good->jwks->items[i];

		if (key->pkey && (!chosen || (jwt->kid.len && str_equal(key->kid, jwt->kid))))
			chosen = key;
	}
	if (!chosen)
		return error_set(err, "the JWK set holds no public key for 'key_confusion'");
	if (jose_key_pem(arena, chosen, &pem, err))
		return -1;
	jose_keys_secret(arena, pem, &secret);
	return jwt_sign(arena, STR("HS256"), &secret, &header, &jwt->claims, token, err);
}

static int make_token(struct arena *arena, const struct reject_kind *kind,
	const struct reject_good *good, struct str *token, struct error *err)
{
	struct jwt jwt;
	struct error problem;

	if (jwt_parse(arena, good->token, &jwt, &problem))
		return error_set(err, "'%s' needs a JWT, and the good token is none: %s",
			kind->name, problem.text);
	if (strcmp(kind->name, "alg_none") == 0)
		*token = make_alg_none(arena, &jwt);
	else if (strcmp(kind->name, "bad_signature") == 0)
		*token = make_bad_signature(arena, &jwt);
	else if (kind->need == NEED_JWKS)
		return make_confused(arena, good, &jwt, token, err);
	else
		return make_signed(arena, kind, good, &jwt, token, err);
	return 0;
}

int reject_make(struct arena *arena, const char *name, const struct reject_good *good,
	struct credential *out, struct str *made, struct error *err)
{
	const struct reject_kind *kind = kind_find(str_of(name));
	struct str token;

	*out = (struct credential){0};
	*made = STR("");
	if (!kind)
		return error_set(err, "unknown kind of bad credential '%s'", name);
	if (strcmp(name, "missing") == 0) {
		auth_place_none(arena, good->in, out);
		return 0;
	}
	if (strcmp(name, "empty") == 0) {
		make_plain(arena, good, STR(""), out);
		return 0;
	}
	if (strcmp(name, "malformed") == 0) {
		make_plain(arena, good, STR("not.a-credential.goldprobe"), out);
		return 0;
	}
	if (kind->need == NEED_BEARER) {
		auth_place(arena, good->in, good->headers, good->token, true, out);
		out->headers.items[0].value =
			str_of(arena_printf(arena, "Basic %.*s", STR_ARG(good->token)));
		return 0;
	}
	if (make_token(arena, kind, good, &token, err))
		return -1;
	*made = token;
	auth_place(arena, good->in, good->headers, token, true, out);
	return 0;
}

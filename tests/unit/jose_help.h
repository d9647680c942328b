/* jose_help: keys from text, and what jwt_verify() says, at a time when the tokens of the RFCs are valid. */
#ifndef TESTS_UNIT_JOSE_HELP_H
#define TESTS_UNIT_JOSE_HELP_H

#include "probe/clock.h"
#include "probe/jose.h"

#define NOW (1300819000 * NS_PER_S)

static inline struct jose_keys keys_of(struct arena *arena, const char *text)
{
	struct jose_keys keys = {0};
	struct error err;

	if (jose_keys_text(arena, str_of(text), &keys, &err))
		fail_msg("%s: %s", text, err.text);
	return keys;
}

/* What is wrong with the token, "" when it is sound. */
static inline const char *verdict(struct arena *arena, struct str token,
	const struct jose_keys *keys, struct jwt_wanted wanted)
{
	struct jwt jwt;
	struct error err;

	if (jwt_parse(arena, token, &jwt, &err))
		return "malformed";
	if (!wanted.now)
		wanted.now = NOW;
	const char *problem = jwt_verify(&jwt, keys, &wanted);

	return problem ? problem : "";
}

static inline const char *verdict_of(struct arena *arena, const char *token, const char *key)
{
	struct jose_keys keys = keys_of(arena, key);
	const char *got = verdict(arena, str_of(token), &keys, (struct jwt_wanted){0});

	jose_keys_release(&keys);
	return got;
}

#endif

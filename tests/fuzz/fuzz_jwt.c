/* Any token with any keys: a line parts them. No crash, and nothing verifies but what was signed. */
#include <stdlib.h>

#include "probe/jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the keys of the input sign they verify, whatever they are. */
static void check_round_trip(struct arena *arena, const struct jose_keys *keys)
{
	struct value claims = value_object();
	struct jwt_wanted wanted = {.now = 0};
	struct str token;
	struct jwt jwt;

	for (size_t i = 0; i < keys->count && i < 2; i++) {
		struct jose_keys one = {&keys->items[i], 1, 0};
		struct str alg = str_of(jose_key_alg(&keys->items[i]));

		/* A private RSA key of hostile numbers may sign what its public half does not verify. */
		if (!keys->items[i].secret.len ||
			jwt_sign(arena, alg, &one, NULL, &claims, &token, NULL))
			continue;
		if (jwt_parse(arena, token, &jwt, NULL) || jwt_verify(&jwt, &one, &wanted))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	size_t line = str_find_char(text, '\n');
	struct str token = str_sub(text, 0, line);
	struct str key = line == SIZE_MAX ? STR("secret") : str_from(text, line + 1);
	struct jwt_wanted wanted = {.now = 1300819000000000000};
	struct jose_keys keys = {0};
	struct jwt jwt;
	struct error err;

	if (jose_keys_text(arena, key, &keys, &err) == 0) {
		if (jwt_parse(arena, token, &jwt, &err) == 0) {
			const char *problem = jwt_verify(&jwt, &keys, &wanted);

			if (str_is_nocase(jwt.alg, "none") && !problem)
				abort();
		}
		check_round_trip(arena, &keys);
		jose_keys_release(&keys);
	}
	arena_free(arena);
	return 0;
}

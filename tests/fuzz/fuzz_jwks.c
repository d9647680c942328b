/* Any JWK set: no crash, and a key that was taken verifies no token but its own. */
#include <stdint.h>
#include <stdlib.h>

#include "probe/jose.h"
#include "probe/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Signed by nobody: 64 and 256 bytes of zeroes. */
static const char *const tokens[] = {
	"eyJhbGciOiJFUzI1NiJ9.e30."
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"eyJhbGciOiJFZERTQSJ9.e30."
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"eyJhbGciOiJub25lIn0.e30.",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct jose_keys keys = {0};
	struct jwt_wanted wanted = {.now = 1};
	struct value json;
	struct error err;

	if (json_parse(arena, (struct str){(const char *)data, size}, 0, &json, &err) == 0 &&
		jose_keys_jwks(arena, &json, &keys, &err) == 0) {
		for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
			struct jwt jwt;

			/* Ed25519 of a hostile point may take zeroes; ECDSA and `none` never. */
			if (jwt_parse(arena, str_of(tokens[i]), &jwt, &err))
				abort();
			if (!jwt_verify(&jwt, &keys, &wanted) && i != 1)
				abort();
		}
		for (size_t i = 0; i < keys.count; i++) {
			struct str pem;

			jose_key_alg(&keys.items[i]);
			jose_key_pem(arena, &keys.items[i], &pem, &err);
		}
	}
	jose_keys_release(&keys);
	arena_free(arena);
	return 0;
}

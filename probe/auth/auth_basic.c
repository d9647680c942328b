#include "auth_private.h"
#include "probe/base64.h"

struct basic {
	struct str username, password;
};

static const struct field fields[] = {
	{.name = "username",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct basic, username),
		.required = true,
		.help = "the user's name, without a colon"},
	{.name = "password",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct basic, password),
		.required = true,
		.help = "the password"},
	{.name = NULL},
};

/* RFC 7617. The encoded pair is a secret of its own: at no alignment does it hold the password's
 * bytes alone. */
static void start(struct auth_fetch *fetch)
{
	const struct basic *spec = auth_spec(fetch);
	struct arena *arena = auth_arena(fetch);
	struct pair header = {STR("Authorization"), STR("")};

	if (str_find_char(spec->username, ':') != SIZE_MAX) {
		auth_failed(fetch, "the user's name of basic auth holds a colon (RFC 7617)");
		return;
	}
	struct str pair = str_of(
		arena_printf(arena, "%.*s:%.*s", STR_ARG(spec->username), STR_ARG(spec->password)));
	struct str encoded = base64_encode(arena, pair);

	auth_secret(fetch, pair);
	auth_secret(fetch, encoded);
	header.value = str_of(arena_printf(arena, "Basic %.*s", STR_ARG(encoded)));
	auth_done(fetch, (struct pairs){&header, 1}, STR(""), TIME_NONE, STR(""));
}

static void stop(struct auth_fetch *fetch)
{
	(void)fetch;
}

extern const struct auth_kind auth_basic;
const struct auth_kind auth_basic = {
	.name = "basic",
	.help = "sends a name and a password (RFC 7617)",
	.example = "basic: {username: smoke, password: \"${password}\"}",
	.fields = fields,
	.spec_size = sizeof(struct basic),
	.start = start,
	.stop = stop,
};

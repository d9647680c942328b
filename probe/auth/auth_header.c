#include "auth_private.h"

struct header {
	struct str name, value;
};

static const struct field fields[] = {
	{.name = "name",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct header, name),
		.required = true,
		.help = "name of the header, such as X-API-Key"},
	{.name = "value",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct header, value),
		.required = true,
		.help = "its value, a secret"},
	{.name = NULL},
};

static void start(struct auth_fetch *fetch)
{
	const struct header *spec = auth_spec(fetch);
	struct pair header = {spec->name, spec->value};

	auth_secret(fetch, spec->value);
	auth_done(fetch, (struct pairs){&header, 1}, STR(""), TIME_NONE, STR(""));
}

static void stop(struct auth_fetch *fetch)
{
	(void)fetch;
}

extern const struct auth_kind auth_header;
const struct auth_kind auth_header = {
	.name = "header",
	.help = "sends a header that holds a key",
	.example = "header: {name: X-API-Key, value: \"${env.API_KEY}\"}",
	.fields = fields,
	.spec_size = sizeof(struct header),
	.start = start,
	.stop = stop,
};

/*
 * Header fields whose values are secret by their nature (SPEC: Authorization, Proxy-Authorization,
 * Cookie, Set-Cookie). Their values are hidden as a whole where they stand, and the credentials in
 * them wherever else they turn up.
 */
#include "engine_private.h"

static const char *const secret_headers[] = {
	"authorization", "proxy-authorization", "cookie", "set-cookie"};

bool header_is_secret(struct str name)
{
	for (size_t i = 0; i < sizeof(secret_headers) / sizeof(*secret_headers); i++)
		if (str_is_nocase(name, secret_headers[i]))
			return true;
	return false;
}

/* "a=1; b=2" of Cookie, or the first pair of Set-Cookie (RFC 6265, section 4). */
static void keep_cookies(struct redactor *redactor, struct str text, bool all)
{
	do {
		size_t end = str_find_char(text, ';');
		struct str pair = str_trim(str_sub(text, 0, end));
		size_t equals = str_find_char(pair, '=');

		/* Shorter ones are flags ("1", "en"), hidden where they stand but not elsewhere. */
		if (equals != SIZE_MAX && pair.len - equals - 1 >= 8)
			redactor_add(redactor, str_from(pair, equals + 1));
		text = end == SIZE_MAX ? STR("") : str_from(text, end + 1);
	} while (all && text.len);
}

void keep_header_secrets(struct redactor *redactor, const struct pairs *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		struct str name = headers->items[i].name, value = headers->items[i].value;

		if (!header_is_secret(name))
			continue;
		if (str_is_nocase(name, "cookie") || str_is_nocase(name, "set-cookie")) {
			keep_cookies(redactor, value, str_is_nocase(name, "cookie"));
			continue;
		}
		size_t blank = str_find_char(value, ' ');

		if (blank != SIZE_MAX)
			value = str_trim(str_from(value, blank + 1));
		redactor_add(redactor, value);
	}
}

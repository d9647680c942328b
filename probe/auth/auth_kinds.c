/* The kinds of auth: one line each. */
#include "probe/auth.h"

extern const struct auth_kind auth_bearer, auth_basic, auth_header, auth_oauth2,
	auth_google_id_token, auth_google_access_token, auth_jwt;

const struct auth_kind *const auth_kinds[] = {
	&auth_bearer,
	&auth_basic,
	&auth_header,
	&auth_oauth2,
	&auth_google_id_token,
	&auth_google_access_token,
	&auth_jwt,
	NULL,
};

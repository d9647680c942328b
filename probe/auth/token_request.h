/* Shared by the kinds of auth that ask a token endpoint. */
#ifndef AUTH_TOKEN_REQUEST_H
#define AUTH_TOKEN_REQUEST_H

#include "auth_private.h"

/* Part of a kind's state. */
struct token_request {
	struct auth_fetch *fetch;
	struct http_transfer *transfer;
	const char *token_name; /* member of the answer: "access_token", "id_token" */
	/* Called when the endpoint refuses; true: the kind tries another way. May be NULL. */
	bool (*refused)(struct auth_fetch *);
};

/* Adds name=value, percent-encoded; an empty value is left out. */
void form_add(struct arena *, struct buf *form, const char *name, struct str value);
/* Ends in auth_done or auth_failed. */
void token_request_start(struct token_request *, struct auth_fetch *, struct str url,
	const struct pairs *headers, struct str form);
void token_request_stop(struct token_request *);

#endif

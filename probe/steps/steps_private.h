/* What several kinds of step share: facts that mean the same everywhere, and small helpers. */
#ifndef PROBE_STEPS_PRIVATE_H
#define PROBE_STEPS_PRIVATE_H

#include "probe/step.h"
#include "probe/tls.h"
#include "probe/url.h"

/* Lines of fact tables. */
#define FACTS_TIME                                                                                 \
	{"time", "duration", "the whole attempt"}, {"time.dns", "duration", "resolving the name"}, \
		{"time.connect", "duration", "connecting, from the resolved name on"},             \
	{                                                                                          \
		"time.total", "duration", "the whole attempt"                                      \
	}

#define FACTS_TLS                                                                                  \
	{"tls.version", "string", "protocol that was agreed, TLSv1.2 or TLSv1.3"},                 \
		{"tls.cipher", "string", "cipher suite that was agreed"},                          \
		{"tls.alpn", "string", "application protocol that was agreed, such as h2"},        \
		{"tls.subject", "string", "subject of the peer's certificate"},                    \
		{"tls.issuer", "string", "who issued it"},                                         \
		{"tls.san", "list", "names and addresses it is for"},                              \
		{"tls.days_left", "integer",                                                       \
			"days until it expires, rounded down, negative when past"},                \
		{"tls.verified", "boolean", "whether it is trusted, valid and for this host"},     \
	{                                                                                          \
		"tls.verify_error", "string",                                                      \
			"expired, not_yet_valid, self_signed, unknown_issuer, wrong_host, "        \
			"revoked or other; absent when verified"                                   \
	}

/* The object `tls`, for `tls.*`; NULL facts record nothing. */
void step_record_tls(struct attempt *, const struct tls_facts *);
/* A copy that lives as long as the attempt. */
struct pairs step_copy_pairs(struct arena *, const struct pairs *);
/* Headers of an HTTP request or handshake: the framework's, less those that a credential brings. */
struct pairs step_headers(struct attempt *);
/* The URL of a step: path or url joined to the target, with the credential's query. */
int step_url(struct attempt *, struct str path, struct str url, bool websocket, struct str *out,
	struct error *err);
/* Ends the attempt: what a variable gave is no address, URL or file that can be used. */
void step_unfit(struct attempt *, const struct error *);
/* A scalar body as the one key of a map: "db:5432" becomes {address: db:5432}. */
struct node *step_scalar_as(
	struct arena *, const struct node *, const char *key, const char *example, struct diags *);

#endif

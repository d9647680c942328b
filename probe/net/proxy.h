/* proxy: which HTTP proxy a stream goes through, and its CONNECT dialog (RFC 9110 section 9.3.6). */
#ifndef PROBE_NET_PROXY_H
#define PROBE_NET_PROXY_H

#include "probe/arena.h"
#include "probe/stream.h"

struct proxy {
	bool used;
	struct str host;
	unsigned port;
	struct str authorization; /* "Basic ..."; empty: none */
};

/* What the environment says; empty: nothing. Lower case wins, and only lower case for http: HTTP_PROXY
 * can be set by a request to a CGI. */
struct str proxy_environment(bool tls);
/* Chooses as curl does; errors name the proxy (without its password). */
int proxy_choose(struct arena *, const struct stream_options *, struct proxy *out, struct error *);
/* The request that opens the tunnel. */
struct str proxy_request(struct arena *, const struct proxy *, struct str host, unsigned port);
/* Looks at the head of the answer: 0 tunnel is open, -1 refused (err has the status line). */
int proxy_answer(struct str head, struct error *);

#endif

/*
 * url: absolute URLs of the schemes goldprobe speaks (RFC 3986), and joining a path to a target.
 */
#ifndef PROBE_URL_H
#define PROBE_URL_H

#include "probe/arena.h"
#include "probe/error.h"

struct url {
	struct str scheme;   /* lower case */
	struct str userinfo; /* may be empty; a secret */
	struct str host;     /* without brackets */
	unsigned port;       /* explicit or the scheme's */
	bool port_given;
	struct str path; /* with the query, at least "/" for http and ws */
	bool tls;
};

/* Parses; errors say what is wrong ("port 70000 is out of range", "no host", control characters and
 * blanks inside). The fragment is dropped. */
int url_parse(struct arena *, struct str text, struct url *out, struct error *err);
/* "http://h/base" + "/x" is "http://h/base/x"; an absolute `path` stands for itself. `websocket`
 * turns http into ws and https into wss; without it ws becomes http. */
int url_join(struct arena *, struct str target, struct str path, bool websocket, struct str *out,
	struct error *err);
/* "host:port" from an address such as "host:5432", "[::1]:80", ":5432" or "" with the target's
 * missing parts; default_port 0: a missing port is an error. */
int address_join(struct arena *, struct str target, struct str address, unsigned default_port,
	struct str *host, unsigned *port, struct error *err);
/* The same URL with user and password shown as ***. */
struct str url_masked(struct arena *, struct str url);
/* Same scheme, host and port. */
bool url_same_origin(struct arena *, struct str a, struct str b);
/* Percent-encodes everything but unreserved characters. */
struct str url_encode(struct arena *, struct str);
/* Percent-decodes (RFC 3986 section 2.1); what is no escape stays. */
struct str url_decode(struct arena *, struct str);
/* Adds name=value (encoded) to the query of a URL or path. */
struct str url_add_query(struct arena *, struct str url, struct str name, struct str value);
/* "localhost", 127.0.0.0/8, ::1. */
bool host_is_loopback(struct str host);

#endif

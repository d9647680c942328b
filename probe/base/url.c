/* See probe/url.h. Everything is checked here, before a library sees it: no blanks, no controls, a
 * host made of host characters, a port that exists. */
#include "probe/url.h"

#include <arpa/inet.h>
#include <stdio.h>

struct scheme {
	const char *name;
	unsigned port; /* 0: has to be written */
	bool tls;
	bool has_path; /* "/" when none is written */
};

static const struct scheme schemes[] = {
	{"http", 80, false, true},
	{"https", 443, true, true},
	{"ws", 80, false, true},
	{"wss", 443, true, true},
	{"tcp", 0, false, false},
	{"tls", 443, true, false},
	{"grpc", 80, false, false},
	{"grpcs", 443, true, false},
};

enum { URL_BYTES_MAX = 64 * 1024 };

static const struct scheme *scheme_find(struct str name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (str_is_nocase(name, schemes[i].name))
			return &schemes[i];
	return NULL;
}

/* Where `text` has its "://", or SIZE_MAX. Only a scheme may stand before it. */
static size_t scheme_end(struct str text)
{
	size_t colon = str_find(text, STR("://"));

	if (colon == SIZE_MAX || colon == 0)
		return SIZE_MAX;
	for (size_t i = 0; i < colon; i++) {
		char c = text.ptr[i] | 0x20;

		if (!((c >= 'a' && c <= 'z') ||
			    (i > 0 && ((c >= '0' && c <= '9') || text.ptr[i] == '+' || c == '-' ||
					      c == '.'))))
			return SIZE_MAX;
	}
	return colon;
}

static size_t find_any(struct str s, const char *set)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] && strchr(set, s.ptr[i]))
			return i;
	return s.len;
}

static int check_characters(struct str text, struct error *err)
{
	if (text.len > URL_BYTES_MAX)
		return error_set(err, "a URL of %zu bytes is too long", text.len);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == ' ' || c == '\t')
			return error_set(err, "blank in '%.*s', write %%20", STR_ARG(text));
		if (c < 0x20 || c == 0x7f)
			return error_set(err, "control character 0x%02x in a URL", c);
	}
	return 0;
}

static int check_host(struct arena *arena, struct str host, bool bracketed, struct error *err)
{
	if (!host.len)
		return error_set(err, "no host");
	if (bracketed) {
		struct in6_addr address;
		struct str bare = str_sub(host, 0, find_any(host, "%")); /* RFC 6874: a zone */

		if (inet_pton(AF_INET6, arena_str(arena, bare).ptr, &address) == 1)
			return 0;
		return error_set(err, "'[%.*s]' is not an IPv6 address", STR_ARG(host));
	}
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.ptr[i];
		unsigned char letter = c | 0x20;

		if (!((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 ||
			    strchr("-._~", c)))
			return error_set(err, "'%.*s' is not a host name", STR_ARG(host));
	}
	return 0;
}

static int parse_port(struct str text, unsigned *port, struct error *err)
{
	int64_t number;

	if (!text.len || text.ptr[0] < '0' || text.ptr[0] > '9' || !str_int(text, &number))
		return error_set(err, "'%.*s' is not a port", STR_ARG(text));
	if (number < 1 || number > 65535)
		return error_set(err, "port %.*s is out of range (1 to 65535)", STR_ARG(text));
	*port = (unsigned)number;
	return 0;
}

/* "host", "host:port", "[v6]:port", ":port", "". Port 0: none written. */
static int parse_authority(
	struct arena *arena, struct str text, struct str *host, unsigned *port, struct error *err)
{
	struct str rest;
	bool bracketed = text.len && text.ptr[0] == '[';

	if (bracketed) {
		size_t close = str_find_char(text, ']');

		if (close == SIZE_MAX)
			return error_set(err, "'%.*s' lacks a ']'", STR_ARG(text));
		*host = str_sub(text, 1, close - 1);
		rest = str_from(text, close + 1);
	} else {
		size_t colon = find_any(text, ":");

		*host = str_sub(text, 0, colon);
		rest = str_from(text, colon);
		if (rest.len && str_find_char(str_from(rest, 1), ':') != SIZE_MAX)
			return error_set(err,
				"'%.*s' has several colons; write an IPv6 address in brackets",
				STR_ARG(text));
	}
	*port = 0;
	if (rest.len && rest.ptr[0] != ':')
		return error_set(err, "'%.*s' follows the host", STR_ARG(rest));
	if (rest.len && parse_port(str_from(rest, 1), port, err) < 0)
		return -1;
	if (!host->len && !bracketed)
		return 0;
	return check_host(arena, *host, bracketed, err);
}

static struct str lower(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	for (size_t i = 0; i < s.len; i++)
		copy[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] | 0x20 : s.ptr[i];
	return (struct str){copy, s.len};
}

int url_parse(struct arena *arena, struct str text, struct url *out, struct error *err)
{
	size_t colon = scheme_end(text);

	if (check_characters(text, err) < 0)
		return -1;
	if (colon == SIZE_MAX)
		return error_set(err, "'%.*s' has no scheme, such as http://", STR_ARG(text));
	const struct scheme *scheme = scheme_find(str_sub(text, 0, colon));

	if (!scheme)
		return error_set(err,
			"unknown scheme '%.*s', known are http, https, ws, wss, tcp, tls, grpc, "
			"grpcs",
			(int)colon, text.ptr);
	struct url url = {.scheme = str_of(scheme->name), .tls = scheme->tls};
	struct str rest = str_from(text, colon + 3);

	rest = str_sub(rest, 0, find_any(rest, "#"));
	size_t authority_end = find_any(rest, "/?");
	struct str authority = str_sub(rest, 0, authority_end);

	/* The last '@' ends the user info: a password may hold one that nobody encoded. */
	for (size_t i = authority.len; i > 0; i--)
		if (authority.ptr[i - 1] == '@') {
			url.userinfo = arena_str(arena, str_sub(authority, 0, i - 1));
			authority = str_from(authority, i);
			break;
		}
	if (parse_authority(arena, authority, &url.host, &url.port, err) < 0)
		return -1;
	if (!url.host.len)
		return error_set(err, "no host in '%.*s'", STR_ARG(url_masked(arena, text)));
	url.host = lower(arena, url.host);
	url.port_given = url.port != 0;
	if (!url.port_given)
		url.port = scheme->port;
	if (!url.port)
		return error_set(err, "no port in '%.*s'", STR_ARG(url_masked(arena, text)));
	struct str path = str_from(rest, authority_end);

	if (scheme->has_path && (!path.len || path.ptr[0] != '/'))
		url.path = str_of(arena_printf(arena, "/%.*s", STR_ARG(path)));
	else
		url.path = arena_str(arena, path);
	*out = url;
	return 0;
}

/* The scheme a URL gets for the protocol that is wanted; NULL when it has none. */
static const char *http_scheme(struct str scheme, bool websocket)
{
	if (str_is_nocase(scheme, "http") || str_is_nocase(scheme, "ws"))
		return websocket ? "ws" : "http";
	if (str_is_nocase(scheme, "https") || str_is_nocase(scheme, "wss"))
		return websocket ? "wss" : "https";
	return NULL;
}

int url_join(struct arena *arena, struct str target, struct str path, bool websocket,
	struct str *out, struct error *err)
{
	bool absolute = scheme_end(path) != SIZE_MAX;
	struct str base = absolute ? path : target;
	struct url parsed;

	if (!absolute && !target.len)
		return error_set(err, "'%.*s' needs a target", STR_ARG(path));
	if (url_parse(arena, base, &parsed, err) < 0)
		return -1;
	const char *scheme = http_scheme(parsed.scheme, websocket);

	if (!scheme)
		return error_set(err, "'%.*s' is not an address for %s",
			STR_ARG(url_masked(arena, base)), websocket ? "a WebSocket" : "HTTP");
	base = str_from(base, scheme_end(base));
	if (absolute || !path.len) {
		*out = str_of(arena_printf(arena, "%s%.*s", scheme, STR_ARG(base)));
	} else {
		const char *slash = path.ptr[0] == '/' || path.ptr[0] == '?' ? "" : "/";

		base = str_sub(base, 0, find_any(base, "?#"));
		while (base.len > 3 && base.ptr[base.len - 1] == '/' && path.ptr[0] != '?')
			base.len--;
		*out = str_of(arena_printf(
			arena, "%s%.*s%s%.*s", scheme, STR_ARG(base), slash, STR_ARG(path)));
	}
	return url_parse(arena, *out, &parsed, err);
}

int address_join(struct arena *arena, struct str target, struct str address, unsigned default_port,
	struct str *host, unsigned *port, struct error *err)
{
	struct url url;

	if (scheme_end(address) != SIZE_MAX) {
		if (url_parse(arena, address, &url, err) < 0)
			return -1;
		*host = arena_str(arena, url.host);
		*port = url.port;
		return 0;
	}
	if (check_characters(address, err) < 0 ||
		parse_authority(arena, address, host, port, err) < 0)
		return -1;
	if (host->len) {
		*port = *port ? *port : default_port;
		*host = arena_str(arena, *host);
		if (!*port)
			return error_set(err, "no port in '%.*s', write %.*s:PORT",
				STR_ARG(address), STR_ARG(address));
		return 0;
	}
	if (!target.len)
		return error_set(
			err, "'%.*s' has no host and there is no target", STR_ARG(address));
	if (url_parse(arena, target, &url, err) < 0)
		return -1;
	*host = url.host;
	*port = *port ? *port : url.port;
	return 0;
}

struct str url_masked(struct arena *arena, struct str url)
{
	size_t start = scheme_end(url);

	if (start == SIZE_MAX)
		return url;
	start += 3;
	size_t end = start + find_any(str_from(url, start), "/?#");

	for (size_t i = end; i > start; i--)
		if (url.ptr[i - 1] == '@')
			return str_of(arena_printf(arena, "%.*s***%.*s", (int)start, url.ptr,
				STR_ARG(str_from(url, i - 1))));
	return url;
}

bool url_same_origin(struct arena *arena, struct str a, struct str b)
{
	struct url one, two;

	return url_parse(arena, a, &one, NULL) == 0 && url_parse(arena, b, &two, NULL) == 0 &&
	       str_equal(one.scheme, two.scheme) && str_equal(one.host, two.host) &&
	       one.port == two.port;
}

struct str url_decode(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int high = s.ptr[i] == '%' && i + 2 < s.len ? hex_value(s.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_value(s.ptr[i + 2]) : -1;

		out[n++] = low >= 0 ? (char)(high << 4 | low) : s.ptr[i];
		i += low >= 0 ? 2 : 0;
	}
	return (struct str){out, n};
}

struct str url_encode(struct arena *arena, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, 3 * s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		unsigned char letter = c | 0x20;

		/* RFC 3986 section 2.3, unreserved */
		if ((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			c == '.' || c == '_' || c == '~') {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	return (struct str){out, n};
}

struct str url_add_query(struct arena *arena, struct str url, struct str name, struct str value)
{
	size_t fragment = find_any(url, "#");
	struct str head = str_sub(url, 0, fragment);
	size_t mark = str_find_char(head, '?');
	const char *join = "?";

	if (mark != SIZE_MAX)
		join = mark + 1 == head.len || head.ptr[head.len - 1] == '&' ? "" : "&";
	return str_of(arena_printf(arena, "%.*s%s%.*s=%.*s%.*s", STR_ARG(head), join,
		STR_ARG(url_encode(arena, name)), STR_ARG(url_encode(arena, value)),
		STR_ARG(str_from(url, fragment))));
}

bool host_is_loopback(struct str host)
{
	char text[64];
	struct in_addr v4;
	struct in6_addr v6;

	if (host.len && host.ptr[host.len - 1] == '.')
		host.len--;
	if (str_is_nocase(host, "localhost"))
		return true;
	if (host.len > 10 && str_is_nocase(str_from(host, host.len - 10), ".localhost"))
		return true; /* RFC 6761 section 6.3 */
	if (host.len >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(host));
	if (inet_pton(AF_INET, text, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

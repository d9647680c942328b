/* See proxy.h. */
#include "proxy.h"

#include <ctype.h>
#include <stdlib.h>

#include "probe/base64.h"
#include "probe/url.h"

enum { PROXY_PORT = 1080 }; /* curl's, when none is written */

struct str proxy_environment(bool tls)
{
	const char *names[] = {tls ? "https_proxy" : "http_proxy", tls ? "HTTPS_PROXY" : NULL,
		"all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = names[i] ? getenv(names[i]) : NULL;

		if (value && *value)
			return str_of(value);
	}
	return STR("");
}

/* A name covers itself and its subdomains, "*" everything. */
static bool covers(struct str name, struct str host)
{
	if (str_is(name, "*"))
		return true;
	if (name.len && name.ptr[0] == '.')
		name = str_from(name, 1);
	if (name.len > 2 && name.ptr[0] == '[')
		name = str_sub(name, 1, name.len - 2);
	if (!name.len || host.len < name.len ||
		!str_equal_nocase(str_from(host, host.len - name.len), name))
		return false;
	return host.len == name.len || host.ptr[host.len - name.len - 1] == '.';
}

/* no_proxy is a list of names parted by commas or blanks. */
static bool is_exempt(struct str host)
{
	const char *value = getenv("no_proxy");

	if (!value)
		value = getenv("NO_PROXY");
	struct str rest = str_of(value);

	while (rest.len) {
		size_t n = 0;

		while (n < rest.len && rest.ptr[n] != ',' && !isspace((unsigned char)rest.ptr[n]))
			n++;
		if (covers(str_sub(rest, 0, n), host))
			return true;
		rest = str_from(rest, n + 1);
	}
	return false;
}

int proxy_choose(struct arena *arena, const struct stream_options *options, struct proxy *out,
	struct error *err)
{
	const struct connection *c = options->connection;
	struct str text = c ? c->proxy : STR("");
	struct url url;

	*out = (struct proxy){.used = false};
	if (str_is(text, "none") || (c && c->unix_socket.len))
		return 0;
	if (!text.len) {
		if (!options->environment_proxy || host_is_loopback(options->host) ||
			is_exempt(options->host))
			return 0;
		text = proxy_environment(options->tls);
	}
	if (!text.len)
		return 0;
	if (str_find(text, STR("://")) == SIZE_MAX)
		text = str_of(arena_printf(arena, "http://%.*s", STR_ARG(text)));
	if (url_parse(arena, text, &url, err) < 0)
		return error_context(err, "proxy");
	if (!str_is(url.scheme, "http"))
		return error_set(err, "proxy '%.*s' is not an http:// proxy",
			STR_ARG(url_masked(arena, text)));
	out->used = true;
	out->host = url.host;
	out->port = url.port_given ? url.port : PROXY_PORT;
	if (url.userinfo.len)
		out->authorization = str_of(arena_printf(arena, "Basic %.*s",
			STR_ARG(base64_encode(arena, url_decode(arena, url.userinfo)))));
	return 0;
}

struct str proxy_request(struct arena *arena, const struct proxy *p, struct str host, unsigned port)
{
	const char *peer =
		arena_printf(arena, str_find_char(host, ':') != SIZE_MAX ? "[%.*s]:%u" : "%.*s:%u",
			STR_ARG(host), port);

	return str_of(arena_printf(arena, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%.*s%s\r\n", peer,
		peer, p->authorization.len ? "Proxy-Authorization: " : "",
		STR_ARG(p->authorization), p->authorization.len ? "\r\n" : ""));
}

int proxy_answer(struct str head, struct error *err)
{
	struct str line;
	int64_t status;

	if (!str_line(&head, &line) || !str_starts(line, "HTTP/1.") || line.len < 12 ||
		!str_int(str_sub(line, 9, 3), &status))
		return error_set(err, "proxy does not speak HTTP");
	if (status < 200 || status > 299)
		return error_set(
			err, "proxy refused the tunnel: %.*s", STR_ARG(str_sub(line, 9, 100)));
	return 0;
}

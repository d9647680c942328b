/* See http_private.h: from a request to curl's options. Every hop is a new handle and a new
 * connection: nothing of one attempt can help or spoil the next. */
#include "http_private.h"
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gen/version.h"
#include "probe/startup.h"

static int fail(struct http_transfer *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct http_transfer *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	http_fail(t, FAILURE_INTERNAL, arena_vprintf(t->arena, fmt, args));
	va_end(args);
	return -1;
}

static const struct connection *connection_of(const struct http_transfer *t)
{
	static const struct connection none;

	return t->request.connection ? t->request.connection : &none;
}

/* Remembers which addresses are tried, for the words of a failure; opens them so that no child
 * process inherits them. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	(void)purpose;
	struct http_transfer *t = ctx;
	const void *ip = to->family == AF_INET
				 ? (const void *)&((struct sockaddr_in *)&to->addr)->sin_addr
				 : (const void *)&((struct sockaddr_in6 *)&to->addr)->sin6_addr;
	char text[INET6_ADDRSTRLEN];

	if (to->family != AF_UNIX && t->tried_count < TRIED_MAX &&
		inet_ntop(to->family, ip, text, sizeof(text))) {
		unsigned port = ntohs(((struct sockaddr_in *)&to->addr)->sin_port);

		snprintf(t->tried[t->tried_count++].text, sizeof(t->tried[0].text),
			to->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static CURLcode set_tls(CURL *easy, void *ssl_ctx, void *ctx)
{
	(void)easy;
	struct http_transfer *t = ctx;

	return tls_observe(t->observer, ssl_ctx, &t->setup) < 0 ? CURLE_SSL_CERTPROBLEM : CURLE_OK;
}

/* Headers */

bool http_is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return s.len > 0;
}

static bool is_header_value(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\r' || s.ptr[i] == '\n' || s.ptr[i] == '\0')
			return false;
	return true;
}

static void list_add(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		die("out of memory");
	*list = longer;
}

/* Adds one header; Cookie goes to `cookies`, since curl joins it with the jar's. */
static int add_header(struct http_transfer *t, const struct pair *h, const char **cookies)
{
	if (!http_is_token(h->name))
		return fail(t, "'%.*s' is not a header name", STR_ARG(h->name));
	if (!is_header_value(h->value))
		return fail(t, "the value of header '%.*s' holds a line break or NUL",
			STR_ARG(h->name));
	if (str_is_nocase(h->name, "cookie")) {
		*cookies = arena_printf(t->arena, "%s%s%.*s", *cookies ? *cookies : "",
			*cookies ? "; " : "", STR_ARG(h->value));
		return 0;
	}
	/* "Name;" is curl's way to write an empty value; "Name:" would drop the header. */
	list_add(&t->header_list, h->value.len ? arena_printf(t->arena, "%.*s: %.*s",
							 STR_ARG(h->name), STR_ARG(h->value))
					       : arena_printf(t->arena, "%.*s;", STR_ARG(h->name)));
	return 0;
}

static int set_headers(struct http_transfer *t)
{
	const struct http_request *r = &t->request;
	const char *cookies = NULL;

	for (size_t i = 0; i < r->headers.count; i++)
		if (add_header(t, &r->headers.items[i], &cookies) < 0)
			return -1;
	for (size_t i = 0; i < r->credentials.count && !t->origin_left; i++)
		if (add_header(t, &r->credentials.items[i], &cookies) < 0)
			return -1;
	/* A probe does not wait for "100 Continue", and curl's idea of a form is not ours. */
	if (!http_header(&r->headers, "expect").ptr)
		list_add(&t->header_list, "Expect:");
	if (!r->part_count && !http_header(&r->headers, "content-type").ptr)
		list_add(&t->header_list, "Content-Type:");
	if (!http_header(&r->headers, "user-agent").ptr)
		curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "goldprobe/" GOLDPROBE_VERSION);
	if (cookies)
		curl_easy_setopt(t->easy, CURLOPT_COOKIE, cookies);
	if (r->session && !t->jar_left) {
		curl_easy_setopt(t->easy, CURLOPT_SHARE, r->session->share);
		curl_easy_setopt(t->easy, CURLOPT_COOKIEFILE, "");
	}
	return 0;
}

/* Body */

static int set_parts(struct http_transfer *t)
{
	t->mime = curl_mime_init(t->easy);
	for (size_t i = 0; i < t->request.part_count; i++) {
		const struct http_part *p = &t->request.parts[i];
		curl_mimepart *part = curl_mime_addpart(t->mime);

		if (!part)
			die("out of memory");
		if (!is_header_value(p->content_type) || !is_header_value(p->filename))
			return fail(t, "part '%.*s' holds a line break", STR_ARG(p->name));
		curl_mime_name(part, p->name.ptr);
		if (p->is_file && access(p->data.ptr, R_OK) < 0)
			return fail(t, "cannot read '%s': %s", p->data.ptr, strerror(errno));
		if (p->is_file)
			curl_mime_filedata(part, p->data.ptr);
		else
			curl_mime_data(part, p->data.ptr, p->data.len);
		if (p->filename.len)
			curl_mime_filename(part, p->filename.ptr);
		if (p->content_type.len)
			curl_mime_type(part, p->content_type.ptr);
	}
	curl_easy_setopt(t->easy, CURLOPT_MIMEPOST, t->mime);
	return 0;
}

static int set_body(struct http_transfer *t)
{
	const struct http_request *r = &t->request;
	struct str method = r->method;
	/* These announce their length also when it is 0 (RFC 9110 section 8.6). */
	bool sends = r->has_body || str_is(method, "POST") || str_is(method, "PUT") ||
		     str_is(method, "PATCH");

	if (!http_is_token(method))
		return fail(t, "'%.*s' is not a method", STR_ARG(method));
	if (r->part_count) {
		if (set_parts(t) < 0)
			return -1;
	} else if (sends) {
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body.ptr);
	} else if (str_is(method, "HEAD")) {
		curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
		return 0;
	}
	curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method.ptr);
	return 0;
}

/* Route */

static const char *bracketed(struct arena *arena, struct str host)
{
	return arena_printf(
		arena, str_find_char(host, ':') != SIZE_MAX ? "[%.*s]" : "%.*s", STR_ARG(host));
}

/* The address list of the `resolve` entry for this host and port; empty: there is none. The last
 * entry wins, as with curl. */
static struct str resolve_entry(const struct http_transfer *t)
{
	const struct strs *entries = &connection_of(t)->resolve;
	char port[16];

	snprintf(port, sizeof(port), ":%u:", t->parsed.port);
	for (size_t i = entries->count; i > 0; i--) {
		struct str entry = entries->items[i - 1];
		size_t at;

		if (str_starts(entry, "+"))
			entry = str_from(entry, 1);
		at = str_find(entry, str_of(port));
		if (at == SIZE_MAX)
			continue;
		struct str host = str_sub(entry, 0, at);

		if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
			host = str_sub(host, 1, host.len - 2);
		if (str_is(host, "*") || str_equal_nocase(host, t->parsed.host))
			return str_from(entry, at + strlen(port));
	}
	return STR("");
}

/* curl would keep `resolve` entries for all transfers of the machine; as a route they are this
 * transfer's alone. */
static const char *resolve_route(struct http_transfer *t)
{
	struct str list = resolve_entry(t), address = STR("");
	size_t n = 0;

	while (list.len) {
		size_t comma = str_find_char(list, ',');
		struct str one = str_trim(str_sub(list, 0, comma));

		list = comma == SIZE_MAX ? STR("") : str_from(list, comma + 1);
		if (one.len > 2 && one.ptr[0] == '[')
			one = str_sub(one, 1, one.len - 2);
		if (n++ == t->route)
			address = one;
	}
	t->route_count = n;
	return address.len ? bracketed(t->arena, address) : NULL;
}

/* The name the server shall be called in TLS becomes the URL's host, and the real host the route to
 * it: curl has no option of its own for that. */
static const char *server_name_url(struct http_transfer *t)
{
	struct str name = connection_of(t)->server_name;

	if (!t->parsed.tls || !name.len || t->origin_left)
		return NULL;
	if (!http_header(&t->request.headers, "host").ptr)
		list_add(&t->header_list,
			arena_printf(t->arena, t->parsed.port_given ? "Host: %s:%u" : "Host: %s",
				bracketed(t->arena, t->parsed.host), t->parsed.port));
	return arena_printf(t->arena, "https://%s:%u%.*s", bracketed(t->arena, name),
		t->parsed.port, STR_ARG(t->parsed.path));
}

static void set_route(struct http_transfer *t)
{
	const struct connection *c = connection_of(t);
	const char *renamed = server_name_url(t), *address = resolve_route(t);

	for (size_t i = 0; i < c->connect_to.count; i++)
		list_add(&t->route_list, arena_str(t->arena, c->connect_to.items[i]).ptr);
	if (address)
		list_add(&t->route_list, arena_printf(t->arena, "::%s:", address));
	else if (renamed)
		list_add(&t->route_list,
			arena_printf(t->arena, "::%s:", bracketed(t->arena, t->parsed.host)));
	if (t->route_list)
		curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->route_list);
	curl_easy_setopt(t->easy, CURLOPT_URL, renamed ? renamed : t->url.ptr);
}

static void set_proxy(struct http_transfer *t)
{
	const struct connection *c = connection_of(t);

	if (c->unix_socket.len || str_is(c->proxy, "none") ||
		(!c->proxy.len && host_is_loopback(t->parsed.host))) {
		curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	} else if (c->proxy.len) {
		startup_whole(); /* it may speak TLS, as it may below */
		curl_easy_setopt(t->easy, CURLOPT_PROXY, arena_str(t->arena, c->proxy).ptr);
		curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "");
	} else if (proxy_environment(t->parsed.tls).len) {
		startup_whole();
	}
	curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (c->unix_socket.len)
		curl_easy_setopt(
			t->easy, CURLOPT_UNIX_SOCKET_PATH, arena_str(t->arena, c->unix_socket).ptr);
	if (c->ip != IP_ANY)
		curl_easy_setopt(t->easy, CURLOPT_IPRESOLVE,
			c->ip == IP_V4 ? (long)CURL_IPRESOLVE_V4 : (long)CURL_IPRESOLVE_V6);
}

/* Trust, client certificate and verification are the observer's (probe/tls.h), so that all kinds
 * behave alike and facts exist also of a failed handshake. curl's own check stays as a second one. */
static void set_tls_options(struct http_transfer *t)
{
	const struct connection *c = connection_of(t);

	if (!t->parsed.tls)
		return;
	t->observer = tls_observer_new(t->arena, c, t->parsed.host, !c->insecure);
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_FUNCTION, set_tls);
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_DATA, t);
	curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, c->insecure ? 0L : 1L);
	curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, c->insecure ? 0L : 2L);
	curl_easy_setopt(t->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(t->easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
	/* Or curl hands the certificates that one transfer trusts to all that follow. */
	curl_easy_setopt(t->easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static long curl_version_of(const struct http_transfer *t)
{
	switch ((enum http_version)t->request.version) {
	case HTTP_1_0: return CURL_HTTP_VERSION_1_0;
	case HTTP_1_1: return CURL_HTTP_VERSION_1_1;
	case HTTP_2:
	case HTTP_2_PRIOR:
		return t->parsed.tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
	case HTTP_ANY: break;
	}
	return t->parsed.tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

static void set_transfer_options(struct http_transfer *t)
{
	static const long day_ms = 24L * 3600 * 1000;
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, curl_version_of(t));
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	/* Whoever started the transfer bounds it; curl's own 300 s are out of the way. */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, day_ms);
	/* A threaded resolver that hangs must not keep the process from its end. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	if (!t->request.identity)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
}

int http_setup(struct http_transfer *t)
{
	struct error err;

	if (url_parse(t->arena, t->url, &t->parsed, &err) < 0)
		return fail(t, "%s", err.text);
	if (!str_starts(t->parsed.scheme, "http"))
		return fail(t, "'%.*s' is not an HTTP URL", STR_ARG(url_masked(t->arena, t->url)));
	t->easy = curl_easy_init();
	if (!t->easy)
		die("out of memory");
	set_transfer_options(t);
	set_tls_options(t);
	if (set_body(t) < 0 || set_headers(t) < 0)
		return -1;
	set_route(t);
	set_proxy(t);
	/* Again, since set_route may have added one. */
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->header_list);
	return 0;
}

void http_teardown(struct http_transfer *t)
{
	if (t->added)
		curl_multi_remove_handle(t->machine->multi, t->easy);
	t->added = false;
	if (t->easy)
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	if (t->mime)
		curl_mime_free(t->mime);
	t->mime = NULL;
	curl_slist_free_all(t->header_list);
	curl_slist_free_all(t->route_list);
	t->header_list = t->route_list = NULL;
	t->tried_count = 0;
	t->problem[0] = '\0';
}

/* See http_private.h: what a transfer came to, complete or not. */
#include "http_private.h"

static int64_t info_ns(CURL *easy, CURLINFO info)
{
	curl_off_t us = 0;

	if (curl_easy_getinfo(easy, info, &us) != CURLE_OK || us <= 0)
		return TIME_NONE;
	return us * NS_PER_US;
}

static void add(int64_t *sum, int64_t from, int64_t to)
{
	if (to == TIME_NONE)
		return;
	int64_t phase = to - (from == TIME_NONE ? 0 : from);

	*sum = (*sum == TIME_NONE ? 0 : *sum) + (phase > 0 ? phase : 0);
}

/* curl tells moments since the start of the hop; phases are what lies between them. */
void http_timing_add(struct http_transfer *t)
{
	if (!t->easy)
		return;
	int64_t dns = info_ns(t->easy, CURLINFO_NAMELOOKUP_TIME_T);
	int64_t connect = info_ns(t->easy, CURLINFO_CONNECT_TIME_T);
	int64_t tls = t->parsed.tls ? info_ns(t->easy, CURLINFO_APPCONNECT_TIME_T) : TIME_NONE;
	int64_t first_byte = info_ns(t->easy, CURLINFO_STARTTRANSFER_TIME_T);

	add(&t->passed.dns, TIME_NONE, dns);
	add(&t->passed.connect, dns, connect);
	add(&t->passed.tls, connect, tls);
	add(&t->passed.first_byte, tls == TIME_NONE ? connect : tls, first_byte);
}

static struct str remote_ip(struct http_transfer *t)
{
	char *ip = NULL;

	if (!t->easy || curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &ip) != CURLE_OK || !ip)
		return STR("");
	return str_of(arena_strdup(t->arena, ip));
}

/* Cookies: a line of curl's list has domain, include-subdomains, path, secure, expires, name, value,
 * parted by tabs. */

enum {
	COOKIE_DOMAIN,
	COOKIE_TAIL,
	COOKIE_PATH,
	COOKIE_SECURE,
	COOKIE_EXPIRES,
	COOKIE_NAME,
	COOKIE_VALUE,
	COOKIE_FIELDS
};

static bool domain_matches(struct str domain, bool tail, struct str host)
{
	if (str_starts(domain, "."))
		domain = str_from(domain, 1);
	if (str_equal_nocase(domain, host))
		return true;
	return tail && host.len > domain.len && host.ptr[host.len - domain.len - 1] == '.' &&
	       str_equal_nocase(str_from(host, host.len - domain.len), domain);
}

/* RFC 6265 section 5.1.4 */
static bool path_matches(struct str cookie, struct str path)
{
	path = str_sub(path, 0, str_find_char(path, '?'));
	if (path.len < cookie.len || memcmp(path.ptr, cookie.ptr, cookie.len) != 0)
		return false;
	return path.len == cookie.len || cookie.ptr[cookie.len - 1] == '/' ||
	       path.ptr[cookie.len] == '/';
}

static bool take_cookie(struct http_transfer *t, const char *line, struct pair *out)
{
	struct str fields[COOKIE_FIELDS], rest = str_of(line);

	if (str_starts(rest, "#HttpOnly_"))
		rest = str_from(rest, strlen("#HttpOnly_"));
	for (int i = 0; i < COOKIE_FIELDS; i++) {
		size_t tab = i == COOKIE_VALUE ? rest.len : str_find_char(rest, '\t');

		if (tab == SIZE_MAX)
			return false;
		fields[i] = str_sub(rest, 0, tab);
		rest = str_from(rest, tab + 1);
	}
	if (!domain_matches(
		    fields[COOKIE_DOMAIN], str_is(fields[COOKIE_TAIL], "TRUE"), t->parsed.host) ||
		!path_matches(fields[COOKIE_PATH], t->parsed.path))
		return false;
	*out = (struct pair){arena_str(t->arena, fields[COOKIE_NAME]),
		arena_str(t->arena, fields[COOKIE_VALUE])};
	return true;
}

static struct pairs cookies(struct http_transfer *t)
{
	struct curl_slist *list = NULL;
	struct pairs pairs = {NULL, 0};
	size_t capacity = 0;
	struct pair cookie;

	if (!t->request.session || !t->easy ||
		curl_easy_getinfo(t->easy, CURLINFO_COOKIELIST, &list) != CURLE_OK)
		return pairs;
	for (const struct curl_slist *line = list; line; line = line->next) {
		if (!take_cookie(t, line->data, &cookie))
			continue;
		pairs.items = arena_grow(
			t->arena, pairs.items, pairs.count, &capacity, sizeof(struct pair));
		pairs.items[pairs.count++] = cookie;
	}
	curl_slist_free_all(list);
	return pairs;
}

void http_result_fill(struct http_transfer *t, struct http_result *out)
{
	struct timing passed = t->passed;

	http_timing_add(t);
	*out = (struct http_result){
		.failure = FAILURE_NONE,
		.status = t->status,
		.protocol = t->protocol,
		.headers = t->headers,
		.trailers = t->trailers,
		.cookies = cookies(t),
		.body = buf_str(&t->body),
		.body_cut = t->body.overflow,
		.redirects = t->redirects,
		.effective_url = t->url,
		.remote_ip = remote_ip(t),
		.size = t->size,
		.timing = t->passed,
		.tls = tls_observed(t->observer),
	};
	out->timing.total = clock_monotonic() - t->started;
	t->passed = passed; /* a partial result does not count the hop */
}

int64_t http_retry_after(const struct http_result *result, int64_t otherwise)
{
	int64_t seconds;

	for (size_t i = 0; i < result->headers.count; i++)
		if (str_is_nocase(result->headers.items[i].name, "retry-after") &&
			str_int(str_trim(result->headers.items[i].value), &seconds) &&
			seconds >= 0 && seconds < 3600)
			return seconds * NS_PER_S;
	return otherwise;
}

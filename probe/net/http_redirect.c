/* See http_private.h: redirects (RFC 9110 section 15.4). They are followed here and not by curl, so
 * that each hop is a connection of its own and every credential, not only those that curl knows,
 * stays with the origin it was meant for. */
#include "http_private.h"

static bool is_redirect(int64_t status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The absolute form of a Location, with curl's resolver of relative references (RFC 3986 section
 * 5.2). NULL: it is no URL. */
static const char *resolve_location(struct http_transfer *t, struct str location)
{
	CURLU *url = curl_url();
	char *text = NULL;
	const char *copy = NULL;

	if (!url)
		die("out of memory");
	if (curl_url_set(url, CURLUPART_URL, t->url.ptr, 0) == CURLUE_OK &&
		curl_url_set(url, CURLUPART_URL, arena_str(t->arena, location).ptr,
			CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK)
		copy = arena_strdup(t->arena, text);
	curl_free(text);
	curl_url_cleanup(url);
	return copy;
}

/* POST becomes GET on 301 and 302 as all clients do, everything but HEAD on 303. */
static void change_method(struct http_transfer *t)
{
	struct http_request *r = &t->request;
	bool was_post = str_is(r->method, "POST");
	bool changes = (t->status == 303 && !str_is(r->method, "HEAD")) ||
		       ((t->status == 301 || t->status == 302) && was_post);

	if (!changes)
		return;
	r->method = STR("GET");
	r->body = STR("");
	r->has_body = false;
	r->part_count = 0;
	size_t kept = 0;

	for (size_t i = 0; i < r->headers.count; i++)
		if (!str_is_nocase(r->headers.items[i].name, "content-type") &&
			!str_is_nocase(r->headers.items[i].name, "content-length") &&
			!str_is_nocase(r->headers.items[i].name, "content-encoding"))
			r->headers.items[kept++] = r->headers.items[i];
	r->headers.count = kept;
}

/* What must not travel to another origin, beside the credentials: headers that are secrets by
 * themselves, and a Host meant for the first. */
static void leave_origin(struct http_transfer *t)
{
	struct http_request *r = &t->request;
	size_t kept = 0;

	t->origin_left = true;
	for (size_t i = 0; i < r->headers.count; i++) {
		struct str name = r->headers.items[i].name;

		if (!str_is_nocase(name, "authorization") && !str_is_nocase(name, "cookie") &&
			!str_is_nocase(name, "proxy-authorization") && !str_is_nocase(name, "host"))
			r->headers.items[kept++] = r->headers.items[i];
	}
	r->headers.count = kept;
}

/* RFC 6265 section 8.5: cookies know no ports, so the jar of one service would be sent to another on
 * the same host. The step from http to https is the same service. */
static bool is_other_port(const struct url *from, const struct url *to)
{
	bool upgrade = from->port == 80 && to->port == 443 && to->tls;

	return str_equal(from->host, to->host) && from->port != to->port && !upgrade;
}

static int refuse(struct http_transfer *t, const char *detail)
{
	http_fail(t, FAILURE_PROTOCOL, detail);
	return -1;
}

int http_redirect(struct http_transfer *t)
{
	struct str location = http_header(&t->headers, "location");
	struct url next;
	struct error err;

	if (t->request.follow <= 0 || !is_redirect(t->status) || !location.ptr)
		return 0;
	const char *text = resolve_location(t, location);

	if (!text || url_parse(t->arena, str_of(text), &next, &err) < 0)
		return refuse(t, arena_printf(t->arena, "redirected to '%.*s', which is not a URL",
					 STR_ARG(str_sub(location, 0, 200))));
	if (!str_is(next.scheme, "http") && !str_is(next.scheme, "https"))
		return refuse(t, arena_printf(t->arena,
					 "redirected to '%.*s'; only http and https are followed",
					 STR_ARG(str_sub(location, 0, 200))));
	if (t->redirects >= t->request.follow)
		return refuse(
			t, arena_printf(t->arena, "more than %lld redirects, the last to '%.200s'",
				   (long long)t->request.follow, text));
	if (!url_same_origin(t->arena, t->url, str_of(text))) {
		leave_origin(t);
		t->jar_left = t->jar_left || is_other_port(&t->parsed, &next);
	}
	change_method(t);
	t->redirects++;
	t->route = 0;
	t->url = str_of(text);
	return 1;
}

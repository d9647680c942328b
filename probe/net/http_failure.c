/* See http_private.h: curl's codes as failures, in words a person understands. */
#include <errno.h>
#include <string.h>

#include "http_private.h"

/* "127.0.0.1:8080", or "127.0.0.1:8080 and [::1]:8080". */
static const char *tried_text(struct http_transfer *t)
{
	const char *text = NULL;

	for (size_t i = 0; i < t->tried_count; i++)
		text = text ? arena_printf(t->arena, "%s and %s", text, t->tried[i].text)
			    : t->tried[i].text;
	if (text)
		return arena_strdup(t->arena, text);
	return arena_printf(t->arena, "'%.*s:%u'", STR_ARG(t->parsed.host), t->parsed.port);
}

/* curl's own words, without its decoration. */
static const char *library_text(struct http_transfer *t, CURLcode code)
{
	const char *text = t->problem[0] ? t->problem : curl_easy_strerror(code);
	const char *reason = strstr(text, "SSL routines:");

	if (reason) {
		reason += strlen("SSL routines:");
		reason += strspn(reason, ":");
		size_t len = strcspn(reason, ",\n");

		return arena_printf(t->arena, "%.*s", (int)len, reason);
	}
	return arena_printf(t->arena, "%.*s", (int)strcspn(text, "\n"), text);
}

static const char *lower_first(char *text)
{
	if (text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z')
		text[0] |= 0x20;
	return text;
}

static const char *connect_text(struct http_transfer *t)
{
	const struct connection *c = t->request.connection;
	long number = 0;
	const char *where = tried_text(t);

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
	if (c && c->unix_socket.len)
		return arena_printf(t->arena, "cannot connect to unix socket '%.*s': %s",
			STR_ARG(c->unix_socket), number ? strerror((int)number) : "no such socket");
	switch (number) {
	case ECONNREFUSED: return arena_printf(t->arena, "connection refused by %s", where);
	case EHOSTUNREACH: return arena_printf(t->arena, "no route to %s", where);
	case ENETUNREACH: return arena_printf(t->arena, "network of %s is unreachable", where);
	case ETIMEDOUT: return arena_printf(t->arena, "%s did not answer", where);
	case 0: return arena_printf(t->arena, "cannot connect to %s", where);
	default:
		return arena_printf(
			t->arena, "cannot connect to %s: %s", where, strerror((int)number));
	}
}

static const char *dns_text(struct http_transfer *t, CURLcode code)
{
	const char *reason = strchr(t->problem, '(');
	const char *what = code == CURLE_COULDNT_RESOLVE_PROXY ? "proxy" : "host";
	const char *named = strstr(t->problem, "host: ");
	struct str name = named ? str_of(named + strlen("host: ")) : t->parsed.host;

	name = str_trim(str_sub(name, 0, str_find_char(name, '(')));
	return arena_printf(t->arena, "cannot resolve %s '%.*s'%s%s", what, STR_ARG(name),
		reason ? ": " : "",
		reason ? arena_printf(t->arena, "%.*s", (int)strcspn(reason + 1, ")"), reason + 1)
		       : "");
}

/* How much came before the end. */
static const char *cut_text(struct http_transfer *t, const char *what)
{
	curl_off_t wanted = -1, got = 0;

	if (!t->status)
		return arena_printf(t->arena, "%s %s", what,
			t->header_bytes ? "within the headers" : "without an answer");
	if (!t->headers_done)
		return arena_printf(t->arena, "%s within the headers", what);
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &wanted);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &got);
	if (wanted > 0)
		return arena_printf(t->arena, "%s after %lld of %lld bytes", what, (long long)got,
			(long long)wanted);
	return arena_printf(
		t->arena, "%s after %lld bytes of an unfinished body", what, (long long)got);
}

/* "16 MiB", or bytes when it is no round number. */
static const char *size_text(struct http_transfer *t, uint64_t bytes)
{
	if (bytes && bytes % (1 << 20) == 0)
		return arena_printf(t->arena, "%llu MiB", (unsigned long long)bytes >> 20);
	if (bytes && bytes % (1 << 10) == 0)
		return arena_printf(t->arena, "%llu KiB", (unsigned long long)bytes >> 10);
	return arena_printf(t->arena, "%llu bytes", (unsigned long long)bytes);
}

static const char *limit_text(struct http_transfer *t)
{
	switch (t->stop) {
	case STOP_HEADERS:
		return arena_printf(
			t->arena, "headers exceed %s", size_text(t, t->request.max_headers));
	case STOP_HEADER_LINES:
		return arena_printf(t->arena, "headers exceed %d lines", HEADER_LINES_MAX);
	case STOP_LENGTH: return "Content-Length is not a number, too large, or given twice";
	case STOP_BODY:
		return arena_printf(
			t->arena, "body exceeds %s (max_body)", size_text(t, t->request.max_body));
	default: return "the answer was refused";
	}
}

static const char *tls_text(struct http_transfer *t, CURLcode code)
{
	const struct tls_facts *facts = tls_observed(t->observer);
	const char *text = library_text(t, code);

	if (t->setup.text[0])
		return arena_strdup(t->arena, t->setup.text);
	if (facts && !facts->verified)
		return tls_problem(t->arena, facts);
	if (strstr(text, "wrong version number") || strstr(text, "packet length too long"))
		return arena_printf(
			t->arena, "TLS handshake failed: %s does not speak TLS", tried_text(t));
	return arena_printf(t->arena, "TLS handshake failed: %s", text);
}

/* A server that wants a client certificate says so in an alert after the handshake (TLS 1.3). */
static bool is_late_alert(struct http_transfer *t)
{
	return t->parsed.tls && !t->status && strstr(t->problem, "alert");
}

static enum failure lost(struct http_transfer *t, CURLcode code, const char **detail)
{
	long request_size = 0, number = 0;

	if (is_late_alert(t)) {
		*detail = tls_text(t, code);
		return FAILURE_TLS;
	}
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_size);
	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
	if (code == CURLE_SEND_ERROR && !request_size) {
		*detail = arena_printf(
			t->arena, "%s closed the connection before the request", tried_text(t));
		return FAILURE_CONNECT;
	}
	if (number == ECONNRESET || strstr(t->problem, "reset"))
		*detail = cut_text(t, "connection reset by the peer");
	else if (code == CURLE_RECV_ERROR && t->problem[0] && !strstr(t->problem, "failure"))
		*detail = library_text(t, code);
	else
		*detail = cut_text(t, "connection lost");
	return FAILURE_PROTOCOL;
}

/* A single header line beyond curl's own 100 KiB: told as memory (before 8.6) or as too large. */
static bool is_long_line(const struct http_transfer *t, CURLcode code)
{
	return (code == CURLE_OUT_OF_MEMORY || (int)code == 100) && t->added && !t->headers_done &&
	       t->stop == STOP_NONE;
}

static enum failure classify(struct http_transfer *t, CURLcode code, const char **detail)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY: *detail = dns_text(t, code); return FAILURE_DNS;
	case CURLE_COULDNT_CONNECT: *detail = connect_text(t); return FAILURE_CONNECT;
	case CURLE_OPERATION_TIMEDOUT: *detail = library_text(t, code); return FAILURE_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CRL_BADFILE: *detail = tls_text(t, code); return FAILURE_TLS;
	case CURLE_GOT_NOTHING: *detail = cut_text(t, "peer closed"); return FAILURE_PROTOCOL;
	case CURLE_PARTIAL_FILE: *detail = cut_text(t, "peer closed"); return FAILURE_PROTOCOL;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR: return lost(t, code, detail);
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
	case CURLE_READ_ERROR:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_UNKNOWN_OPTION: *detail = library_text(t, code); return FAILURE_INTERNAL;
	case CURLE_HTTP2:
		/* Newer libraries say so, and no more, of a connection that ended before an answer. */
		*detail = t->problem[0] || t->status ? library_text(t, code)
						     : cut_text(t, "peer closed");
		return FAILURE_PROTOCOL;
	default: *detail = library_text(t, code); return FAILURE_PROTOCOL;
	}
}

void http_classify(struct http_transfer *t, CURLcode code, struct http_result *out)
{
	out->failure = FAILURE_NONE;
	if (is_long_line(t, code)) {
		out->failure = FAILURE_PROTOCOL;
		out->detail = arena_printf(t->arena,
			"a header line exceeds 100 KiB (all headers together may have %s)",
			size_text(t, t->request.max_headers));
	} else if (t->stop != STOP_NONE) {
		out->failure = FAILURE_PROTOCOL;
		out->detail = limit_text(t);
	} else if (code != CURLE_OK) {
		out->failure = classify(t, code, &out->detail);
		out->detail = lower_first(arena_strdup(t->arena, out->detail));
	}
}

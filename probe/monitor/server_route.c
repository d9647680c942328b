/* What is answered where. */
#include "probe/base64.h"
#include "probe/metrics.h"

#include "gen/status.css.h"
#include "gen/status.js.h"
#include "server_private.h"

#define JSON "application/json"
/* Lines of a refusal's body: enough for a person, and small in the platform's event. */
enum { LINES_MAX = 20 };

static void add_line(struct buf *out, const struct watched *w)
{
	buf_printf(out, "%s: %s: %s\n", w->name,
		w->has_run ? golden_path_name(w->state) : "unknown",
		w->has_run ? w->summary : "no run has finished yet");
}

/* Lists who `fits`; returns how many. */
static size_t list(struct monitor *m, struct buf *out, bool (*fits)(const struct watched *))
{
	size_t count, found = 0;
	const struct watched *const *watched = monitor_watched(m, &count);

	for (size_t i = 0; i < count; i++)
		if (fits(watched[i]) && found++ < LINES_MAX)
			add_line(out, watched[i]);
	if (found > LINES_MAX)
		buf_printf(out, "and %zu more\n", found - LINES_MAX);
	return found;
}

static bool has_not_passed(const struct watched *w)
{
	return !w->has_passed;
}

static bool is_not_ready(const struct watched *w)
{
	return !w->has_run || w->state == GOLDEN_BROKEN;
}

static int startupz(struct monitor *m, const struct request *request, struct buf *out)
{
	(void)request;
	if (list(m, out, has_not_passed))
		return 503;
	buf_add_text(out, "started: every scenario has passed\n");
	return 200;
}

static int readyz(struct monitor *m, const struct request *request, struct buf *out)
{
	(void)request;
	if (list(m, out, is_not_ready))
		return 503;
	buf_printf(out, "%s\n", golden_path_name(monitor_state(m)));
	return 200;
}

static int livez(struct monitor *m, const struct request *request, struct buf *out)
{
	(void)m;
	(void)request;
	buf_add_text(out, "alive\n");
	return 200;
}

static int metrics(struct monitor *m, const struct request *request, struct buf *out)
{
	(void)request;
	metrics_print(out, m);
	return 200;
}

static int css(struct monitor *m, const struct request *request, struct buf *out)
{
	(void)m;
	(void)request;
	buf_add(out, status_css, status_css_len);
	return 200;
}

static int js(struct monitor *m, const struct request *request, struct buf *out)
{
	(void)m;
	(void)request;
	buf_add(out, status_js, status_js_len);
	return 200;
}

/* A path that ends in '/' takes whatever follows, but for "/" itself. */
static const struct route routes[] = {
	{"/readyz", NULL, true, true, readyz},
	{"/livez", NULL, true, true, livez},
	{"/startupz", NULL, true, true, startupz},
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", false, true, metrics},
	{"/", "text/html; charset=utf-8", false, true, page_render},
	{"/status.css", "text/css; charset=utf-8", false, true, css},
	{"/status.js", "text/javascript; charset=utf-8", false, true, js},
	{"/api/v1/status", JSON, false, true, api_status},
	{"/api/v1/runs", JSON, false, false, api_runs},
	{"/api/v1/runs/", JSON, false, false, api_run},
};

_Static_assert(sizeof(routes) / sizeof(*routes) <= ROUTES_MAX, "room for what is shared");

const struct route *route_find(const char *path, size_t *index)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		size_t len = strlen(routes[i].path);
		bool open_ended = len > 1 && routes[i].path[len - 1] == '/';

		if (strcmp(path, routes[i].path) != 0 &&
			!(open_ended && strncmp(path, routes[i].path, len) == 0))
			continue;
		*index = i;
		return &routes[i];
	}
	return NULL;
}

/* Takes the same time wherever the two differ. */
static bool same_secret(struct str a, struct str b)
{
	unsigned char differs = a.len != b.len;

	for (size_t i = 0; i < b.len; i++)
		differs |= (unsigned char)(a.ptr[a.len ? i % a.len : 0] ^ b.ptr[i]);
	return !differs;
}

/* Standard base64 (RFC 4648, section 4) as the other alphabet without padding. */
static struct str url_alphabet(struct arena *arena, struct str text)
{
	char *out = arena_copy(arena, text.ptr, text.len);

	while (text.len && out[text.len - 1] == '=')
		text.len--;
	for (size_t i = 0; i < text.len; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	return (struct str){out, text.len};
}

/* A browser can only be asked for a password: "Basic" with the token as such is taken too. */
bool token_fits(struct str token, const char *authorization)
{
	struct str given = str_of(authorization), decoded;
	struct arena *arena;
	bool fits = false;

	if (!token.len)
		return true;
	if (str_is_nocase(str_sub(given, 0, 7), "bearer "))
		return same_secret(token, str_trim(str_from(given, 7)));
	if (!str_is_nocase(str_sub(given, 0, 6), "basic "))
		return false;
	arena = arena_new();
	if (base64url_decode(arena, url_alphabet(arena, str_trim(str_from(given, 6))), &decoded)) {
		size_t colon = str_find_char(decoded, ':');

		fits = colon != SIZE_MAX && same_secret(token, str_from(decoded, colon + 1));
	}
	arena_free(arena);
	return fits;
}

#include "probe/jwks.h"

#include <stdlib.h>

#include "probe/json.h"
#include "probe/url.h"

enum { JWKS_BYTES_MAX = 1 << 20 };

struct jwks_load {
	struct arena *arena;
	struct loop *loop;
	struct timer timer;
	struct http_transfer *transfer;
	struct jose_keys keys;
	const char *problem;
	void (*done)(void *ctx, const struct jose_keys *keys, const char *problem);
	void *ctx;
};

static void deliver(void *ctx)
{
	struct jwks_load *load = ctx;

	load->done(load->ctx, load->problem ? NULL : &load->keys, load->problem);
}

static void take_text(struct jwks_load *load, struct str text)
{
	struct value set;
	struct error err;

	if (json_parse(load->arena, text, 0, &set, &err) ||
		jose_keys_jwks(load->arena, &set, &load->keys, &err))
		load->problem = arena_strdup(load->arena, err.text);
}

static void fetched(void *ctx, const struct http_result *result)
{
	struct jwks_load *load = ctx;

	load->transfer = NULL;
	if (result->failure != FAILURE_NONE)
		load->problem = arena_printf(load->arena, "%s: %s", failure_text(result->failure),
			result->detail ? result->detail : "no answer");
	else if (result->status != 200)
		load->problem = arena_printf(
			load->arena, "the key set was answered by status %d", (int)result->status);
	else
		take_text(load, arena_str(load->arena, result->body));
	deliver(load);
}

static void fetch(struct jwks_load *load, const struct connection *connection, struct str target,
	struct str where)
{
	struct http_request request = {
		.method = STR("GET"),
		.max_body = JWKS_BYTES_MAX,
		.follow = 3,
		.connection = connection,
	};
	struct error err;

	if (url_join(load->arena, target, where, false, &request.url, &err)) {
		load->problem = arena_strdup(load->arena, err.text);
		return;
	}
	load->transfer = http_start(load->loop, &request, fetched, load);
}

struct jwks_load *jwks_start(struct loop *loop, const struct connection *connection,
	struct str target, const struct value *where,
	void (*done)(void *ctx, const struct jose_keys *keys, const char *problem), void *ctx)
{
	struct arena *arena = arena_new();
	struct jwks_load *load = ARENA_NEW(arena, struct jwks_load);
	struct error err;

	load->arena = arena;
	load->loop = loop;
	load->done = done;
	load->ctx = ctx;
	if (where->type == VALUE_OBJECT) {
		struct value copy = value_copy(arena, where);

		if (jose_keys_jwks(arena, &copy, &load->keys, &err))
			load->problem = arena_strdup(arena, err.text);
	} else if (where->type != VALUE_STRING || !where->string.len) {
		load->problem = "no place of the key set is given";
	} else if (str_starts(str_trim(where->string), "{")) {
		take_text(load, arena_str(arena, where->string));
	} else {
		fetch(load, connection, target, where->string);
	}
	if (!load->transfer)
		loop_defer(loop, &load->timer, deliver, load);
	return load;
}

void jwks_cancel(struct jwks_load *load)
{
	if (!load)
		return;
	timer_stop(load->loop, &load->timer);
	if (load->transfer)
		http_cancel(load->transfer);
	jose_keys_release(&load->keys);
	arena_free(load->arena);
}

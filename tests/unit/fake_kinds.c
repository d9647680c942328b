#include "fake_kinds.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct node *probe_shorthand(
	struct arena *arena, const struct node *node, struct diags *diags)
{
	struct node *map = node_map(arena, node->span);

	if (node->type != NODE_SCALAR) {
		diag_error(diags, node->span, "'probe' needs a text or a map, not %s",
			node_kind_text(node));
		return NULL;
	}
	size_t blank = str_find_char(node->text, ' ');

	node_map_add(arena, map, "method",
		node_scalar(arena, node->span, str_sub(node->text, 0, blank)));
	node_map_add(arena, map, "path",
		node_scalar(arena, node->span,
			blank == SIZE_MAX ? STR("/") : str_from(node->text, blank + 1)));
	return map;
}

static void probe_validate(
	const void *ctx, const struct node *body, int64_t timeout, struct diags *diags)
{
	const struct fake_spec *spec = ctx;

	if (spec->wait > timeout)
		diag_error(diags, node_key_span(body, "wait"),
			"'wait' is longer than the step's timeout");
}

static bool probe_absolute(const void *ctx)
{
	return ((const struct fake_spec *)ctx)->url.len > 0;
}

static const char *probe_describe(struct arena *arena, const void *ctx, struct str target)
{
	const struct fake_spec *spec = ctx;

	return arena_printf(arena, "%.*s %.*s%.*s", STR_ARG(spec->method), STR_ARG(target),
		STR_ARG(spec->path));
}

static const struct field probe_fields[] = {
	{.name = "path",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct fake_spec, path),
		.help = "where to"},
	{.name = "method",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct fake_spec, method),
		.fallback = "GET",
		.help = "how"},
	{.name = "url",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct fake_spec, url),
		.help = "where to, absolutely"},
	{.name = "wait",
		.type = FIELD_DURATION,
		.offset = FIELD_AT(struct fake_spec, wait),
		.help = "how long"},
	{.name = "json",
		.type = FIELD_VALUE,
		.offset = FIELD_AT(struct fake_spec, json),
		.help = "what to send"},
	{.name = NULL},
};

static const struct fact_def probe_facts[] = {
	{"status", "integer", "the answer's status"},
	{"json", "object", "the answer"},
	{"header.*", "string", "headers of the answer"},
	{NULL, NULL, NULL},
};

static const struct step_kind kind_probe = {
	.name = "probe",
	.help = "does nothing",
	.example = "probe: GET /x",
	.facts = probe_facts,
	.fields = probe_fields,
	.uses = STEP_USES_CONNECTION | STEP_USES_AUTH | STEP_USES_REJECT | STEP_USES_TARGET,
	.spec_size = sizeof(struct fake_spec),
	.shorthand = probe_shorthand,
	.validate = probe_validate,
	.describe = probe_describe,
	.absolute = probe_absolute,
};

static const struct step_kind kind_note = {
	.name = "note",
	.help = "does less",
	.example = "note: {path: x}",
	.facts = probe_facts,
	.fields = probe_fields,
	.spec_size = sizeof(struct fake_spec),
};

static const struct step_kind *const kinds[] = {&kind_probe, &kind_note, NULL};
static const struct auth_kind *const auths[] = {NULL};

const struct vocabulary fake_vocabulary = {.steps = kinds, .auths = auths};

void fake_files(struct arena *arena, struct str text)
{
	const char *name = "t.yaml";
	struct str line;
	FILE *file = fopen(name, "we");

	while (file && str_line(&text, &line)) {
		if (!str_starts(line, "+++ ")) {
			fprintf(file, "%.*s\n", STR_ARG(line));
			continue;
		}
		fclose(file);
		name = arena_str(arena, str_from(line, 4)).ptr;
		if (strchr(name, '/'))
			mkdir(arena_printf(arena, "%.*s", (int)(strchr(name, '/') - name), name),
				0777);
		file = fopen(name, "we");
	}
	if (!file)
		die("cannot write '%s': %m", name);
	fclose(file);
}

static char home[4096], scratch[64];

int fake_enter(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/goldprobe-test-XXXXXX");
	return !getcwd(home, sizeof(home)) || !mkdtemp(scratch) || chdir(scratch);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int fake_leave(void **state)
{
	(void)state;
	return chdir(home) || nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fake_path(const char *relative)
{
	static char path[8192];

	snprintf(path, sizeof(path), "%s/%s", home, relative);
	return path;
}

const char *fake_diags_text(struct arena *arena, const struct diags *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	diags_print(diags, out, false);
	fclose(out);
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

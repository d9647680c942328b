/* A dialog as a scenario may hold it, up to a line of three dots, and the frames that answer it. */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "../../probe/net/ws_frame.h"
#include "../../probe/steps/dialog.h"
#include "../../probe/steps/websocket_text.h"
#include "probe/yaml.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* `{file: /dev/stdin}` is no wait. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	close(STDIN_FILENO);
	return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
}

struct game {
	struct dialog dialog;
	struct fill fill;
	size_t at;
};

static void judge(
	const struct game *game, struct action *action, unsigned opcode, struct str payload)
{
	for (size_t i = 0; i < action->wanted_count; i++) {
		struct wanted *wanted = &action->wanted[i];
		bool fits = opcode == WS_CLOSE ? close_wanted(wanted, 1000)
					       : wanted_fits(wanted, &game->fill,
							 (enum ws_kind)opcode, payload);

		wanted->met = wanted->met || fits;
	}
}

static bool each(void *ctx, unsigned opcode, struct str payload)
{
	struct game *game = ctx;
	struct ws_end end = {.close_code = opcode, .reason = payload};

	message_text(game->fill.arena, (enum ws_kind)opcode, payload, payload.len, false);
	close_text(game->fill.arena, &end);
	while (game->at < game->dialog.count && game->dialog.items[game->at].act != ACT_EXPECT)
		game->at++;
	if (game->at == game->dialog.count)
		return false;
	struct action *action = &game->dialog.items[game->at];

	judge(game, action, opcode, payload);
	action_unmet(game->fill.arena, action);
	if (action_met(action))
		game->at++;
	return opcode != WS_CLOSE;
}

static void play(struct game *game, const struct node *root, struct str frames)
{
	struct ws_parser parser;

	dialog_parse(game->fill.arena, root, NULL, 10 * NS_PER_S, game->fill.diags, &game->dialog);
	if (diags_failed(game->fill.diags))
		return;
	dialog_parse(game->fill.arena, root, &game->fill, 10 * NS_PER_S, game->fill.diags,
		&game->dialog);
	if (diags_failed(game->fill.diags))
		return;
	ws_parser_init(&parser, 1 << 16, each, game);
	ws_parse(&parser, frames);
	ws_parser_release(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	size_t end = str_find(text, STR("\n...\n"));
	struct source source = {"fuzz.yaml", str_sub(text, 0, end)};
	struct diags diags;
	struct node *root = NULL;
	struct game game = {.fill = {.arena = arena,
				    .scope = scope_new(arena, NULL),
				    .diags = &diags,
				    .dir = "/nonexistent"}};

	diags_init(&diags, arena);
	yaml_load(arena, &source, &root, &diags);
	if (root && !diags_failed(&diags))
		play(&game, root, end == SIZE_MAX ? STR("") : str_from(text, end + 5));
	arena_free(arena);
	return 0;
}

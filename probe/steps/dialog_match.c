/* See dialog.h: whether what came is what was wanted. */
#include "dialog.h"

bool wanted_fits(
	const struct wanted *w, const struct fill *outer, enum ws_kind kind, struct str payload)
{
	struct fill fill = *outer;
	struct check_result *results;
	size_t count;

	if (w->close || w->pong != (kind == WS_PONG))
		return false;
	if (w->pong)
		return !w->payload.ptr || str_equal(w->payload, payload);
	/* Memory of its own: most messages of a stream are skipped. */
	fill.arena = arena_new();
	struct facts *facts = facts_new(fill.arena);

	if (kind == WS_TEXT) {
		facts_set_body(facts, payload, 0);
		facts_set(facts, "text", value_string(payload));
	} else {
		facts_set(facts, "binary", value_string(payload));
	}
	bool ok = checks_evaluate(&w->checks, facts, &fill, &results, &count) == 0;

	arena_free(fill.arena);
	return ok;
}

bool action_met(const struct action *action)
{
	for (size_t i = 0; i < action->wanted_count; i++)
		if (!action->wanted[i].met)
			return false;
	return true;
}

const char *action_unmet(struct arena *arena, const struct action *action)
{
	const char *text = NULL;

	for (size_t i = 0; i < action->wanted_count; i++)
		if (!action->wanted[i].met)
			text = text ? arena_printf(arena, "%s, %s", text, action->wanted[i].text)
				    : action->wanted[i].text;
	return text ? text : "nothing";
}

/* "Some close" is not a connection that was lost. */
bool close_wanted(const struct wanted *w, int64_t code)
{
	return w->code ? w->code == code : code != WS_CLOSE_LOST;
}

bool dialog_wants_after(const struct dialog *dialog, size_t at)
{
	for (size_t i = at + 1; i < dialog->count; i++)
		if (dialog->items[i].act == ACT_EXPECT || dialog->items[i].act == ACT_HOLD)
			return true;
	return false;
}

#include "probe/diag.h"
#include "scope_private.h"

struct scope {
	struct arena *arena;
	const struct scope *parent;
	struct member *items;
	size_t count, capacity;
};

struct scope *scope_new(struct arena *arena, const struct scope *parent)
{
	struct scope *scope = ARENA_NEW(arena, struct scope);

	scope->arena = arena;
	scope->parent = parent;
	return scope;
}

void scope_set(struct scope *scope, struct str name, const struct value *value)
{
	struct value copy = value_copy(scope->arena, value);

	for (size_t i = 0; i < scope->count; i++) {
		if (str_equal(scope->items[i].key, name)) {
			scope->items[i].value = copy;
			return;
		}
	}
	scope->items = arena_grow(scope->arena, scope->items, scope->count, &scope->capacity,
		sizeof(scope->items[0]));
	scope->items[scope->count++] = (struct member){arena_str(scope->arena, name), copy};
}

static const struct value *find_exact(const struct scope *scope, struct str name)
{
	for (; scope; scope = scope->parent)
		for (size_t i = 0; i < scope->count; i++)
			if (str_equal(scope->items[i].key, name))
				return &scope->items[i].value;
	return NULL;
}

/* Enters objects by the parts of a dotted path; an element of a list by its number. */
static const struct value *enter(const struct value *value, struct str path)
{
	while (value && path.len) {
		size_t dot = str_find_char(path, '.');
		struct str key = str_sub(path, 0, dot);
		int64_t index;

		if (value->type == VALUE_ARRAY)
			value = str_int(key, &index) && index >= 0 &&
						(uint64_t)index < value->array.count
					? &value->array.items[index]
					: NULL;
		else
			value = value_find_str(value, key);
		path = dot == SIZE_MAX ? STR("") : str_from(path, dot + 1);
	}
	return value;
}

const struct value *scope_find(const struct scope *scope, struct str name)
{
	const struct value *found = find_exact(scope, name);

	for (size_t dot = name.len; !found && dot-- > 0;)
		if (name.ptr[dot] == '.' && dot + 1 < name.len) {
			const struct value *head = find_exact(scope, str_sub(name, 0, dot));

			found = head ? enter(head, str_from(name, dot + 1)) : NULL;
		}
	return found;
}

void scope_each(const struct scope *scope, void (*each)(void *ctx, struct str name), void *ctx)
{
	for (; scope; scope = scope->parent)
		for (size_t i = 0; i < scope->count; i++)
			each(ctx, scope->items[i].key);
}

struct names {
	struct arena *arena;
	const char **items;
	size_t count, capacity;
};

static void names_add(void *ctx, struct str name)
{
	struct names *names = ctx;

	names->items = arena_grow(names->arena, names->items, names->count, &names->capacity,
		sizeof(names->items[0]));
	names->items[names->count++] = arena_str(names->arena, name).ptr;
}

const char *scope_suggest(const struct scope *scope, struct arena *arena, struct str name)
{
	struct names names = {.arena = arena};

	scope_each(scope, names_add, &names);
	names_add(&names, STR("uuid"));
	names_add(&names, STR("now"));
	names.items = arena_grow(
		arena, names.items, names.count, &names.capacity, sizeof(names.items[0]));
	names.items[names.count] = NULL;
	return diag_suggest(name, names.items);
}

/* The JSON Schema of a scenario, made of the tables that the parser reads. */
#include "probe/json.h"
#include "probe/scenario.h"

/* Members in pairs of key and JSON text, ended by NULL. */
static struct value object_of(struct arena *arena, const char *key, const char *json)
{
	struct value object = value_object(), value;
	struct error err;

	if (json_parse(arena, str_of(json), 0, &value, &err))
		die("schema of '%s': %s", key, err.text);
	value_set(arena, &object, str_of(key), value);
	return object;
}

static struct value parsed(struct arena *arena, const char *json)
{
	struct value value;
	struct error err;

	if (json_parse(arena, str_of(json), 0, &value, &err))
		die("schema: %s: %s", json, err.text);
	return value;
}

/* One of two shapes. */
static struct value either(struct arena *arena, struct value a, struct value b)
{
	struct value both = value_object(), list = value_array();

	value_push(arena, &list, a);
	value_push(arena, &list, b);
	value_set(arena, &both, STR("anyOf"), list);
	return both;
}

static struct value reference(struct arena *arena, const char *name)
{
	struct value value = value_object();

	value_set(arena, &value, STR("$ref"), value_text(arena_printf(arena, "#/$defs/%s", name)));
	return value;
}

static struct value fields_schema(struct arena *, const struct field *);

static struct value number_schema(struct arena *arena, const struct field *field)
{
	struct value value = value_object();

	value_set(arena, &value, STR("type"),
		value_text(field->type == FIELD_INTEGER ? "integer" : "number"));
	if (field->min != 0 || field->max != 0) {
		value_set(arena, &value, STR("minimum"), value_number(field->min));
		if (field->max > field->min)
			value_set(arena, &value, STR("maximum"), value_number(field->max));
	}
	return either(arena, value, reference(arena, "expanded"));
}

/* Choices that look like numbers may be written without quotes. */
static struct value enum_schema(struct arena *arena, const struct field *field)
{
	struct value value = value_object(), list = value_array();

	for (size_t i = 0; field->choices[i]; i++) {
		struct value plain = yaml_scalar(str_of(field->choices[i]));

		value_push(arena, &list, value_text(field->choices[i]));
		if (plain.type != VALUE_STRING)
			value_push(arena, &list, plain);
	}
	value_set(arena, &value, STR("enum"), list);
	return either(arena, value, reference(arena, "expanded"));
}

static struct value list_of(struct arena *arena, struct value items)
{
	struct value value = object_of(arena, "type", "\"array\"");

	value_set(arena, &value, STR("items"), items);
	return value;
}

static struct value object_schema(struct arena *arena, const struct field *field)
{
	struct value value = fields_schema(arena, field->fields);

	if (!field->shorthand)
		return value;
	return either(arena, value, parsed(arena, "{\"not\":{\"type\":\"object\"}}"));
}

static struct value type_schema(struct arena *arena, const struct field *field)
{
	switch (field->type) {
	case FIELD_STRING: return reference(arena, "text");
	case FIELD_BOOLEAN:
		return either(arena, parsed(arena, "{\"type\":\"boolean\"}"),
			reference(arena, "expanded"));
	case FIELD_INTEGER:
	case FIELD_NUMBER: return number_schema(arena, field);
	case FIELD_DURATION: return reference(arena, "duration");
	case FIELD_SIZE: return reference(arena, "size");
	case FIELD_ENUM: return enum_schema(arena, field);
	case FIELD_STRINGS: return reference(arena, "texts");
	case FIELD_PAIRS: return reference(arena, "pairs");
	case FIELD_OBJECT: return object_schema(arena, field);
	case FIELD_OBJECTS: return list_of(arena, object_schema(arena, field));
	case FIELD_NODE:
		if (field->schema)
			return parsed(arena, field->schema);
		break;
	case FIELD_VALUE: break;
	}
	return value_object();
}

static void add_property(
	struct arena *arena, struct value *properties, const struct field *field, const char *help)
{
	struct value value = type_schema(arena, field);

	if (help)
		value_set(arena, &value, STR("description"), value_text(help));
	if (field->fallback)
		value_set(arena, &value, STR("default"), yaml_scalar(str_of(field->fallback)));
	value_set(arena, properties, str_of(field->name), value);
}

static struct value closed_object(
	struct arena *arena, struct value properties, struct value required)
{
	struct value value = object_of(arena, "type", "\"object\"");

	value_set(arena, &value, STR("properties"), properties);
	if (required.array.count)
		value_set(arena, &value, STR("required"), required);
	value_set(arena, &value, STR("additionalProperties"), value_boolean(false));
	return value;
}

static struct value fields_schema(struct arena *arena, const struct field *fields)
{
	struct value properties = value_object(), required = value_array();

	for (const struct field *field = fields; field && field->name; field++) {
		add_property(arena, &properties, field, field->help);
		if (field->required)
			value_push(arena, &required, value_text(field->name));
	}
	return closed_object(arena, properties, required);
}

static struct value kind_schema(struct arena *arena, const struct step_kind *kind)
{
	struct value value = fields_schema(arena, kind->fields);

	if (kind->shorthand)
		value = either(arena, value, parsed(arena, "{\"type\":[\"string\",\"array\"]}"));
	value_set(arena, &value, STR("description"), value_text(kind->help));
	return value;
}

/* The framework's keys and exactly one kind. */
static struct value step_schema(struct arena *arena, const struct vocabulary *vocabulary)
{
	struct value step = fields_schema(arena, step_fields), kinds = value_array();
	struct value *properties = (struct value *)value_find(&step, "properties");

	for (size_t i = 0; vocabulary->steps[i]; i++) {
		const struct step_kind *kind = vocabulary->steps[i];
		struct value one = value_object(), name = value_array();

		value_set(arena, properties, str_of(kind->name), kind_schema(arena, kind));
		value_push(arena, &name, value_text(kind->name));
		value_set(arena, &one, STR("required"), name);
		value_push(arena, &kinds, one);
	}
	value_set(arena, &step, STR("oneOf"), kinds);
	return step;
}

/* The keys of `defaults` have the shapes of the step's. */
static struct value defaults_schema(struct arena *arena)
{
	struct value properties = value_object();

	for (const struct field *field = defaults_fields; field->name; field++)
		for (const struct field *of = step_fields; of->name; of++)
			if (strcmp(of->name, field->name) == 0)
				add_property(arena, &properties, of, field->help);
	return either(arena, closed_object(arena, properties, value_array()),
		parsed(arena, "{\"type\":\"null\"}"));
}

/* Shapes that many keys share. */
static struct value shared_schemas(struct arena *arena, const struct vocabulary *vocabulary)
{
	struct value defs = value_object();

	value_set(arena, &defs, STR("expanded"),
		parsed(arena, "{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\","
			      "\"description\":\"a text with ${...}\"}"));
	value_set(arena, &defs, STR("file"),
		parsed(arena,
			"{\"type\":\"object\",\"properties\":{\"file\":{\"type\":\"string\"}},"
			"\"required\":[\"file\"],\"additionalProperties\":false,"
			"\"description\":\"the text of a file\"}"));
	value_set(arena, &defs, STR("text"),
		parsed(arena, "{\"anyOf\":[{\"type\":[\"string\",\"number\",\"boolean\"]},"
			      "{\"$ref\":\"#/$defs/file\"}]}"));
	value_set(arena, &defs, STR("texts"),
		parsed(arena, "{\"anyOf\":[{\"$ref\":\"#/$defs/text\"},{\"type\":\"array\","
			      "\"items\":{\"$ref\":\"#/$defs/text\"}}]}"));
	value_set(arena, &defs, STR("pairs"),
		parsed(arena, "{\"type\":\"object\",\"additionalProperties\":"
			      "{\"$ref\":\"#/$defs/texts\"}}"));
	value_set(arena, &defs, STR("duration"),
		parsed(arena, "{\"anyOf\":[{\"const\":0},{\"type\":\"string\",\"pattern\":"
			      "\"^(0|([0-9]+(\\\\.[0-9]+)?(ns|us|\\u00b5s|ms|s|m|h|d))+)$\"},"
			      "{\"$ref\":\"#/$defs/expanded\"}]}"));
	value_set(arena, &defs, STR("size"),
		parsed(arena, "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":0},"
			      "{\"type\":\"string\",\"pattern\":"
			      "\"^[0-9]+(\\\\.[0-9]+)? ?([kKMG]i?)?B?$\"},"
			      "{\"$ref\":\"#/$defs/expanded\"}]}"));
	value_set(arena, &defs, STR("step"), step_schema(arena, vocabulary));
	value_set(arena, &defs, STR("include"),
		parsed(arena,
			"{\"type\":\"object\",\"properties\":{\"include\":{\"type\":\"string\"}},"
			"\"required\":[\"include\"],\"additionalProperties\":false,"
			"\"description\":\"the steps of another file, in this place\"}"));
	return defs;
}

void scenario_schema_print(FILE *out, const struct vocabulary *vocabulary)
{
	struct arena *arena = arena_new();
	struct value schema = value_object(), body = fields_schema(arena, scenario_fields);
	struct value *properties = (struct value *)value_find(&body, "properties");
	struct value steps = list_of(
		arena, either(arena, reference(arena, "step"), reference(arena, "include")));
	struct json_writer writer;

	value_set(arena, properties, STR("defaults"), defaults_schema(arena));
	value_set(arena, &steps, STR("minItems"), value_integer(1));
	value_set(arena, &steps, STR("description"), value_text("the list of steps, in order"));
	value_set(arena, properties, STR("steps"), steps);
	value_set(arena, &schema, STR("$schema"),
		value_text("https://json-schema.org/draft/2020-12/schema"));
	value_set(arena, &schema, STR("title"), value_text("goldprobe scenario"));
	for (size_t i = 0; i < body.object.count; i++)
		value_set(arena, &schema, body.object.members[i].key, body.object.members[i].value);
	value_set(arena, &schema, STR("$defs"), shared_schemas(arena, vocabulary));
	json_writer_init(&writer, out);
	json_value(&writer, NULL, &schema);
	fputc('\n', out);
	arena_free(arena);
}

/*
 * What the API server says about pods: which logs there are, and how containers ended. That and the
 * events become lines in the form of an Event of Kubernetes, on the instance "pod/container" as the
 * logs have it.
 */
#include "kube.h"

#include "probe/json.h"

enum { LOGS_MAX = 1000 };

static struct str text_of(const struct value *object, const char *key)
{
	return value_str_or(value_find(object, key), STR(""));
}

static int64_t int_of(const struct value *object, const char *key)
{
	const struct value *value = value_find(object, key);

	return value && value->type == VALUE_INTEGER ? value->integer : 0;
}

static void add_member(struct buf *b, const char *before, struct str text)
{
	buf_add_text(b, before);
	json_print_str(b, text);
}

static void add_event(
	struct buf *b, struct str instance, struct str time, const char *type, struct str message)
{
	add_member(b, "{\"kind\":\"Event\",\"involvedObject\":{\"name\":", instance);
	add_member(b, "},\"lastTimestamp\":", time);
	add_member(b, ",\"type\":", str_of(type));
	add_member(b, ",\"message\":", message);
	buf_add_text(b, "}\n");
}

static bool too_old(struct str time, int64_t since)
{
	int64_t at;

	return since != TIME_NONE && time_parse(time, &at) && at < since;
}

/* Why a container came to its end. What it left behind as its last words is told, too. */
static void add_end(struct arena *arena, struct kube_pods *pods, struct str instance,
	const struct value *ended, int64_t since)
{
	struct str reason = text_of(ended, "reason"), time = text_of(ended, "finishedAt"),
		   words = str_trim(text_of(ended, "message"));
	int64_t code = int_of(ended, "exitCode");

	if (!ended || ended->type != VALUE_OBJECT || too_old(time, since))
		return;
	bool bad = code != 0 || str_is(reason, "OOMKilled");
	const char *message = arena_printf(arena, "Container exited with code %lld%s%.*s%s%s%.*s",
		(long long)code, reason.len ? " (" : "", STR_ARG(reason), reason.len ? ")" : "",
		words.len ? ": " : "", STR_ARG(words));

	add_event(&pods->states, instance, time, bad ? "Warning" : "Normal", str_of(message));
}

/* A container that waits for something it does not get: an image, a secret. */
static void add_waiting(struct arena *arena, struct kube_pods *pods, struct str instance,
	const struct value *waiting)
{
	struct str reason = text_of(waiting, "reason"), why = text_of(waiting, "message");
	char now[36];

	if (!reason.len || str_is(reason, "PodInitializing") || str_is(reason, "ContainerCreating"))
		return;
	time_print_utc(clock_wall(), 3, now);
	add_event(&pods->states, instance, str_of(now), "Warning",
		str_of(arena_printf(
			arena, "%.*s%s%.*s", STR_ARG(reason), why.len ? ": " : "", STR_ARG(why))));
}

static void add_log(struct arena *arena, struct kube_pods *pods, struct str pod,
	struct str container, bool previous)
{
	if (pods->count >= LOGS_MAX)
		return;
	pods->logs =
		arena_grow(arena, pods->logs, pods->count, &pods->capacity, sizeof(*pods->logs));
	pods->logs[pods->count++] = (struct kube_log){
		.pod = arena_str(arena, pod).ptr,
		.container = arena_str(arena, container).ptr,
		.instance = arena_printf(arena, "%.*s/%.*s", STR_ARG(pod), STR_ARG(container)),
		.previous = previous,
	};
}

static void read_status(struct arena *arena, struct kube_pods *pods, struct str pod,
	const struct value *status, int64_t since)
{
	struct str container = text_of(status, "name");
	const struct value *last = value_path(status, "lastState", "terminated", NULL),
			   *ended = value_path(status, "state", "terminated", NULL),
			   *waiting = value_path(status, "state", "waiting", NULL);

	if (!container.len)
		return;
	struct str instance =
		str_of(arena_printf(arena, "%.*s/%.*s", STR_ARG(pod), STR_ARG(container)));

	add_end(arena, pods, instance, last, since);
	/* An init container that is through is as it should be. */
	if (int_of(ended, "exitCode") != 0)
		add_end(arena, pods, instance, ended, since);
	add_waiting(arena, pods, instance, waiting);
	if (last || int_of(status, "restartCount") > 0)
		add_log(arena, pods, pod, container, true);
	/* One that waits has no log yet, but between restarts it has the old one. */
	if (!waiting)
		add_log(arena, pods, pod, container, false);
}

static void read_pod(
	struct arena *arena, struct kube_pods *pods, const struct value *item, int64_t since)
{
	static const char *const lists[] = {
		"initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"};
	struct str name = value_str_or(value_path(item, "metadata", "name", NULL), STR(""));

	if (!name.len)
		return;
	pods->pods++;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const struct value *list = value_path(item, "status", lists[i], NULL);

		for (size_t k = 0; list && list->type == VALUE_ARRAY && k < list->array.count; k++)
			read_status(arena, pods, name, &list->array.items[k], since);
	}
}

static const struct value *items_of(
	struct arena *arena, struct str body, struct value *list, struct error *err)
{
	if (json_parse(arena, body, 0, list, err) != 0) {
		error_context(err, "the API server's answer");
		return NULL;
	}
	const struct value *items = value_find(list, "items");

	if (!items || (items->type != VALUE_ARRAY && items->type != VALUE_NULL)) {
		error_set(err, "the API server's answer is no list");
		return NULL;
	}
	return items;
}

int kube_pods_read(struct arena *arena, struct str body, int64_t since, struct kube_pods *pods,
	struct str *token, struct error *err)
{
	struct arena *scratch = arena_new();
	struct value list;
	const struct value *items = items_of(scratch, body, &list, err);

	for (size_t i = 0; items && items->type == VALUE_ARRAY && i < items->array.count; i++)
		read_pod(arena, pods, &items->array.items[i], since);
	*token = items ? arena_str(arena,
				 value_str_or(
					 value_path(&list, "metadata", "continue", NULL), STR("")))
		       : STR("");
	arena_free(scratch);
	return items ? 0 : -1;
}

static bool is_ours(const struct kube_pods *pods, struct str pod)
{
	for (size_t i = 0; i < pods->count; i++)
		if (str_is(pod, pods->logs[i].pod))
			return true;
	return false;
}

/* "spec.containers{web}" */
static struct str container_of(struct str path)
{
	size_t open = str_find_char(path, '{');

	if (open == SIZE_MAX || !str_ends(path, "}"))
		return STR("");
	return str_sub(path, open + 1, path.len - open - 2);
}

static struct str event_time(const struct value *event)
{
	static const char *const keys[] = {
		"lastTimestamp", "deprecatedLastTimestamp", "eventTime", "firstTimestamp"};
	struct str time =
		value_str_or(value_path(event, "series", "lastObservedTime", NULL), STR(""));

	for (size_t i = 0; !time.len && i < sizeof(keys) / sizeof(*keys); i++)
		time = text_of(event, keys[i]);
	return time;
}

static void read_event(struct arena *arena, const struct kube_pods *pods, const struct value *event,
	int64_t since, struct buf *out)
{
	const struct value *object = value_find(event, "involvedObject");
	struct str pod = text_of(object, "name"), time = event_time(event),
		   container = container_of(text_of(object, "fieldPath")),
		   message = text_of(event, "message");

	if (!is_ours(pods, pod) || too_old(time, since))
		return;
	struct str instance =
		container.len
			? str_of(arena_printf(arena, "%.*s/%.*s", STR_ARG(pod), STR_ARG(container)))
			: pod;

	add_event(out, instance, time,
		str_is(text_of(event, "type"), "Warning") ? "Warning" : "Normal",
		message.len ? message : text_of(event, "reason"));
}

int kube_events_read(const struct kube_pods *pods, struct str body, int64_t since, struct buf *out,
	struct error *err)
{
	struct arena *scratch = arena_new();
	struct value list;
	const struct value *items = items_of(scratch, body, &list, err);

	for (size_t i = 0; items && items->type == VALUE_ARRAY && i < items->array.count; i++)
		read_event(scratch, pods, &items->array.items[i], since, out);
	arena_free(scratch);
	return items ? 0 : -1;
}

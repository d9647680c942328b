/*
 * Java, Kotlin, Scala: symptom first, each "Caused by:" nearer to the root; logback's root-first
 * form says "Wrapped by:". Suppressed exceptions are no part of the chain.
 */
#include "exception_private.h"

/* Classes that are not the application's, by the package they are in. */
static bool is_app_class(struct str class)
{
	static const char *const packages[] = {"java.", "javax.", "jakarta.", "jdk.", "sun.",
		"com.sun.", "kotlin.", "kotlinx.", "scala.", "akka.", "groovy.", "clojure.",
		"org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.",
		"org.jboss.", "org.postgresql.", "org.mariadb.", "org.h2.", "org.flywaydb.",
		"org.liquibase.", "liquibase.", "org.jooq.", "org.slf4j.", "org.junit.",
		"org.gradle.", "org.codehaus.", "org.xnio.", "org.bouncycastle.", "org.glassfish.",
		"org.yaml.", "com.zaxxer.", "com.mysql.", "com.mongodb.", "com.fasterxml.",
		"com.google.common.", "com.google.inject.", "com.google.cloud.", "com.google.api.",
		"com.amazonaws.", "com.netflix.", "com.nimbusds.", "com.auth0.", "com.rabbitmq.",
		"com.datastax.", "com.ctc.", "io.netty.", "io.undertow.", "io.grpc.", "io.lettuce.",
		"io.vertx.", "io.micronaut.", "io.quarkus.", "io.jsonwebtoken.", "io.ktor.",
		"io.reactivex.", "io.micrometer.", "reactor.", "redis.clients.", "okhttp3.",
		"okio.", "retrofit2.", "feign.", "ch.qos.", "software.amazon.", "oracle.",
		"net.sf.", "net.bytebuddy.", "org.redisson.", "org.mongodb.", "org.elasticsearch.",
		"org.keycloak.", "org.thymeleaf.", "org.mockito.", "org.quartz.", NULL};

	for (size_t i = 0; packages[i]; i++) {
		if (str_starts(class, packages[i]))
			return false;
	}
	return true;
}

/*	at java.base/java.lang.Class.forName(Class.java:377) ~[jar:version] */
static bool app_frame(struct str line, struct str *file, struct str *number, struct str *function)
{
	struct str s = str_trim(line), name, inside, module, rest, tail;

	if (line_frame(line) != FRAME_JVM || !str_cut(str_from(s, 3), "(", &name, &inside))
		return false;
	while (str_cut(name, "/", &module, &rest)) {
		if (str_starts(module, "java.") || str_starts(module, "jdk."))
			return false;
		name = rest;
	}
	if (!is_app_class(name) || str_contains(name, "$$Lambda") ||
		str_contains(name, "CGLIB$$") || !str_cut(inside, ")", &inside, &tail) ||
		!str_cut(inside, ":", file, number))
		return false;
	*number = str_digits(*number);
	*function = name;
	return number->len > 0;
}

/* Removes what stands before the type on a first line. */
static struct str without_lead(struct str line)
{
	struct str s = str_trim(line), before, after;

	if (str_starts(s, "Exception in thread \"") &&
		str_cut(str_from(s, 21), "\" ", &before, &after))
		return after;
	if (str_starts(s, "Uncaught exception: ") || str_starts(s, "Uncaught Exception: "))
		return str_from(s, 20);
	if (str_starts(s, "Exception: "))
		return str_from(s, 11);
	return s;
}

static bool is_cause(struct str s)
{
	return str_starts(s, "Caused by: ") || str_starts(s, "Wrapped by: ");
}

/* A frame or a cause that shows that the lines before were the head of a trace. */
static bool is_body(struct str line)
{
	struct str s = str_trim(line);

	return line_frame(line) == FRAME_JVM || is_cause(s);
}

/* First line after `at` that is of the body; count when there is none near. */
static size_t body_after(const struct trace *t, size_t at)
{
	for (size_t i = at + 1; i < t->count && i <= at + TRACE_AHEAD; i++) {
		if (is_body(t->lines[i]))
			return i;
		enum frame_kind kind = line_frame(t->lines[i]);
		if (kind == FRAME_NODE || kind == FRAME_DOTNET || line_prefixed(t->lines[i]))
			break;
	}
	return t->count;
}

/* Frames of one exception; what is suppressed comes behind them, deeper. Returns the line after. */
static size_t read_frames(struct trace *t, struct exception_link *link, size_t at, size_t indent)
{
	size_t suppressed = SIZE_MAX;

	for (; at < t->count; at++) {
		struct str line = t->lines[at], s = str_trim(line), file, number, function;
		size_t depth = line_indent(line);

		if (depth < suppressed && depth == indent && is_cause(s))
			break;
		if (depth <= indent && !line_blank(line) && !str_starts(s, "... "))
			break;
		if (str_starts(s, "Suppressed: ") && suppressed == SIZE_MAX)
			suppressed = depth;
		if (depth >= suppressed || link->location.len ||
			!app_frame(line, &file, &number, &function))
			continue;
		link->location = trace_place(t, file, number);
		link->function = function;
	}
	return at;
}

/* The exception whose "Type: message" is `head`, on line `at`. */
static size_t link_at(struct trace *t, struct str head, size_t at, size_t indent)
{
	struct str type, message;
	size_t body = at + 1;

	while (body < t->count && body <= at + TRACE_AHEAD && !is_body(t->lines[body]) &&
		!str_starts(str_trim(t->lines[body]), "... ") && !line_blank(t->lines[body]))
		body++;
	if (!line_head(head, &type, &message)) {
		type = (struct str){"", 0};
		message = head;
	}
	struct exception_link *link = trace_link(t, type, (struct str){"", 0});
	link->message = trace_join(t, message, at + 1, body);
	return read_frames(t, link, body, indent);
}

bool exception_jvm(struct trace *t, size_t at)
{
	struct str head = without_lead(t->lines[at]), type, message;
	bool thread = str_starts(str_trim(t->lines[at]), "Exception in thread \"");
	bool wrapped = false;

	if (!line_head(head, &type, &message) || (!thread && !type_is_error(type)))
		return false;
	if (!thread && body_after(t, at) == t->count)
		return false;
	size_t indent = line_indent(t->lines[at]);
	size_t next = link_at(t, head, at, indent);
	while (next < t->count && t->link_count < EXCEPTION_LINKS_MAX) {
		struct str s = str_trim(t->lines[next]), before, cause;

		if (!is_cause(s) || !str_cut(s, " by: ", &before, &cause))
			break;
		wrapped = s.ptr[0] == 'W';
		next = link_at(t, cause, next, line_indent(t->lines[next]));
	}
	if (!wrapped)
		trace_reverse(t, 0);
	t->out->language = "jvm";
	t->out->frames = true;
	/* another thread than main ends alone */
	t->out->fatal = str_starts(str_trim(t->lines[at]), "Exception in thread \"main\"");
	return true;
}

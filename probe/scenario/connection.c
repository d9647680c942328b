#include "probe/connection.h"

static const char *const tls_versions[] = {"1.2", "1.3", NULL};
static const char *const ip_families[] = {"any", "4", "6", NULL};

const struct field connection_fields[] = {
	{.name = "cacert",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct connection, cacert),
		.help = "file of CA certificates (PEM) to trust instead of the system's"},
	{.name = "capath",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct connection, capath),
		.help = "directory of CA certificates, named by their hash"},
	{.name = "cert",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct connection, cert),
		.help = "client certificate (PEM file)"},
	{.name = "key",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct connection, key),
		.help = "private key of the client certificate (PEM file)"},
	{.name = "insecure",
		.type = FIELD_BOOLEAN,
		.offset = FIELD_AT(struct connection, insecure),
		.help = "do not verify the peer's certificate"},
	{.name = "server_name",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct connection, server_name),
		.help = "name to ask for (SNI) and to verify instead of the host"},
	{.name = "min_tls",
		.type = FIELD_ENUM,
		.offset = FIELD_AT(struct connection, min_tls),
		.choices = tls_versions,
		.help = "oldest TLS version to accept"},
	{.name = "resolve",
		.type = FIELD_STRINGS,
		.offset = FIELD_AT(struct connection, resolve),
		.help = "HOST:PORT:ADDRESS, addresses to use instead of asking DNS"},
	{.name = "connect_to",
		.type = FIELD_STRINGS,
		.offset = FIELD_AT(struct connection, connect_to),
		.help = "HOST1:PORT1:HOST2:PORT2, connect to the second instead of the first"},
	{.name = "proxy",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct connection, proxy),
		.help = "proxy URL, or none to ignore the environment's"},
	{.name = "unix",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct connection, unix_socket),
		.help = "path of a Unix domain socket to connect to"},
	{.name = "ip",
		.type = FIELD_ENUM,
		.offset = FIELD_AT(struct connection, ip),
		.choices = ip_families,
		.help = "address family to use"},
	{.name = NULL},
};

static void relative_to(struct arena *arena, const char *dir, struct str *path)
{
	if (path->len && path->ptr[0] != '/' && dir && *dir && strcmp(dir, ".") != 0)
		*path = str_of(arena_printf(arena, "%s/%.*s", dir, STR_ARG(*path)));
}

int connection_fill(const struct fill *fill, const struct node *map, struct connection *out)
{
	/* A path that was there before is the caller's own. */
	struct connection read = {
		.min_tls = out->min_tls, .insecure = out->insecure, .ip = out->ip};
	int failed = fields_fill(fill, connection_fields, map, &read);

	relative_to(fill->arena, fill->dir, &read.cacert);
	relative_to(fill->arena, fill->dir, &read.capath);
	relative_to(fill->arena, fill->dir, &read.cert);
	relative_to(fill->arena, fill->dir, &read.key);
	relative_to(fill->arena, fill->dir, &read.unix_socket);
	connection_override(out, &read);
	out->min_tls = read.min_tls;
	out->insecure = read.insecure;
	out->ip = read.ip;
	return failed;
}

static void override_str(struct str *text, struct str over)
{
	if (over.len)
		*text = over;
}

void connection_override(struct connection *c, const struct connection *over)
{
	override_str(&c->cacert, over->cacert);
	override_str(&c->capath, over->capath);
	override_str(&c->cert, over->cert);
	override_str(&c->key, over->key);
	override_str(&c->server_name, over->server_name);
	override_str(&c->proxy, over->proxy);
	override_str(&c->unix_socket, over->unix_socket);
	if (over->insecure)
		c->insecure = true;
	if (over->min_tls)
		c->min_tls = over->min_tls;
	if (over->resolve.count)
		c->resolve = over->resolve;
	if (over->connect_to.count)
		c->connect_to = over->connect_to;
	if (over->ip)
		c->ip = over->ip;
}

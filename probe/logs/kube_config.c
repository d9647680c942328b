/*
 * Where the API server is and who we are: the files that KUBECONFIG names, merged as kubectl does it
 * (the first one that has a name wins), or the service account that every pod has.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kube.h"

#include "probe/base64.h"
#include "probe/file.h"
#include "probe/yaml.h"

enum { FILES_MAX = 16, TOKEN_MAX = 64 << 10, NAME_MAX_LEN = 256 };

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

struct config {
	struct arena *arena;
	struct node *roots[FILES_MAX];
	const char *dirs[FILES_MAX];
	size_t count;
};

static struct str scalar(const struct node *map, const char *key)
{
	const struct node *node = map && map->type == NODE_MAP ? node_find(map, key) : NULL;

	return node && node->type == NODE_SCALAR && node->value.type != VALUE_NULL ? node->text
										   : STR("");
}

static const struct node *member(const struct node *map, const char *key)
{
	return map && map->type == NODE_MAP ? node_find(map, key) : NULL;
}

/* The map under `key` of the item called `name` in a list of the first file that has it. */
static const struct node *item_find(const struct config *c, const char *list, const char *key,
	struct str name, const char **dir)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct node *items = member(c->roots[i], list);

		for (size_t k = 0; items && items->type == NODE_LIST && k < items->count; k++) {
			const struct node *item = items->items[k];

			if (!str_equal(scalar(item, "name"), name))
				continue;
			*dir = c->dirs[i];
			return member(item, key);
		}
	}
	return NULL;
}

static int add_file(struct config *c, const char *path, struct error *err)
{
	struct diags *diags = ARENA_NEW(c->arena, struct diags);
	struct node *root = NULL;

	diags_init(diags, c->arena);
	if (yaml_load_file(c->arena, path, &root, diags, err) != 0)
		return error_context(err, "kubeconfig");
	if (diags_failed(diags) || !root || root->type != NODE_MAP)
		return error_set(err, "'%s' is no kubeconfig%s%s", path, diags->count ? ": " : "",
			diags->count ? diags->items[0].message : "");
	c->dirs[c->count] = file_dir(c->arena, path);
	c->roots[c->count++] = root;
	return 0;
}

/* A list parted by colons; those that do not exist are passed over, but one must be there. */
static int add_files(struct config *c, struct str paths, struct error *err)
{
	while (paths.len && c->count < FILES_MAX) {
		size_t colon = str_find_char(paths, ':');
		const char *path = arena_str(c->arena, str_sub(paths, 0, colon)).ptr;

		paths = colon == SIZE_MAX ? STR("") : str_from(paths, colon + 1);
		if (!*path || (access(path, F_OK) != 0 && (paths.len || c->count)))
			continue;
		if (add_file(c, path, err) != 0)
			return -1;
	}
	return c->count ? 0 : error_set(err, "KUBECONFIG names no file");
}

/* Standard alphabet, as kubectl writes it. */
static bool decode(struct arena *arena, struct str text, struct str *out)
{
	char *url = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char ch = text.ptr[i];

		if (ch == '=' || (unsigned char)ch <= ' ')
			continue;
		url[len++] = ch == '+' ? '-' : ch == '/' ? '_' : ch;
	}
	return base64url_decode(arena, (struct str){url, len}, out);
}

/* Bytes as a file that only this process sees. */
static const char *data_file(struct arena *arena, struct kube *kube, struct str data)
{
	int fd = memfd_create("kubeconfig", MFD_CLOEXEC);

	if (fd < 0)
		return NULL;
	kube->fds[kube->fd_count++] = fd;
	for (size_t at = 0; at < data.len;) {
		ssize_t n = write(fd, data.ptr + at, data.len - at);

		if (n <= 0)
			return NULL;
		at += (size_t)n;
	}
	return arena_printf(arena, "/proc/self/fd/%d", fd);
}

/* KEY names a file, KEY-data is its content and wins. */
static int file_of(struct config *c, struct kube *kube, const struct node *map, const char *key,
	const char *dir, struct str *out, struct error *err)
{
	const char *data_key = arena_printf(c->arena, "%s-data", key);
	struct str data = scalar(map, data_key), path = scalar(map, key), bytes;

	if (data.len) {
		if (!decode(c->arena, data, &bytes))
			return error_set(err, "'%s' of the kubeconfig is no base64", data_key);
		const char *file = data_file(c->arena, kube, bytes);

		if (!file)
			return error_set(err, "no memory for '%s' of the kubeconfig", data_key);
		*out = str_of(file);
	} else if (path.len) {
		*out = str_of(file_join(c->arena, dir, arena_str(c->arena, path).ptr));
	}
	return 0;
}

static int set_token(struct arena *arena, struct kube *kube, struct str token, struct error *err)
{
	token = str_trim(token);
	if (!token.len)
		return 0;
	for (size_t i = 0; i < token.len; i++)
		if ((unsigned char)token.ptr[i] <= ' ' || (unsigned char)token.ptr[i] >= 0x7F)
			return error_set(err, "the token for the API server has blanks in it");
	kube->credentials.items = ARENA_NEW(arena, struct pair);
	kube->credentials.items[0] = (struct pair){
		STR("Authorization"), str_of(arena_printf(arena, "Bearer %.*s", STR_ARG(token)))};
	kube->credentials.count = 1;
	return 0;
}

static int token_file(struct arena *arena, struct kube *kube, const char *path, struct error *err)
{
	struct str token;

	if (file_text(arena, path, TOKEN_MAX, &token, err) != 0)
		return error_context(err, "token for the API server");
	return set_token(arena, kube, token, err);
}

static int read_cluster(struct config *c, struct kube *kube, const struct node *cluster,
	const char *dir, struct error *err)
{
	struct str server = scalar(cluster, "server");

	while (server.len && server.ptr[server.len - 1] == '/')
		server.len--;
	if (!str_starts(server, "https://") && !str_starts(server, "http://"))
		return error_set(err, "the cluster in the kubeconfig has no URL as its 'server'");
	kube->server = arena_str(c->arena, server).ptr;
	kube->connection.insecure = str_is(scalar(cluster, "insecure-skip-tls-verify"), "true");
	kube->connection.server_name = scalar(cluster, "tls-server-name");
	kube->connection.proxy = scalar(cluster, "proxy-url");
	return file_of(
		c, kube, cluster, "certificate-authority", dir, &kube->connection.cacert, err);
}

/* Programs named by a file are not run. */
static int refuse_program(const struct node *user, struct str name, struct error *err)
{
	const struct node *exec = member(user, "exec"), *provider = member(user, "auth-provider");
	struct str program = exec ? scalar(exec, "command") : scalar(provider, "name");

	return error_set(err,
		"user '%.*s' of the kubeconfig gets its credential from %s '%.*s', which is not "
		"run; give it a token instead (kubectl create token SERVICE-ACCOUNT)",
		STR_ARG(name), exec ? "the exec plug-in" : "the auth provider", STR_ARG(program));
}

static int read_user(struct config *c, struct kube *kube, const struct node *user, struct str name,
	const char *dir, struct error *err)
{
	struct str token = scalar(user, "token"), path = scalar(user, "tokenFile");

	if (file_of(c, kube, user, "client-certificate", dir, &kube->connection.cert, err) != 0 ||
		file_of(c, kube, user, "client-key", dir, &kube->connection.key, err) != 0)
		return -1;
	if (path.len)
		return token_file(c->arena, kube,
			file_join(c->arena, dir, arena_str(c->arena, path).ptr), err);
	if (token.len)
		return set_token(c->arena, kube, token, err);
	if (!kube->connection.cert.len && (member(user, "exec") || member(user, "auth-provider")))
		return refuse_program(user, name, err);
	return 0;
}

static int load_files(struct arena *arena, struct str paths, struct str context, struct kube *kube,
	struct error *err)
{
	struct config c = {.arena = arena};
	const char *dir = ".";

	if (add_files(&c, paths, err) != 0)
		return -1;
	for (size_t i = 0; i < c.count && !context.len; i++)
		context = scalar(c.roots[i], "current-context");
	if (!context.len)
		return error_set(err, "the kubeconfig has no current-context, give --context");
	const struct node *map = item_find(&c, "contexts", "context", context, &dir);

	if (!map)
		return error_set(err, "the kubeconfig has no context '%.*s'", STR_ARG(context));
	struct str cluster_name = scalar(map, "cluster"), user_name = scalar(map, "user");
	const struct node *cluster = item_find(&c, "clusters", "cluster", cluster_name, &dir);

	if (!cluster)
		return error_set(
			err, "the kubeconfig has no cluster '%.*s'", STR_ARG(cluster_name));
	kube->name_space = scalar(map, "namespace");
	if (read_cluster(&c, kube, cluster, dir, err) != 0)
		return -1;
	const struct node *user = item_find(&c, "users", "user", user_name, &dir);

	return user ? read_user(&c, kube, user, user_name, dir, err) : 0;
}

/* What every pod finds in itself (GOLDPROBE_K8S_SERVICEACCOUNT: elsewhere). */
static int load_inside(struct arena *arena, const char *host, struct kube *kube, struct error *err)
{
	const char *dir = getenv("GOLDPROBE_K8S_SERVICEACCOUNT"),
		   *port = getenv("KUBERNETES_SERVICE_PORT");
	bool brackets = strchr(host, ':') != NULL;
	struct str name;

	if (!dir || !*dir)
		dir = SERVICE_ACCOUNT;
	kube->server = arena_printf(arena, "https://%s%s%s:%s", brackets ? "[" : "", host,
		brackets ? "]" : "", port && *port ? port : "443");
	kube->connection.cacert = str_of(arena_printf(arena, "%s/ca.crt", dir));
	if (file_text(arena, arena_printf(arena, "%s/namespace", dir), NAME_MAX_LEN, &name, NULL) ==
		0)
		kube->name_space = str_trim(name);
	return token_file(arena, kube, arena_printf(arena, "%s/token", dir), err);
}

int kube_load(struct arena *arena, struct str kubeconfig, struct str context, struct kube *kube,
	struct error *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *home = getenv("HOME");

	if (!context.len)
		context = str_of(getenv("GOLDPROBE_K8S_CONTEXT"));
	if (!kubeconfig.len)
		kubeconfig = str_of(getenv("KUBECONFIG"));
	if (kubeconfig.len)
		return load_files(arena, kubeconfig, context, kube, err);
	if (host && *host)
		return load_inside(arena, host, kube, err);
	const char *path = home ? arena_printf(arena, "%s/.kube/config", home) : "";

	if (access(path, R_OK) != 0)
		return error_set(err,
			"no cluster is known: run inside one, or set KUBECONFIG or --kubeconfig");
	return load_files(arena, str_of(path), context, kube, err);
}

void kube_release(struct kube *kube)
{
	for (size_t i = 0; i < kube->fd_count; i++)
		close(kube->fds[i]);
	kube->fd_count = 0;
}

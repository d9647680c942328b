#include "probe/lws_loop.h"

#include <fcntl.h>
#include <stdlib.h>

#include <libwebsockets.h>

struct lws_master {
	struct loop *loop;
	struct lws_context *context;
	lws_sorted_usec_list_t wake;
};

static const char key;

/* The descriptor of the loop is readable: the turn that follows this wait looks after it. */
static int on_adopted(
	struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	(void)wsi;
	(void)reason;
	(void)user;
	(void)in;
	(void)len;
	return 0;
}

static const struct lws_protocols protocols[] = {
	{.name = "loop", .callback = on_adopted},
	{0},
};

/* Timers fire before libwebsockets begins to wait: one that is due by then would not end the wait
 * that follows. */
static void wake(lws_sorted_usec_list_t *sul)
{
	struct lws_master *master = lws_container_of(sul, struct lws_master, wake);

	lws_cancel_service(master->context);
}

/* libwebsockets ignores the timeout that it is given, unless negative for none, and waits for its
 * own timers: ours must be one of them. */
static int wait_lws(void *ctx, int timeout_ms)
{
	struct lws_master *master = ctx;

	if (timeout_ms <= 0)
		lws_sul_cancel(&master->wake);
	else
		lws_sul_schedule(
			master->context, 0, &master->wake, wake, (lws_usec_t)timeout_ms * 1000);
	return lws_service(master->context, timeout_ms ? 0 : -1) < 0 ? -1 : 0;
}

static void master_free(void *data)
{
	struct lws_master *master = data;

	loop_set_waiter(master->loop, NULL, NULL);
	lws_sul_cancel(&master->wake);
	lws_context_destroy(master->context);
	free(master);
}

static int adopt_loop(struct lws_master *master, struct error *err)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.vhost_name = "loop",
	};
	struct lws_vhost *vhost = lws_create_vhost(master->context, &info);
	/* The context closes what it adopted; a duplicate refers to the same epoll set. */
	lws_sock_file_fd_type fd = {.filefd = fcntl(loop_fd(master->loop), F_DUPFD_CLOEXEC, 0)};

	if (fd.filefd < 0 || !vhost ||
		!lws_adopt_descriptor_vhost(
			vhost, LWS_ADOPT_RAW_FILE_DESC, fd, protocols[0].name, NULL))
		return error_set(err, "libwebsockets did not take the event loop");
	return 0;
}

struct lws_context *lws_loop_context(struct loop *loop, struct error *err)
{
	struct lws_master *master = loop_attached(loop, &key);
	struct lws_context_creation_info info = {
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		/* Its own settings only: nothing is dropped, nothing printed. */
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};

	if (master)
		return master->context;
	lws_set_log_level(0, NULL);
	master = calloc(1, sizeof(*master));
	if (!master)
		die("out of memory: %zu bytes", sizeof(*master));
	master->loop = loop;
	master->context = lws_create_context(&info);
	if (!master->context) {
		free(master);
		error_set(err, "libwebsockets cannot start");
		return NULL;
	}
	if (adopt_loop(master, err)) {
		lws_context_destroy(master->context);
		free(master);
		return NULL;
	}
	loop_attach(loop, &key, master, master_free);
	loop_set_waiter(loop, wait_lws, master);
	return master->context;
}

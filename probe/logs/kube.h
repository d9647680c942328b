/* kube: the API server of a cluster and how to be let in, from a kubeconfig or from inside. */
#ifndef PROBE_LOGS_KUBE_H
#define PROBE_LOGS_KUBE_H

#include "probe/connection.h"
#include "probe/error.h"
#include "probe/log_source.h"

struct kube {
	const char *server;    /* URL without a path at its end */
	struct str name_space; /* the default one */
	struct connection connection;
	struct pairs credentials;
	/* Certificates and keys written inside a kubeconfig; never on a disk. */
	int fds[3];
	size_t fd_count;
};

/* `kubeconfig` (else KUBECONFIG), else the service account of the pod this runs in, else
 * ~/.kube/config; `context` empty: the current one. Errors have a remedy. */
int kube_load(struct arena *, struct str kubeconfig, struct str context, struct kube *,
	struct error *err);
void kube_release(struct kube *);

/* One container of a pod, and which of its logs there are. */
struct kube_log {
	const char *pod, *container, *instance; /* instance: "pod/container" */
	bool previous;
};

struct kube_pods {
	struct kube_log *logs;
	size_t count, capacity, pods;
	struct buf states; /* what the containers' states say, as events, one a line */
};

/* Adds the pods of a list; the page's token, empty for the last one. -1: it is none. */
int kube_pods_read(struct arena *, struct str body, int64_t since, struct kube_pods *,
	struct str *token, struct error *err);
/* Events of these pods, written to `out` as the reader knows them, one a line. */
int kube_events_read(const struct kube_pods *, struct str body, int64_t since, struct buf *out,
	struct error *err);

#endif

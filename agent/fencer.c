// SPDX-License-Identifier: GPL-2.0-or-later
/* Pacemaker's fencer by libstonithd, loaded at run time. */
#include "agent/fencer.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/limits.h"

/* ---- as in crm/stonith-ng.h of Pacemaker 2.0 to 3.0; unused members are words ---- */

#define ST_OPT_CS_NODEID 0x200
#define ST_OPT_SYNC_CALL 0x1000
#define ST_OPT_BROADCAST 0x100000
#define ST_NOTIFY_FENCE "st_notify_fence"
#define ST_TIMEOUT_S 2

enum st_state { ST_QUERY, ST_EXEC, ST_DONE, ST_DUPLICATE, ST_FAILED };

struct st_history {
	char *target, *action, *origin, *delegate, *client;
	int state;
	time_t completed;
	struct st_history *next;
};

struct st_api {
	int state, call_id, call_timeout;
	void *inside;
	const struct st_calls *calls;
};

typedef void st_notify_fn(struct st_api *api, void *event);

struct st_calls {
	void (*free)(void);
	int (*connect)(struct st_api *api, const char *name, int *fd);
	int (*disconnect)(struct st_api *api);
	void (*unused[12])(void);
	int (*history)(struct st_api *api, int options, const char *node, struct st_history **out,
		       int timeout_s);
	int (*notify)(struct st_api *api, const char *event, st_notify_fn *fn);
};

/* Of a fencing that ended. Pacemaker 2 has two words more. */
struct st_event_2 {
	char *id, *type, *message, *operation;
	int result;
	char *origin, *target, *action;
};

struct st_event_3 {
	char *id, *operation;
	int result;
	char *origin, *target, *action;
};

/* ---- */

struct fencer {
	void *library;
	bool is_3;
	struct st_api *(*create)(void);
	void (*destroy)(struct st_api *api);
	bool (*dispatch)(struct st_api *api);
	void (*history_free)(struct st_history *history);
	struct st_api *api; /* NULL: not connected */
	int fd;
	void (*told)(void *ctx, const char *node);
	void *ctx;
};

/* The library's callback has no context. */
static struct fencer *fencer_only;

int fencer_open(struct fencer **out_fencer)
{
	static const char *const name[] = { "libstonithd.so.56", "libstonithd.so.26" };
	struct fencer *fencer = calloc(1, sizeof(*fencer));

	if (fencer == NULL) {
		return -ENOMEM;
	}
	fencer->fd = -1;
	setlogmask(LOG_UPTO(LOG_WARNING)); /* the library writes a line for each question */
	for (size_t i = 0; i < VX_COUNT_OF(name) && fencer->library == NULL; i++) {
		fencer->library = dlopen(name[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
		fencer->is_3 = i == 0;
	}
	if (fencer->library != NULL) {
		fencer->create = (struct st_api * (*)(void))
			dlsym(fencer->library, "stonith_api_new");
		fencer->destroy = (void (*)(struct st_api *))dlsym(fencer->library,
								   "stonith_api_delete");
		fencer->dispatch = (bool (*)(struct st_api *))dlsym(fencer->library,
								    "stonith_dispatch");
		fencer->history_free = (void (*)(struct st_history *))dlsym(
			fencer->library, "stonith_history_free");
	}
	if (fencer->create == NULL || fencer->destroy == NULL || fencer->dispatch == NULL ||
	    fencer->history_free == NULL) {
		fencer_close(fencer);
		return -ELIBACC;
	}
	*out_fencer = fencer;
	return 0;
}

void fencer_close(struct fencer *fencer)
{
	if (fencer == NULL) {
		return;
	}
	fencer_disconnect(fencer);
	if (fencer->library != NULL) {
		dlclose(fencer->library);
	}
	free(fencer);
}

static bool fencer_is_fencing(const char *action)
{
	return action != NULL && (strcmp(action, "off") == 0 || strcmp(action, "reboot") == 0);
}

static void fencer_on_event(struct st_api *api, void *event)
{
	const struct st_event_2 *event_2 = event;
	const struct st_event_3 *event_3 = event;
	struct fencer *fencer = fencer_only;
	int result = fencer->is_3 ? event_3->result : event_2->result;
	const char *target = fencer->is_3 ? event_3->target : event_2->target;
	const char *action = fencer->is_3 ? event_3->action : event_2->action;

	(void)api;
	if (result == 0 && target != NULL && fencer_is_fencing(action)) {
		fencer->told(fencer->ctx, target);
	}
}

int fencer_connect(struct fencer *fencer, void (*told)(void *ctx, const char *node), void *ctx)
{
	int rc;

	fencer->api = fencer->create();
	if (fencer->api == NULL) {
		return -ENOMEM;
	}
	fencer->told = told;
	fencer->ctx = ctx;
	fencer_only = fencer;
	rc = fencer->api->calls->connect(fencer->api, "vxclustd", &fencer->fd);
	if (rc == 0 && told != NULL) {
		rc = fencer->api->calls->notify(fencer->api, ST_NOTIFY_FENCE, fencer_on_event);
	}
	if (rc != 0) {
		fencer_disconnect(fencer);
	}
	return rc < 0 ? rc : rc > 0 ? -ENOTCONN : 0;
}

void fencer_disconnect(struct fencer *fencer)
{
	if (fencer->api != NULL) {
		(void)fencer->api->calls->disconnect(fencer->api);
		fencer->destroy(fencer->api);
		fencer->api = NULL;
		fencer->fd = -1;
	}
}

int fencer_fd(const struct fencer *fencer)
{
	return fencer->fd;
}

int fencer_hear(struct fencer *fencer)
{
	struct pollfd poll_fd = { .fd = fencer->fd, .events = POLLIN };

	if (fencer->api == NULL || poll(&poll_fd, 1, 0) < 0 ||
	    (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
		return -ENOTCONN;
	}
	return (poll_fd.revents & POLLIN) == 0 || fencer->dispatch(fencer->api) ? 0 : -ENOTCONN;
}

int fencer_tell_each_other(struct fencer *fencer)
{
	struct st_history *history = NULL;
	int rc = fencer->api->calls->history(fencer->api, ST_OPT_SYNC_CALL | ST_OPT_BROADCAST,
					     NULL, &history, ST_TIMEOUT_S);

	fencer->history_free(history);
	return rc < 0 ? rc : 0;
}

int fencer_history(struct fencer *fencer, const char *node, bool is_id,
		   void (*fn)(void *ctx, const struct fencer_entry *entry), void *ctx)
{
	struct st_history *history = NULL;
	int rc = fencer->api->calls->history(
		fencer->api, ST_OPT_SYNC_CALL | (is_id ? ST_OPT_CS_NODEID : 0), node, &history,
		ST_TIMEOUT_S);

	for (const struct st_history *at = history; at != NULL && rc >= 0; at = at->next) {
		const struct fencer_entry entry = {
			.node = at->target,
			.action = at->action,
			.when_s = at->completed > 0 ? (uint64_t)at->completed : 0,
			.pending = at->state != ST_DONE && at->state != ST_FAILED,
		};

		if (at->target != NULL &&
		    (entry.pending || (at->state == ST_DONE && fencer_is_fencing(at->action)))) {
			fn(ctx, &entry);
		}
	}
	fencer->history_free(history);
	return rc < 0 ? rc : 0;
}

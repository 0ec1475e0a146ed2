// SPDX-License-Identifier: GPL-2.0-or-later
/* What Pacemaker's fencer does. The side of the daemon: the helper process and the looks. */
#include "agent/fence.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/fence_text.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/timeouts.h"

#define FENCE_HELPER "vxclustadm"
#define FENCE_RESTART_MS 1000 /* not more than one new helper in this time */
#define FENCE_RETRY_MS 50     /* between two looks whether a new helper may be started */

struct fence_question {
	uint64_t cookie;
	bool apart;
	bool open;
};

struct fence {
	struct loop *loop;
	const struct fence_ops *ops;
	void *ctx;
	bool unsafe_none;
	struct fence_question asked; /* under way */
	struct fence_question waiting;
	uint64_t serial;      /* of the question under way */
	uint64_t deadline_ms; /* of the question under way */
	struct child *helper; /* NULL: none; fd is -1 then */
	int fd;
	uint64_t started_ms;	 /* the last helper; 0: none yet */
	int start_error;	 /* of the last attempt, so that it is logged once */
	int failure;		 /* why the question under way has no answer, for the timer */
	struct loop_timer timer; /* the question's time-out, or its failure told from the loop */
	struct loop_timer keep;	 /* a new helper is started */
};

static void fence_next(struct fence *fence);
static void fence_on_keep(void *ctx);

/* ---- answers ---- */

static void fence_tell(struct fence *fence, int error, const char *const *node, size_t count)
{
	uint64_t cookie = fence->asked.cookie;

	if (!fence->asked.open) {
		return;
	}
	loop_timer_cancel(&fence->timer);
	fence->asked.open = false;
	fence->ops->looked(fence->ctx, cookie, error, node, count);
	fence_next(fence);
}

/* Answers come from the loop only, never from inside fence_look(). */
static void fence_on_failure(void *ctx)
{
	struct fence *fence = ctx;

	fence_tell(fence, fence->failure, NULL, 0);
}

static void fence_fail_later(struct fence *fence, int error)
{
	fence->failure = error;
	loop_timer_set(fence->loop, &fence->timer, 0, fence_on_failure, fence);
}

static void fence_on_unsafe(void *ctx)
{
	struct fence *fence = ctx;

	fence_tell(fence, 0, NULL, 0);
	fence->ops->fenced(fence->ctx, NULL);
}

/* ---- the helper ---- */

static void fence_on_helper_end(void *ctx, const struct child_end *end)
{
	struct fence *fence = ctx;

	log_warning("fence: helper ended (%s %d)", end->status < 0 ? "signal" : "exit code",
		    abs(end->status));
	fence->helper = NULL;
	loop_timer_set(fence->loop, &fence->keep, FENCE_RESTART_MS, fence_on_keep, fence);
}

/* Closes the connection and lets the process die by itself: it is no longer ours. */
static void fence_helper_drop(struct fence *fence)
{
	if (fence->fd >= 0) {
		loop_fd_del(fence->loop, fence->fd);
		close(fence->fd);
		fence->fd = -1;
	}
	if (fence->helper != NULL) {
		child_kill(fence->helper);
	}
}

/* The helper is of no use any more, and with it the connection to the fencer. */
static void fence_helper_lost(struct fence *fence, int error)
{
	fence_helper_drop(fence);
	fence->ops->lost(fence->ctx);
	fence_tell(fence, error, NULL, 0);
}

static void fence_on_packet(void *ctx, int revents)
{
	struct fence *fence = ctx;
	struct fence_word word;
	char text[VX_FENCE_TEXT_MAX];
	ssize_t length = recv(fence->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	(void)revents;
	if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (length <= 0) {
		fence_helper_lost(fence, -EPIPE);
		return;
	}
	text[length] = '\0';
	if (fence_text_read_word(text, &word) != 0 ||
	    (word.what == FENCE_LOOKED && (!fence->asked.open || word.serial != fence->serial))) {
		log_err("fence: the helper answered what was not asked");
		fence_helper_lost(fence, -VX_E_PROTO);
		return;
	}
	switch (word.what) {
	case FENCE_LOOKED:
		fence_tell(fence, word.error, word.node, word.count);
		return;
	case FENCE_FENCED:
		fence->ops->fenced(fence->ctx, word.node[0]);
		return;
	case FENCE_LOST:
		fence->ops->lost(fence->ctx);
		return;
	}
}

static void fence_on_timeout(void *ctx)
{
	log_warning("fence: Pacemaker's fencer did not answer in %d s", VX_FENCE_CALL_MS / 1000);
	fence_helper_lost(ctx, -ETIMEDOUT);
}

/* The helper is beside the daemon; the variable is for tests. */
static void fence_helper_path(char out[PATH_MAX])
{
	const char *path = secure_getenv("VXHA_FENCE_HELPER");
	ssize_t length = path != NULL ? -1 : readlink("/proc/self/exe", out, PATH_MAX - 1);

	if (path != NULL) {
		snprintf(out, PATH_MAX, "%s", path);
		return;
	}
	while (length > 0 && out[length - 1] != '/') {
		length--;
	}
	if (length < 0 || (size_t)length + sizeof(FENCE_HELPER) > PATH_MAX) {
		length = 0; /* looked up in PATH */
	}
	memcpy(out + length, FENCE_HELPER, sizeof(FENCE_HELPER));
}

static int fence_helper_spawn(struct fence *fence)
{
	char path[PATH_MAX];
	const char *const argv[] = { path, "fenced", "--serve", NULL };
	int pair[2];

	fence_helper_path(path);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		return -errno;
	}

	struct child_spec spec = { .argv = argv, .socket = pair[1] };
	int rc = child_spawn(fence->loop, &spec, fence_on_helper_end, fence, &fence->helper);

	close(pair[1]);
	if (rc == 0) {
		rc = loop_fd_add(fence->loop, pair[0], POLLIN, fence_on_packet, fence);
		if (rc != 0) {
			child_kill(fence->helper);
		}
	}
	if (rc != 0) {
		close(pair[0]);
		return rc;
	}
	fence->fd = pair[0];
	return 0;
}

/* 0 when there is a helper to talk to; -EAGAIN when one may be started a little later. */
static int fence_helper_start(struct fence *fence)
{
	uint64_t now = clock_ms();

	if (fence->fd >= 0) {
		return 0;
	}
	if (fence->helper != NULL) {
		return -EAGAIN; /* the old one is not reaped yet */
	}
	if (fence->started_ms != 0 && now - fence->started_ms < FENCE_RESTART_MS) {
		return fence->start_error != 0 ? fence->start_error : -EAGAIN;
	}
	fence->started_ms = now;

	int rc = fence_helper_spawn(fence);

	if (rc != 0 && rc != fence->start_error) {
		log_err("fence: cannot start the helper (%s fenced --serve): %s", FENCE_HELPER,
			vx_strerror(rc));
	}
	fence->start_error = rc;
	return rc;
}

static void fence_on_keep(void *ctx)
{
	struct fence *fence = ctx;

	if (fence_helper_start(fence) != 0) {
		loop_timer_set(fence->loop, &fence->keep, FENCE_RESTART_MS, fence_on_keep, fence);
	}
}

/* ---- looks ---- */

static int fence_send(struct fence *fence)
{
	char text[VX_FENCE_TEXT_MAX];
	int rc = fence_helper_start(fence);

	if (rc != 0) {
		return rc;
	}

	size_t length = fence_text_look(text, ++fence->serial, fence->asked.apart);

	/* a helper that has just died is noticed in the loop */
	return send(fence->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -EAGAIN : 0;
}

static void fence_ask(void *ctx)
{
	struct fence *fence = ctx;
	uint64_t now = clock_ms();
	int rc = fence_send(fence);

	if (rc == 0) {
		loop_timer_set(fence->loop, &fence->timer,
			       fence->deadline_ms > now ? fence->deadline_ms - now : 0,
			       fence_on_timeout, fence);
	} else if (rc == -EAGAIN && now < fence->deadline_ms) {
		loop_timer_set(fence->loop, &fence->timer, FENCE_RETRY_MS, fence_ask, fence);
	} else {
		fence_fail_later(fence, rc == -EAGAIN ? -EPIPE : rc);
	}
}

static void fence_next(struct fence *fence)
{
	if (fence->asked.open || !fence->waiting.open) {
		return;
	}
	fence->asked = fence->waiting;
	fence->waiting.open = false;
	if (fence->unsafe_none) {
		loop_timer_set(fence->loop, &fence->timer, 0, fence_on_unsafe, fence);
		return;
	}
	fence->deadline_ms = clock_ms() + VX_FENCE_CALL_MS;
	fence_ask(fence);
}

void fence_look(struct fence *fence, uint64_t cookie, bool apart)
{
	fence->waiting = (struct fence_question){ .cookie = cookie, .apart = apart, .open = true };
	fence_next(fence);
}

int fence_create(struct loop *loop, bool unsafe_none, const struct fence_ops *ops, void *ctx,
		 struct fence **out_fence)
{
	struct fence *fence = calloc(1, sizeof(*fence));

	if (fence == NULL) {
		return -ENOMEM;
	}
	*fence = (struct fence){
		.loop = loop, .ops = ops, .ctx = ctx, .unsafe_none = unsafe_none, .fd = -1
	};
	if (unsafe_none) {
		log_warning("FENCING IS OFF (fencing=unsafe-none in vxha.conf): a node that is "
			    "gone counts "
			    "as fenced WITHOUT PROOF. Shared volumes WILL be damaged if it is "
			    "still alive");
	} else {
		(void)fence_helper_start(
			fence); /* loaded before it is needed; its error is asked for */
	}
	*out_fence = fence;
	return 0;
}

void fence_destroy(struct fence *fence)
{
	if (fence == NULL) {
		return;
	}
	loop_timer_cancel(&fence->timer);
	loop_timer_cancel(&fence->keep);
	fence_helper_drop(fence);
	child_forget(fence->helper);
	free(fence);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* When was a node fenced? The side of the daemon: the helper process and the questions to it. */
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
	size_t count; /* 0: none */
	uint32_t nodeid[VX_NODES_MAX];
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
};

static void fence_next(struct fence *fence);

/* ---- answers ---- */

static void fence_tell(struct fence *fence, const struct fence_time *time, size_t count)
{
	uint64_t cookie = fence->asked.cookie;

	loop_timer_cancel(&fence->timer);
	fence->asked.count = 0;
	fence->ops->times(fence->ctx, cookie, time, count);
	fence_next(fence);
}

static void fence_tell_same(struct fence *fence, uint64_t when_s, int error)
{
	struct fence_time time[VX_NODES_MAX];
	size_t count = fence->asked.count;

	for (size_t i = 0; i < count; i++) {
		time[i] = (struct fence_time){ .nodeid = fence->asked.nodeid[i],
					       .when_s = when_s,
					       .error = error };
	}
	fence_tell(fence, time, count);
}

/* Answers come from the loop only, never from inside fence_query(). */
static void fence_on_failure(void *ctx)
{
	struct fence *fence = ctx;

	fence_tell_same(fence, 0, fence->failure);
}

static void fence_fail_later(struct fence *fence, int error)
{
	fence->failure = error;
	loop_timer_set(fence->loop, &fence->timer, 0, fence_on_failure, fence);
}

static void fence_on_unsafe(void *ctx)
{
	struct fence *fence = ctx;

	for (size_t i = 0; i < fence->asked.count; i++) {
		log_warning(
			"FENCING IS OFF (fencing=unsafe-none): node id %u counts as fenced WITHOUT "
			"PROOF. If it still writes, shared volumes are damaged",
			fence->asked.nodeid[i]);
	}
	fence_tell_same(fence, clock_wall_ms() / 1000u, 0);
}

/* ---- the helper ---- */

static void fence_on_helper_end(void *ctx, const struct child_end *end)
{
	struct fence *fence = ctx;

	log_warning("fence: helper ended (%s %d)", end->status < 0 ? "signal" : "exit code",
		    abs(end->status));
	fence->helper = NULL;
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

static bool fence_answer_matches(const struct fence *fence, uint64_t serial,
				 const struct fence_time *time, size_t count)
{
	if (serial != fence->serial || count != fence->asked.count) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (time[i].nodeid != fence->asked.nodeid[i]) {
			return false;
		}
	}
	return true;
}

static void fence_on_packet(void *ctx, int revents)
{
	struct fence *fence = ctx;
	struct fence_time time[VX_NODES_MAX];
	char text[VX_FENCE_TEXT_MAX];
	uint64_t serial;
	size_t count;
	ssize_t length = recv(fence->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	(void)revents;
	if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (length <= 0) {
		fence_helper_drop(fence);
		if (fence->asked.count > 0) {
			fence_tell_same(fence, 0, -EPIPE);
		}
		return;
	}
	text[length] = '\0';
	if (fence_text_read_answer(text, &serial, time, &count) != 0 ||
	    !fence_answer_matches(fence, serial, time, count)) {
		log_err("fence: the helper answered what was not asked");
		fence_helper_drop(fence);
		if (fence->asked.count > 0) {
			fence_tell_same(fence, 0, -VX_E_PROTO);
		}
		return;
	}
	fence_tell(fence, time, count);
}

static void fence_on_timeout(void *ctx)
{
	struct fence *fence = ctx;

	log_warning("fence: Pacemaker's fencing history did not answer in %d s",
		    VX_FENCE_CALL_MS / 1000);
	fence_helper_drop(fence);
	fence_tell_same(fence, 0, -ETIMEDOUT);
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

/* ---- questions ---- */

static int fence_send(struct fence *fence)
{
	char text[VX_FENCE_TEXT_MAX];
	int rc = fence_helper_start(fence);

	if (rc != 0) {
		return rc;
	}

	size_t length =
		fence_text_ask(text, ++fence->serial, fence->asked.nodeid, fence->asked.count);

	if (send(fence->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		fence_helper_drop(fence); /* it died between two questions */
		return -EAGAIN;
	}
	return 0;
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
	if (fence->asked.count > 0 || fence->waiting.count == 0) {
		return;
	}
	fence->asked = fence->waiting;
	fence->waiting.count = 0;
	if (fence->unsafe_none) {
		loop_timer_set(fence->loop, &fence->timer, 0, fence_on_unsafe, fence);
		return;
	}
	fence->deadline_ms = clock_ms() + VX_FENCE_CALL_MS;
	fence_ask(fence);
}

int fence_query(struct fence *fence, uint64_t cookie, const uint32_t *nodeid, size_t count)
{
	if (count == 0 || count > VX_NODES_MAX) {
		return -EINVAL;
	}
	fence->waiting.cookie = cookie;
	fence->waiting.count = count;
	memcpy(fence->waiting.nodeid, nodeid, count * sizeof(*nodeid));
	fence_next(fence);
	return 0;
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
	fence_helper_drop(fence);
	child_forget(fence->helper);
	free(fence);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm fenced: when were nodes fenced, as Pacemaker remembers it. */
#include "agent/adm_fenced.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/fence_history.h"
#include "agent/fence_text.h"
#include "base/limits.h"

/*
 * Pacemaker's library was never meant for a long life: after so many questions the helper ends
 * and vxclustd starts another one.
 */
#define FENCED_QUESTIONS_MAX 10000

/* history is NULL when the library could not be loaded for the reason error. */
static void fenced_fill(struct fence_history *history, int error, const uint32_t *nodeid,
			size_t count, struct fence_time *out_time)
{
	for (size_t i = 0; i < count; i++) {
		struct fence_time *time = &out_time[i];

		*time = (struct fence_time){ .nodeid = nodeid[i], .error = error };
		if (history != NULL) {
			time->error = fence_history_ask(history, nodeid[i], NULL, &time->when_s,
							&time->pending);
		}
	}
}

/* Until vxclustd closes its end, which it does also when it dies. */
static int fenced_serve(struct fence_history *history, int error)
{
	struct fence_time time[VX_NODES_MAX];
	uint32_t nodeid[VX_NODES_MAX];
	char text[VX_FENCE_TEXT_MAX];
	uint64_t serial;
	size_t count;

	for (int i = 0; i < FENCED_QUESTIONS_MAX; i++) {
		ssize_t length = recv(STDIN_FILENO, text, sizeof(text) - 1, 0);

		if (length < 0 && errno == EINTR) {
			continue;
		}
		if (length <= 0) {
			return length == 0 ? 0 : 1;
		}
		text[length] = '\0';
		if (fence_text_read_ask(text, &serial, nodeid, &count) != 0) {
			return 1;
		}
		fenced_fill(history, error, nodeid, count, time);

		size_t size = fence_text_answer(text, serial, time, count);

		if (send(STDIN_FILENO, text, size, MSG_NOSIGNAL) < 0) {
			return 1;
		}
	}
	return 0;
}

/* A node is named by its name or by Corosync's id. */
static int fenced_show(struct fence_history *history, const char *node)
{
	char *end;
	unsigned long id = strtoul(node, &end, 10);
	bool is_id = *end == '\0' && id > 0 && id <= UINT32_MAX;
	char text[64] = "never, as far as Pacemaker remembers";
	uint64_t when_s = 0;
	bool pending = false;
	int rc = fence_history_ask(history, is_id ? (uint32_t)id : 0, is_id ? NULL : node, &when_s,
				   &pending);

	if (rc != 0) {
		return adm_error(ADM_NO_FENCER);
	}
	if (when_s > 0) {
		time_t seconds = (time_t)when_s;
		struct tm local;

		if (localtime_r(&seconds, &local) != NULL) {
			strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
		}
	}
	printf("%s: last fenced: %s%s\n", node, text, pending ? " (is being fenced now)" : "");
	return 0;
}

int adm_fenced(const struct adm_options *options, int count, char **word)
{
	struct fence_history *history = NULL;
	int error = fence_history_open(&history);
	int rc = 0;

	if (options->serve) {
		rc = fenced_serve(history, error);
		fence_history_close(history);
		return rc;
	}
	if (count == 0) {
		rc = adm_error(ADM_USAGE, "fenced: which node?");
	} else if (error != 0) {
		rc = adm_error(ADM_NO_LIBRARY);
	}
	for (int i = 0; i < count && rc == 0; i++) {
		rc = fenced_show(history, word[i]);
	}
	fence_history_close(history);
	return rc;
}

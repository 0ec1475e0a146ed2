// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm fenced: when were nodes fenced, as Pacemaker remembers it. */
#include "agent/adm_fenced.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/adm_json.h"
#include "agent/adm_query.h"
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

/* A node is named by its name or by Corosync's id. 0, or -ENOTCONN. */
static int fenced_ask(struct fence_history *history, const char *name, struct adm_fenced_node *node)
{
	char *end;
	unsigned long id = strtoul(name, &end, 10);
	bool is_id = *end == '\0' && id > 0 && id <= UINT32_MAX;

	*node = (struct adm_fenced_node){ .name = name };
	return fence_history_ask(history, is_id ? (uint32_t)id : 0, is_id ? NULL : name,
				 &node->when_s, &node->pending);
}

static void fenced_show(const struct adm_fenced_node *node)
{
	char text[64] = "never, as far as Pacemaker remembers";

	if (node->when_s > 0) {
		time_t seconds = (time_t)node->when_s;
		struct tm local;

		if (localtime_r(&seconds, &local) != NULL) {
			strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
		}
	}
	printf("%s: last fenced: %s%s\n", node->name, text,
	       node->pending ? " (is being fenced now)" : "");
}

/* "Never" is said of nodes of the cluster only, as far as vxclustd is there to know them. */
static bool fenced_is_foreign(const struct adm_fenced_node *node, const Vx__AdmState *state)
{
	char id[16];

	for (size_t i = 0; i < state->n_node; i++) {
		snprintf(id, sizeof(id), "%" PRIu32, state->node[i]->nodeid);
		if (strcmp(node->name, id) == 0 || strcmp(node->name, state->node[i]->name) == 0) {
			return false;
		}
	}
	return state->n_node > 0 && node->when_s == 0 && !node->pending;
}

static int fenced_check(const struct adm_fenced_node *node, int count)
{
	Vx__Ipc *answer;
	int rc = 0;

	if (adm_ask_state(false, &answer) != 0) {
		return 0;
	}
	for (int i = 0; i < count && rc == 0; i++) {
		if (fenced_is_foreign(&node[i], answer->adm_state)) {
			rc = adm_error(ADM_NODE_UNKNOWN, node[i].name);
		}
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc;
}

static int fenced_list(struct fence_history *history, bool json, int count, char **word)
{
	struct adm_fenced_node node[VX_NODES_MAX];

	for (int i = 0; i < count; i++) {
		if (fenced_ask(history, word[i], &node[i]) != 0) {
			return adm_error(ADM_NO_FENCER);
		}
	}
	if (fenced_check(node, count) != 0) {
		return 1;
	}
	if (json) {
		return adm_json_fenced(stdout, node, (size_t)count) == 0 ? 0
									 : adm_error(ADM_NO_MEMORY);
	}
	for (int i = 0; i < count; i++) {
		fenced_show(&node[i]);
	}
	return 0;
}

int adm_fenced(const struct adm_options *options, int count, char **word)
{
	struct fence_history *history = NULL;
	int error = fence_history_open(&history);
	int rc;

	if (options->serve) {
		rc = fenced_serve(history, error);
	} else if (count == 0) {
		rc = adm_error(ADM_USAGE, "fenced: which node?");
	} else if (error != 0) {
		rc = adm_error(ADM_NO_LIBRARY);
	} else {
		rc = fenced_list(history, options->json, count, word);
	}
	fence_history_close(history);
	return rc;
}

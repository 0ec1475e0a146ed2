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
#include "agent/fence_helper.h"
#include "agent/fencer.h"
#include "base/limits.h"

static void fenced_on_entry(void *ctx, const struct fencer_entry *entry)
{
	struct adm_fenced_node *node = ctx;

	node->pending = node->pending || entry->pending;
	if (!entry->pending && entry->when_s > node->when_s) {
		node->when_s = entry->when_s;
	}
}

/* A node is named by its name or by Corosync's id. 0 or -errno. */
static int fenced_ask(struct fencer *fencer, const char *name, struct adm_fenced_node *node)
{
	char *end;
	unsigned long id = strtoul(name, &end, 10);
	bool is_id = *end == '\0' && id > 0 && id <= UINT32_MAX;

	*node = (struct adm_fenced_node){ .name = name };
	return fencer_history(fencer, name, is_id, fenced_on_entry, node);
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

static int fenced_list(struct fencer *fencer, bool json, int count, char **word)
{
	struct adm_fenced_node node[VX_NODES_MAX];

	for (int i = 0; i < count; i++) {
		if (fenced_ask(fencer, word[i], &node[i]) != 0) {
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
	struct fencer *fencer = NULL;
	int rc;

	if (options->serve) {
		return fence_helper_serve();
	}
	if (count == 0) {
		return adm_error(ADM_USAGE, "fenced: which node?");
	}
	if (fencer_open(&fencer) != 0) {
		return adm_error(ADM_NO_LIBRARY);
	}
	rc = fencer_connect(fencer, NULL, NULL) == 0
		     ? fenced_list(fencer, options->json, count, word)
		     : adm_error(ADM_NO_FENCER);
	fencer_close(fencer);
	return rc;
}

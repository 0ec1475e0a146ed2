// SPDX-License-Identifier: GPL-2.0-or-later
/* Pacemaker's fencing history by libstonithd, loaded at run time. */
#include "agent/fence_history.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/limits.h"

#define FENCE_LISTENS 0x10000	  /* __SO_ACCEPTCON in the flags of /proc/net/unix */
#define FENCE_FENCER "stonith-ng" /* name of the fencer's IPC service, in every Pacemaker */

/* As in crm/stonith-ng.h, unchanged from Pacemaker 1.1 on. */
typedef time_t fence_time_fn(uint32_t nodeid, const char *uname, bool in_progress);

struct fence_history {
	void *library;
	fence_time_fn *time;
};

int fence_history_open(struct fence_history **out_history)
{
	/* Pacemaker 3, Pacemaker 2 */
	static const char *const name[] = { "libstonithd.so.56", "libstonithd.so.26" };
	struct fence_history *history = calloc(1, sizeof(*history));

	if (history == NULL) {
		return -ENOMEM;
	}
	setlogmask(LOG_UPTO(LOG_WARNING)); /* the library writes a line for each question */
	for (size_t i = 0; i < VX_COUNT_OF(name) && history->library == NULL; i++) {
		history->library = dlopen(name[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	}
	if (history->library != NULL) {
		history->time = (fence_time_fn *)dlsym(history->library, "stonith_api_time");
	}
	if (history->time == NULL) {
		fence_history_close(history);
		return -ELIBACC;
	}
	*out_history = history;
	return 0;
}

void fence_history_close(struct fence_history *history)
{
	if (history != NULL && history->library != NULL) {
		dlclose(history->library);
	}
	free(history);
}

/* A line of /proc/net/unix: a listening socket of the fencer, "@stonith-ng" (padded) or a path? */
static bool fence_history_line_is_fencer(char *line)
{
	unsigned int flags;
	int name = 0;

	if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &name) < 1 || name == 0 ||
	    (flags & FENCE_LISTENS) == 0) {
		return false;
	}

	size_t want = strlen(FENCE_FENCER), length = strcspn(line + name, "\n");

	while (length > 0 && line[name + length - 1] == '@') {
		length--; /* zeros behind an abstract name are shown as '@' */
	}
	return length > want && strncmp(line + name + length - want, FENCE_FENCER, want) == 0 &&
	       strchr("@/", line[name + length - want - 1]) != NULL;
}

/*
 * stonith_api_time() says 0 for "never fenced" and for "no fencer" alike. The kernel's list of
 * sockets tells them apart without disturbing the fencer.
 */
static bool fence_history_fencer_runs(void)
{
	FILE *file = fopen("/proc/self/net/unix", "re");
	char line[512];
	bool found = false;

	if (file == NULL) {
		return true; /* cannot tell: believe the history */
	}
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		found = fence_history_line_is_fencer(line);
	}
	fclose(file);
	return found;
}

int fence_history_ask(struct fence_history *history, uint32_t nodeid, const char *name,
		      uint64_t *out_when_s, bool *out_pending)
{
	time_t when = history->time(nodeid, name, false);
	bool pending = history->time(nodeid, name, true) != 0;

	if (when <= 0 && !pending && !fence_history_fencer_runs()) {
		return -ENOTCONN;
	}
	*out_when_s = when > 0 ? (uint64_t)when : 0;
	*out_pending = pending;
	return 0;
}

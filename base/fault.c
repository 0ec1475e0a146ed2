// SPDX-License-Identifier: GPL-2.0-or-later
/* Points at which a daemon can be stopped by a test: empty but in a build with FAULTS=1. */
#include "base/fault.h"

#ifdef VX_FAULTS
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/paths.h"

static const char *const fault_names[] = {
#define FAULT_NAME(name, daemon, where, next) #name,
	FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

void fault_point(enum fault fault)
{
	static atomic_uint hits[sizeof(fault_names) / sizeof(fault_names[0])];
	char armed[PATH_MAX], hit[PATH_MAX + 8], name[32] = "";
	unsigned int which = 1;
	FILE *file;

	snprintf(armed, sizeof(armed), "%s/fault", path_run_dir());
	snprintf(hit, sizeof(hit), "%s.hit", armed);
	file = fopen(armed, "re");
	if (file == NULL) {
		return;
	}
	if (fscanf(file, "%31s %u", name, &which) < 1) {
		name[0] = '\0';
	}
	fclose(file);
	if (strcmp(name, fault_names[fault]) != 0 || ++hits[fault] < which ||
	    rename(armed, hit) != 0) {
		return;
	}
	hits[fault] = 0;
	log_notice("stops at %s", name);
	raise(SIGSTOP);
}
#endif

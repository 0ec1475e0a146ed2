// SPDX-License-Identifier: GPL-2.0-or-later
/* Is a process being killed? */
#include "volio/killed.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KILLED_PF_EXITING 0x4 /* of the flags in /proc/PID/stat */

enum killed_thread { THREAD_GONE, THREAD_LIVES, THREAD_KILLED, THREAD_EXITS };

static pid_t killed_process_of(pid_t thread)
{
	char path[64], line[128];
	int process = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);

	FILE *file = fopen(path, "re");

	while (file != NULL && process == 0 && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Tgid: %d", &process) != 1) {
			process = 0;
		}
	}
	if (file != NULL) {
		fclose(file);
	}
	return process;
}

static enum killed_thread killed_thread(pid_t process, pid_t thread)
{
	char path[64], text[1024];
	unsigned long flags, pending;
	const char *after_name;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)process, (int)thread);

	FILE *file = fopen(path, "re");

	if (file == NULL) {
		return THREAD_GONE;
	}
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	after_name = strrchr(text, ')');
	/* fields 9 (flags) and 31 (pending signals of this thread) */
	if (after_name == NULL ||
	    sscanf(after_name + 1,
		   " %*c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%*u %*u %*d %*u %*u %*u %*u %*u %*u %lu",
		   &flags, &pending) != 2) {
		return THREAD_GONE;
	}
	if ((pending & 1ul << (SIGKILL - 1)) != 0) {
		return THREAD_KILLED;
	}
	return (flags & KILLED_PF_EXITING) != 0 ? THREAD_EXITS : THREAD_LIVES;
}

/* No thread of it will go on. */
static bool killed_whole(pid_t process)
{
	char path[64];
	const struct dirent *entry;
	bool lives = false;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)process);

	DIR *dir = opendir(path);

	if (dir == NULL) {
		return false; /* nobody waits any more */
	}
	while (!lives && (entry = readdir(dir)) != NULL) {
		lives = entry->d_name[0] != '.' &&
			killed_thread(process, (pid_t)atoi(entry->d_name)) == THREAD_LIVES;
	}
	closedir(dir);
	return !lives;
}

bool killed_look(pid_t thread, pid_t *process)
{
	if (thread > 0 && *process == 0) {
		*process = killed_process_of(thread);
	}
	if (*process == 0) {
		return false;
	}
	return killed_thread(*process, thread) == THREAD_KILLED || killed_whole(*process);
}

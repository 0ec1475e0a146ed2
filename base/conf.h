/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file of a node: lines `key = value`, `#` begins a comment.
 * Unknown keys are an error: a typing mistake must not pass silently.
 */
#ifndef VX_BASE_CONF_H
#define VX_BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>

/* X(key, default, meaning) */
#define CONF_KEYS(X) \
	X(disks, "/dev/disk/by-id/*", "shell patterns of the disks that vxha may see") \
	X(fencing, "pacemaker", "who proves that a lost node is off: pacemaker, or unsafe-none") \
	X(debug, "no", "debug lines in the log file: yes or no") \
	X(io_threads, "0", "I/O threads of vxiod; 0 = one for two CPUs, at most 8") \
	X(resync_slow_ms, "0", "pause between two windows of a resync") \
	X(realtime, "yes", "run vxclustd with real-time priority where allowed")

enum conf_key {
#define CONF_ENUM(key, value, help) CONF_##key,
	CONF_KEYS(CONF_ENUM)
#undef CONF_ENUM
		CONF_COUNT
};

struct conf;

/*
 * Reads the file (NULL: the standard one; a missing standard file means all defaults).
 * On a mistake returns -VX_E_SYNTAX and puts "FILE:LINE: what" into out_reason (VX_REASON_MAX).
 */
int conf_read(const char *path, struct conf **out_conf, char *out_reason);
void conf_free(struct conf *conf);
/* Is the standard file missing? Then out_text (VX_REASON_MAX) says so, and all that is used
 * instead. */
bool conf_is_missing(const struct conf *conf, char *out_text);
const char *conf_get(const struct conf *conf, enum conf_key key);
bool conf_get_bool(const struct conf *conf, enum conf_key key);
unsigned int conf_get_number(const struct conf *conf, enum conf_key key);

#endif

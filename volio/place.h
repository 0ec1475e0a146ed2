/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The place of a device in the file system: an empty file that is mounted over.
 *
 * What others put there is in the way and is never touched. What a killed vxiod left is taken
 * away: a dead mount, its empty file; a link that leads nowhere goes as well. All functions may
 * block and are called in a worker, or before and after the daemon runs.
 */
#ifndef VX_VOLIO_PLACE_H
#define VX_VOLIO_PLACE_H

/*
 * Is the way free for a device at path, which is below the folder root? 0, -VX_E_EXISTS: something
 * is in the way, or -errno; out_reason (VX_REASON_MAX) says what and where.
 */
int place_check(const char *root, const char *path, char *out_reason);
/* The same, and makes the folders and the empty file. */
int place_make(const char *root, const char *path, char *out_reason);
/* Takes the empty file away again, and its folder when it was the last. */
void place_remove(const char *path);
/* If path is a mount whose server is dead: removes both. 1: it was, 0: it was not, or -errno. */
int place_clear_dead(const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small file on the node's own disk that is replaced as a whole: after a crash at any moment
 * there is the old content or the new one.
 *
 * Its twin NAME.new has the room for the next content all the time: who reserves before it promises
 * something is not let down by a disk that gets full in between. The calls block.
 */
#ifndef VX_BASE_STATE_FILE_H
#define VX_BASE_STATE_FILE_H

#include <stddef.h>

/* Sets room for length bytes aside. 0 or -errno. */
int state_file_reserve(const char *path, size_t length);
/*
 * 0 once data is on stable storage, or -errno: then the old content is there. Room for a next one
 * of room bytes is set aside, if there is any: who needs it asks (state_file_reserve()).
 */
int state_file_write(const char *path, const void *data, size_t length, size_t room);

#endif

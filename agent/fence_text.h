/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vxclustd and its fencing helper say to each other: one line of text a packet, on a
 * SOCK_SEQPACKET pair.
 *
 *   question   look SERIAL APART
 *   words      looked SERIAL ERROR [NODE...]     a fencing of these is under way
 *              fenced NODE
 *              lost
 *
 * Both ends are of one build and start each other, so there is no version.
 */
#ifndef VX_AGENT_FENCE_TEXT_H
#define VX_AGENT_FENCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum fence_what { FENCE_LOOKED, FENCE_FENCED, FENCE_LOST };

struct fence_word {
	enum fence_what what;
	uint64_t serial;
	int error;
	const char *node[2 * VX_NODES_MAX]; /* in the text that was read, or the caller's */
	size_t count;
};

/* Length of the text; out holds VX_FENCE_TEXT_MAX. */
size_t fence_text_look(char *out, uint64_t serial, bool apart);
/* What does not fit makes a look fail with -ENOBUFS; of a name that does not fit 0 comes back. */
size_t fence_text_word(char *out, const struct fence_word *word);

/* 0 or -VX_E_PROTO. text ends with '\0'; the words are cut in it. */
int fence_text_read_look(char *text, uint64_t *out_serial, bool *out_apart);
int fence_text_read_word(char *text, struct fence_word *out_word);

#endif

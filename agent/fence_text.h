/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vxclustd and its fencing helper say to each other: one line of text a packet, on a
 * SOCK_SEQPACKET pair.
 *
 *   question   SERIAL NODEID...
 *   answer     SERIAL NODEID:WHEN:PENDING:ERROR...      same nodes, same order
 *
 * Both ends are of one build and start each other, so there is no version.
 */
#ifndef VX_AGENT_FENCE_TEXT_H
#define VX_AGENT_FENCE_TEXT_H

#include "agent/fence.h"

/* Length of the text; out holds VX_FENCE_TEXT_MAX. count is at most VX_NODES_MAX. */
size_t fence_text_ask(char *out, uint64_t serial, const uint32_t *nodeid, size_t count);
size_t fence_text_answer(char *out, uint64_t serial, const struct fence_time *time, size_t count);

/* Read back into arrays of VX_NODES_MAX. 0 or -VX_E_PROTO. text ends with '\0'. */
int fence_text_read_ask(const char *text, uint64_t *out_serial, uint32_t *out_nodeid,
			size_t *out_count);
int fence_text_read_answer(const char *text, uint64_t *out_serial, struct fence_time *out_time,
			   size_t *out_count);

#endif

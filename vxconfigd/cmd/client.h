/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A utility talks to the vxconfigd of its node: one request, progress, one answer.
 *
 * What a change did is told only as vxconfigd says it: when the answer is lost (vxconfigd was
 * restarted, the master died), the outcome is asked for by transaction id, for up to
 * VX_OUTCOME_ASK_MS, and if it cannot be learned, that is what is said (exit code 6).
 */
#ifndef VX_CMD_CLIENT_H
#define VX_CMD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vxha.pb-c.h"

struct client {
	const char *service;	       /* IPC_CONFIGD */
	FILE *err;		       /* messages and progress */
	bool progress;		       /* show progress */
	bool caller_tells;	       /* the messages of the answer are not printed */
	uint32_t answer_ms;	       /* wait for an answer or for progress */
	uint32_t mute_ms;	       /* say that vxconfigd says nothing */
	uint32_t outcome_ms, retry_ms; /* asking for a lost outcome */
};

/* The client of a utility: standard service, time-outs of base/timeouts.h, progress on a terminal.
 */
void client_init(struct client *client, FILE *err);

/*
 * Sends request and waits for its last answer; prints messages as they come, and those of the answer
 * (unless caller_tells). change: the outcome
 * must be known. Returns the exit code; *out_reply is the answer (vx__reply__free_unpacked()) or
 * NULL when there is none.
 */
int client_call(const struct client *client, const Vx__Request *request, bool change,
		Vx__Reply **out_reply);

#endif

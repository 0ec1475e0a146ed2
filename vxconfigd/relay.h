/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that a slave forwards to the master over port u, until they are answered. When the
 * master, or its vxconfigd, went away, the answer is what this node saw of the transaction
 * (T11).
 */
#ifndef VX_VXCONFIGD_RELAY_H
#define VX_VXCONFIGD_RELAY_H

#include "vxconfigd/server.h"

/* Takes ask. Sent when the view is settled; at once, or later. */
void relay_submit(struct configd *configd, struct ask *ask);
void relay_on_reply(struct configd *configd, uint64_t cookie, const Vx__Reply *reply);
/* What ask waits for, as text (VX_REASON_MAX), "" while the master says it itself. False: it was
 * not forwarded. */
bool relay_waits_for(struct configd *configd, const struct ask *ask, char *out_text);

/* Adds those that the master does not have, or does not answer, as tasks (vxtask). */
void relay_report(struct configd *configd, Vx__IodReport *report, size_t room);

/* Is a request with that transaction forwarded, or about to be? */
bool relay_has(const struct configd *configd, const uint8_t *txid);

/* A view's decision is known. */
void relay_master(struct configd *configd, const Vx__CfgView *view);
/* ... and was taken over here: what the former master did not answer is answered. */
void relay_decided(struct configd *configd);
/* The view runs: what was not answered is sent, or sent again. */
void relay_settled(struct configd *configd);
/* Out of the cluster. */
void relay_give_up(struct configd *configd, const char *reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxclustadm's conversation with vxclustd: one request and the packets that answer it. */
#ifndef VX_AGENT_ADM_TALK_H
#define VX_AGENT_ADM_TALK_H

#include "vxha.pb-c.h"

struct adm_talk;

/* Connects and registers. 0, -VX_E_NODAEMON, -EACCES or another error of base/ipc.h. */
int adm_talk_open(const char *service, struct adm_talk **out_talk);
void adm_talk_close(struct adm_talk *talk);

/* Sends a request; its cookie is set here. */
int adm_talk_send(struct adm_talk *talk, Vx__Ipc *request);
/*
 * Next packet that answers a request of this conversation (others are dropped), to be freed with
 * vx__ipc__free_unpacked(). 0, -VX_E_TIMEOUT, -EINTR, -VX_E_IPC (vxclustd ended).
 */
int adm_talk_next(struct adm_talk *talk, int timeout_ms, Vx__Ipc **out_answer);
/* One request, one answer, within VX_ADM_ANSWER_MS. */
int adm_talk_ask(struct adm_talk *talk, Vx__Ipc *request, Vx__Ipc **out_answer);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm's conversation with vxclustd. */
#include "agent/adm_talk.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/ipc.h"
#include "base/timeouts.h"

struct adm_talk {
	struct ipc_call *call;
	uint64_t last_cookie; /* 1 to this are ours */
};

int adm_talk_open(const char *service, struct adm_talk **out_talk)
{
	struct adm_talk *talk = calloc(1, sizeof(*talk));
	Vx__Register reg = VX__REGISTER__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	int rc;

	if (talk == NULL) {
		return -ENOMEM;
	}
	rc = ipc_call_open(service, &talk->call);
	if (rc != 0) {
		free(talk);
		return rc;
	}
	reg.client = VX__CLIENT__CLIENT_ADM;
	reg.pid = (uint32_t)getpid();
	msg.body_case = VX__IPC__BODY_REG;
	msg.reg = &reg;
	rc = ipc_call_send(talk->call, &msg);
	if (rc != 0) {
		adm_talk_close(talk);
		return rc;
	}
	*out_talk = talk;
	return 0;
}

void adm_talk_close(struct adm_talk *talk)
{
	if (talk != NULL) {
		ipc_call_close(talk->call);
		free(talk);
	}
}

int adm_talk_send(struct adm_talk *talk, Vx__Ipc *request)
{
	request->cookie = ++talk->last_cookie;
	return ipc_call_send(talk->call, request);
}

int adm_talk_next(struct adm_talk *talk, int timeout_ms, Vx__Ipc **out_answer)
{
	uint64_t end = clock_ms() + (uint64_t)timeout_ms;

	for (;;) {
		uint64_t now = clock_ms();
		Vx__Ipc *msg;
		int rc = ipc_call_receive(talk->call, now < end ? (int)(end - now) : 0, &msg);

		if (rc != 0) {
			return rc;
		}
		if (msg->cookie != 0 && msg->cookie <= talk->last_cookie) {
			*out_answer = msg;
			return 0;
		}
		vx__ipc__free_unpacked(msg, NULL);
		if (now >= end) {
			return -VX_E_TIMEOUT;
		}
	}
}

int adm_talk_ask(struct adm_talk *talk, Vx__Ipc *request, Vx__Ipc **out_answer)
{
	int rc = adm_talk_send(talk, request);

	return rc != 0 ? rc : adm_talk_next(talk, VX_ADM_ANSWER_MS, out_answer);
}

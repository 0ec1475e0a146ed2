// SPDX-License-Identifier: GPL-2.0-or-later
/* vxconfigd -r reset, before the daemon's life begins: what speaks against it. */
#include "vxconfigd/reset.h"

#include <stdio.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/ipc.h"
#include "base/limits.h"
#include "base/paths.h"
#include "base/timeouts.h"

#define RESET_COOKIE 1

/* One question; the answer is the caller's. -VX_E_NODAEMON: nobody is there to be asked. */
static int reset_ask(const char *service, Vx__Ipc *question, Vx__Ipc **out_answer)
{
	Vx__Register reg = VX__REGISTER__INIT;
	Vx__Ipc hello = VX__IPC__INIT;
	struct ipc_call *call;
	int rc = ipc_call_open(service, &call);

	if (rc != 0) {
		return rc;
	}
	reg.client = VX__CLIENT__CLIENT_ADM;
	reg.pid = (uint32_t)getpid();
	hello.body_case = VX__IPC__BODY_REG;
	hello.reg = &reg;
	question->cookie = RESET_COOKIE;
	rc = ipc_call_send(call, &hello);
	rc = rc != 0 ? rc : ipc_call_send(call, question);
	while (rc == 0) {
		rc = ipc_call_receive(call, VX_ADM_ANSWER_MS, out_answer);
		if (rc == 0 && (*out_answer)->cookie == RESET_COOKIE) {
			break;
		}
		if (rc == 0) {
			vx__ipc__free_unpacked(*out_answer, NULL);
		}
	}
	ipc_call_close(call);
	return rc;
}

static int reset_explain(int error, const char *who, char *out_reason)
{
	if (error == -VX_E_NODAEMON) {
		return 0; /* then it keeps nothing */
	}
	snprintf(out_reason, VX_REASON_MAX, "%s: %s", who, vx_strerror(error));
	return error;
}

static int reset_check_cluster(char *out_reason)
{
	Vx__AdmQuery query = VX__ADM_QUERY__INIT;
	Vx__Ipc question = VX__IPC__INIT, *answer;
	int rc;

	question.body_case = VX__IPC__BODY_ADM_QUERY;
	question.adm_query = &query;
	rc = reset_ask(IPC_CLUSTD, &question, &answer);
	if (rc != 0) {
		return reset_explain(rc, "vxclustd", out_reason);
	}
	if (answer->body_case != VX__IPC__BODY_ADM_STATE ||
	    answer->adm_state->state != VX__NODE_STATE__NODE_OUT) {
		snprintf(out_reason, VX_REASON_MAX,
			 "this node is in a cluster (vxconfigd -k starts vxconfigd anew, volumes "
			 "go on; pcs node standby takes the node out)");
		rc = -VX_E_RECONF;
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc;
}

static int reset_check_volumes(char *out_reason)
{
	Vx__IodQuery query = VX__IOD_QUERY__INIT;
	Vx__Ipc question = VX__IPC__INIT, *answer;
	int rc;

	query.volumes = true;
	question.body_case = VX__IPC__BODY_IOD_QUERY;
	question.iod_query = &query;
	rc = reset_ask(IPC_IOD, &question, &answer);
	if (rc != 0) {
		return reset_explain(rc, "vxiod", out_reason);
	}
	if (answer->body_case == VX__IPC__BODY_IOD_REPORT && answer->iod_report->n_vol > 0) {
		const Vx__VolInfo *vol = answer->iod_report->vol[0];

		snprintf(out_reason, VX_REASON_MAX, "vxiod serves volume %s of disk group %s",
			 vol->name, vol->group);
		rc = -VX_E_OPEN;
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc;
}

int reset_check(char *out_reason)
{
	int rc = reset_check_cluster(out_reason);

	return rc != 0 ? rc : reset_check_volumes(out_reason);
}

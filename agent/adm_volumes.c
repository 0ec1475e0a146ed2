// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm volumes: what vxiod serves on this node, and who has it open. */
#include "agent/adm_volumes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/adm_json.h"
#include "agent/adm_show.h"
#include "base/errors.h"
#include "base/ipc.h"
#include "base/paths.h"
#include "base/timeouts.h"

/* One question to vxiod; the answer with its report is the caller's. */
static int volumes_ask(Vx__Ipc **out_answer)
{
	Vx__IodQuery query = VX__IOD_QUERY__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	struct ipc_call *call;
	int rc = ipc_call_open(IPC_IOD, &call);

	if (rc != 0) {
		return rc;
	}
	query.volumes = true;
	query.opens = true;
	request.cookie = 1;
	request.body_case = VX__IPC__BODY_IOD_QUERY;
	request.iod_query = &query;
	rc = ipc_call_send(call, &request);
	while (rc == 0 && (rc = ipc_call_receive(call, VX_ADM_ANSWER_MS, &answer)) == 0) {
		if (answer->cookie == request.cookie) {
			break;
		}
		vx__ipc__free_unpacked(answer, NULL); /* an event */
	}
	ipc_call_close(call);
	if (rc == 0 && answer->body_case != VX__IPC__BODY_IOD_REPORT) {
		rc = answer->error != 0 ? answer->error : -VX_E_PROTO;
		vx__ipc__free_unpacked(answer, NULL);
	}
	if (rc == 0) {
		*out_answer = answer;
	}
	return rc;
}

static int volumes_compare(const void *a, const void *b)
{
	const Vx__VolInfo *one = *(Vx__VolInfo *const *)a, *two = *(Vx__VolInfo *const *)b;
	int order = strcmp(one->group, two->group);

	return order != 0 ? order : strcmp(one->name, two->name);
}

static bool volumes_wanted(const Vx__VolInfo *volume, int count, char **group)
{
	bool wanted = count == 0;

	for (int i = 0; i < count; i++) {
		wanted |= strcmp(volume->group, group[i]) == 0;
	}
	return wanted;
}

/* Leaves the volumes of the groups that were asked for, in the order of their names. */
static void volumes_choose(Vx__IodReport *report, int count, char **group)
{
	size_t kept = 0;

	for (size_t i = 0; i < report->n_vol; i++) {
		if (volumes_wanted(report->vol[i], count, group)) {
			report->vol[kept++] = report->vol[i];
		} else {
			vx__vol_info__free_unpacked(report->vol[i], NULL);
		}
	}
	report->n_vol = kept;
	if (kept > 0) {
		qsort(report->vol, report->n_vol, sizeof(report->vol[0]), volumes_compare);
	}
}

int adm_volumes(const struct adm_options *options, int count, char **word)
{
	Vx__Ipc *answer;
	int rc = volumes_ask(&answer);

	if (rc == -VX_E_NODAEMON) {
		return adm_error(ADM_NO_IOD);
	}
	if (rc == -EACCES) {
		return adm_error(ADM_PERMISSION);
	}
	if (rc != 0) {
		return adm_error(ADM_IOD_MUTE, vx_strerror(rc));
	}
	volumes_choose(answer->iod_report, count, word);
	if (options->json) {
		rc = adm_json_volumes(stdout, answer->iod_report);
	} else {
		adm_show_volumes(stdout, answer->iod_report);
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc == 0 ? 0 : adm_error(ADM_NO_MEMORY);
}

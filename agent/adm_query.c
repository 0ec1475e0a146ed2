// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm's verbs that only ask. */
#include "agent/adm_query.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/adm_json.h"
#include "agent/adm_show.h"
#include "agent/adm_talk.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/paths.h"

#define ADM_PREFERENCE_MAX 1000

int adm_error_talk(int error)
{
	if (error == -VX_E_NODAEMON) {
		return adm_error(ADM_NOT_RUNNING);
	}
	if (error == -EACCES) {
		return adm_error(ADM_PERMISSION);
	}
	if (error == -VX_E_IPC) {
		return adm_error(ADM_ENDED);
	}
	return adm_error(ADM_NOT_ANSWERING, vx_strerror(error));
}

/* One request to vxclustd and its one answer. */
static int adm_ask_once(Vx__Ipc *request, Vx__Ipc **out_answer)
{
	struct adm_talk *talk;
	int rc = adm_talk_open(IPC_CLUSTD, &talk);

	if (rc == 0) {
		rc = adm_talk_ask(talk, request, out_answer);
		adm_talk_close(talk);
	}
	return rc;
}

int adm_ask_state(bool verbose, Vx__Ipc **out_answer)
{
	Vx__AdmQuery query = VX__ADM_QUERY__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	int rc;

	query.verbose = verbose;
	request.body_case = VX__IPC__BODY_ADM_QUERY;
	request.adm_query = &query;
	rc = adm_ask_once(&request, &answer);
	if (rc != 0) {
		return rc;
	}
	if (answer->body_case != VX__IPC__BODY_ADM_STATE) {
		rc = answer->error != 0 ? answer->error : -VX_E_PROTO;
		vx__ipc__free_unpacked(answer, NULL);
		return rc;
	}
	*out_answer = answer;
	return 0;
}

/* Why the node left the last time, or could not come back: a line that vxclustd, or the resource's
 * agent, left behind. There is none when vxclustd ended without leaving. */
static void adm_last_reason(char out[VX_REASON_MAX])
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(out, VX_REASON_MAX, "vxclustd is not running");
	snprintf(path, sizeof(path), "%s/last-reason", path_state_dir());
	file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(out, VX_REASON_MAX, file) != NULL) {
			out[strcspn(out, "\n")] = '\0';
		}
		fclose(file);
	}
}

int adm_nodestate(const struct adm_options *options, int count, char **word)
{
	char reason[VX_REASON_MAX];
	Vx__Ipc *answer;
	int rc = adm_ask_state(options->verbose || options->json, &answer);

	(void)count;
	(void)word;
	if (rc == -VX_E_NODAEMON) {
		adm_last_reason(reason);
		rc = 0;
		if (options->json) {
			rc = adm_json_nodestate_out(stdout, reason);
		} else {
			adm_show_nodestate_out(stdout, reason);
		}
		return rc == 0 ? 0 : adm_error(ADM_NO_MEMORY);
	}
	if (rc != 0) {
		return adm_error_talk(rc);
	}
	if (options->json) {
		rc = adm_json_nodestate(stdout, answer->adm_state);
	} else {
		adm_show_nodestate(stdout, answer->adm_state, options->verbose);
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc == 0 ? 0 : adm_error(ADM_NO_MEMORY);
}

int adm_nidmap(const struct adm_options *options, int count, char **word)
{
	Vx__Ipc *answer;
	int rc = adm_ask_state(false, &answer);

	(void)count;
	(void)word;
	if (rc == -VX_E_NODAEMON) {
		rc = 0;
		if (options->json) {
			rc = adm_json_nidmap_out(stdout);
		} else {
			adm_show_nidmap_out(stdout);
		}
		return rc == 0 ? 0 : adm_error(ADM_NO_MEMORY);
	}
	if (rc != 0) {
		return adm_error_talk(rc);
	}
	if (options->json) {
		rc = adm_json_nidmap(stdout, answer->adm_state);
	} else {
		adm_show_nidmap(stdout, answer->adm_state);
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc == 0 ? 0 : adm_error(ADM_NO_MEMORY);
}

int adm_setpreference(const struct adm_options *options, int count, char **word)
{
	Vx__AdmSet set = VX__ADM_SET__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	char *end;
	long value = strtol(word[0], &end, 10);
	int rc;

	(void)options;
	(void)count;
	if (end == word[0] || *end != '\0' || labs(value) > ADM_PREFERENCE_MAX) {
		return adm_error(ADM_PREFERENCE, "not a number from -1000 to 1000");
	}
	set.name = (char[]){ "preference" };
	set.value = word[0];
	request.body_case = VX__IPC__BODY_ADM_SET;
	request.adm_set = &set;
	rc = adm_ask_once(&request, &answer);
	if (rc != 0) {
		return adm_error_talk(rc);
	}
	if (answer->error != 0) {
		rc = adm_error(ADM_PREFERENCE, answer->reason[0] != '\0'
						       ? answer->reason
						       : vx_strerror(answer->error));
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc;
}

int adm_reinit(const struct adm_options *options, int count, char **word)
{
	Vx__AdmReinit reinit = VX__ADM_REINIT__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	int rc;

	(void)options;
	(void)count;
	(void)word;
	request.body_case = VX__IPC__BODY_ADM_REINIT;
	request.adm_reinit = &reinit;
	rc = adm_ask_once(&request, &answer);
	if (rc != 0) {
		return adm_error_talk(rc);
	}
	if (answer->error != 0) {
		rc = adm_error(ADM_REINIT, answer->reason[0] != '\0' ? answer->reason
								    : vx_strerror(answer->error));
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc;
}

int adm_getpreference(const struct adm_options *options, int count, char **word)
{
	Vx__Ipc *answer;
	int rc = adm_ask_state(false, &answer);

	(void)count;
	(void)word;
	if (rc != 0) {
		return adm_error_talk(rc);
	}
	if (options->json) {
		rc = adm_json_preference(stdout, answer->adm_state->preference);
	} else {
		printf("%d\n", answer->adm_state->preference);
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc == 0 ? 0 : adm_error(ADM_NO_MEMORY);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm's verbs that change the membership of this node, or the master. */
#include "agent/adm_member.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/adm_query.h"
#include "agent/adm_show.h"
#include "agent/adm_talk.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/loop.h"
#include "base/paths.h"
#include "base/timeouts.h"

#define ADM_TICK_MS 200 /* between two looks for Ctrl-C */
#define ADM_COOKIE 1	/* of the request; a cancel that follows it has the next one */

/* A request that takes its time, and what was shown of it. */
struct adm_wait {
	struct adm_talk *talk;
	uint64_t end_ms; /* give up waiting; 0: never */
	bool cancel;	 /* Ctrl-C sends a cancel and waits on */
	bool cancelled;
	bool answered;		   /* the cancel was answered without an error */
	char shown[VX_REASON_MAX]; /* the last progress, so that it is printed once */
};

enum adm_wait_end {
	ADM_WAIT_ANSWER,  /* the last packet is here */
	ADM_WAIT_TIMEOUT, /* --timeout passed */
	ADM_WAIT_ERROR,
};

/* ---- progress ---- */

static void adm_wait_text(const Vx__AdmState *state, char out[VX_REASON_MAX])
{
	size_t length;

	if (state->n_waiting == 0) {
		const char *what = state->reconfig[0] != '\0' ? state->reconfig
				   : state->detail[0] != '\0' ? state->detail
							      : state->reason;

		snprintf(out, VX_REASON_MAX, "%s%s%s", adm_state_text(state->state),
			 what[0] != '\0' ? ": " : "", what);
		return;
	}
	snprintf(out, VX_REASON_MAX, "waits until no shared volume is open:");
	for (size_t i = 0; i < state->n_waiting; i++) {
		length = strlen(out);
		snprintf(out + length, VX_REASON_MAX - length, "\n\t%s", state->waiting[i]);
	}
}

/* The same, but for how long somebody has had something open? */
static bool adm_wait_same(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		if (a[0] == ' ' && strncmp(a, " since ", 7) == 0 &&
		    strncmp(b, " since ", 7) == 0) {
			a += strcspn(a, "\n");
			b += strcspn(b, "\n");
		} else {
			a++;
			b++;
		}
	}
	return *a == *b;
}

static void adm_wait_show(struct adm_wait *wait, const Vx__AdmState *state)
{
	char text[VX_REASON_MAX];

	adm_wait_text(state, text);
	if (!adm_wait_same(text, wait->shown)) {
		printf("%s\n", text);
		fflush(stdout);
		memcpy(wait->shown, text, sizeof(text));
	}
}

/* ---- the wait ---- */

static bool adm_interrupted(const sigset_t *signals)
{
	const struct timespec none = { 0 };

	return sigtimedwait(signals, NULL, &none) > 0;
}

/* Asks vxclustd to give the leave up; the second Ctrl-C ends us. */
static int adm_wait_cancel(struct adm_wait *wait, const sigset_t *signals)
{
	Vx__AdmStop stop = VX__ADM_STOP__INIT;
	Vx__Ipc request = VX__IPC__INIT;

	sigprocmask(SIG_UNBLOCK, signals, NULL);
	stop.cancel = true;
	request.body_case = VX__IPC__BODY_ADM_STOP;
	request.adm_stop = &stop;
	wait->cancelled = true;
	printf("cancelling\n");
	return adm_talk_send(wait->talk, &request);
}

/* Takes a packet; true when it is the end of the request, and then it is the caller's. */
static bool adm_wait_take(struct adm_wait *wait, Vx__Ipc *msg)
{
	bool last = msg->body_case != VX__IPC__BODY_ADM_STATE;

	if (!last) {
		adm_wait_show(wait, msg->adm_state);
	} else if (msg->cookie == ADM_COOKIE) {
		return true;
	} else if (msg->error == 0) {
		wait->answered = true; /* the request itself ends now */
		wait->end_ms = clock_ms() + VX_ADM_ANSWER_MS;
	} else {
		printf("not cancelled: %s\n",
		       msg->reason[0] != '\0' ? msg->reason : vx_strerror(msg->error));
	}
	vx__ipc__free_unpacked(msg, NULL);
	return false;
}

static enum adm_wait_end adm_wait_run(struct adm_wait *wait, Vx__Ipc **out_answer, int *out_error)
{
	sigset_t signals;
	int rc = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	if (wait->cancel) {
		sigprocmask(SIG_BLOCK, &signals, NULL);
	}
	for (;;) {
		Vx__Ipc *msg = NULL;

		if (wait->cancel && !wait->cancelled && adm_interrupted(&signals)) {
			rc = adm_wait_cancel(wait, &signals);
		}
		rc = rc != 0 ? rc : adm_talk_next(wait->talk, ADM_TICK_MS, &msg);
		if (rc == 0 && adm_wait_take(wait, msg)) {
			*out_answer = msg;
			return ADM_WAIT_ANSWER;
		}
		if (rc != 0 && rc != -VX_E_TIMEOUT && rc != -EINTR) {
			*out_error = rc;
			return ADM_WAIT_ERROR;
		}
		rc = 0;
		if (wait->end_ms != 0 && clock_ms() >= wait->end_ms) {
			return ADM_WAIT_TIMEOUT;
		}
	}
}

/* Sends the request and waits for its end. On ADM_WAIT_ANSWER the answer is the caller's. */
static enum adm_wait_end adm_run(struct adm_wait *wait, Vx__Ipc *request, Vx__Ipc **out_answer,
				 int *out_error)
{
	enum adm_wait_end end;
	int rc = adm_talk_open(IPC_CLUSTD, &wait->talk);

	if (rc != 0) {
		*out_error = rc;
		return ADM_WAIT_ERROR;
	}
	rc = adm_talk_send(wait->talk, request);
	if (rc != 0) {
		*out_error = rc;
		end = ADM_WAIT_ERROR;
	} else {
		end = adm_wait_run(wait, out_answer, out_error);
	}
	adm_talk_close(wait->talk);
	return end;
}

static uint64_t adm_end_ms(unsigned int timeout_s)
{
	return timeout_s > 0 ? clock_ms() + timeout_s * 1000u : 0;
}

/* The exit code of a finished request; message has one %s for the reason. */
static int adm_finish(Vx__Ipc *answer, enum adm_message message)
{
	int rc = 0;

	if (answer->error != 0) {
		rc = adm_error(message, answer->reason[0] != '\0' ? answer->reason
								  : vx_strerror(answer->error));
	}
	vx__ipc__free_unpacked(answer, NULL);
	return rc;
}

/* ---- verbs ---- */

int adm_startnode(const struct adm_options *options, int count, char **word)
{
	unsigned int join_s =
		options->join_timeout_s > 0 ? options->join_timeout_s : VX_JOIN_MS / 1000;
	struct adm_wait wait = { .end_ms = clock_ms() + join_s * 1000u + VX_ADM_ANSWER_MS };
	Vx__AdmStart start = VX__ADM_START__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	int error;

	(void)count;
	(void)word;
	start.join_timeout_ms = join_s * 1000u;
	request.body_case = VX__IPC__BODY_ADM_START;
	request.adm_start = &start;
	switch (adm_run(&wait, &request, &answer, &error)) {
	case ADM_WAIT_ANSWER:
		return adm_finish(answer, ADM_START);
	case ADM_WAIT_TIMEOUT:
		return adm_error(ADM_START_LATE, join_s, wait.shown);
	case ADM_WAIT_ERROR:
		break;
	}
	return adm_error_talk(error);
}

/* stopnode --cancel: one request, one answer. */
static int adm_stop_cancel(void)
{
	struct adm_wait wait = { .end_ms = clock_ms() + VX_ADM_ANSWER_MS };
	Vx__AdmStop stop = VX__ADM_STOP__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	int error = -VX_E_TIMEOUT;

	stop.cancel = true;
	request.body_case = VX__IPC__BODY_ADM_STOP;
	request.adm_stop = &stop;
	if (adm_run(&wait, &request, &answer, &error) == ADM_WAIT_ANSWER) {
		return adm_finish(answer, ADM_STOP);
	}
	return adm_error_talk(error);
}

int adm_stopnode(const struct adm_options *options, int count, char **word)
{
	struct adm_wait wait = { .end_ms = adm_end_ms(options->timeout_s), .cancel = true };
	Vx__AdmStop stop = VX__ADM_STOP__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	int error;

	(void)count;
	(void)word;
	if (options->cancel) {
		return adm_stop_cancel();
	}
	request.body_case = VX__IPC__BODY_ADM_STOP;
	request.adm_stop = &stop;
	switch (adm_run(&wait, &request, &answer, &error)) {
	case ADM_WAIT_ANSWER:
		if (wait.cancelled && answer->error != 0) {
			vx__ipc__free_unpacked(answer, NULL);
			return adm_error(ADM_STOP_CANCELLED);
		}
		return adm_finish(answer, ADM_STOP);
	case ADM_WAIT_TIMEOUT:
		return wait.answered ? adm_error(ADM_STOP_CANCELLED)
				     : adm_error(ADM_STOP_WAITING, options->timeout_s);
	case ADM_WAIT_ERROR:
		break;
	}
	return adm_error_talk(error);
}

int adm_abortnode(const struct adm_options *options, int count, char **word)
{
	struct adm_wait wait = { .end_ms = adm_end_ms(options->timeout_s) };
	Vx__AdmAbort abort = VX__ADM_ABORT__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	int error;

	abort.reason = count > 0 ? word[0] : (char[]){ "user initiated abort" };
	request.body_case = VX__IPC__BODY_ADM_ABORT;
	request.adm_abort = &abort;
	switch (adm_run(&wait, &request, &answer, &error)) {
	case ADM_WAIT_ANSWER:
		return adm_finish(answer, ADM_ABORT);
	case ADM_WAIT_TIMEOUT:
		return adm_error(ADM_ABORT, "not finished within --timeout");
	case ADM_WAIT_ERROR:
		break;
	}
	return adm_error_talk(error);
}

int adm_setmaster(const struct adm_options *options, int count, char **word)
{
	struct adm_wait wait = { .end_ms = adm_end_ms(options->timeout_s) };
	Vx__AdmSetmaster setmaster = VX__ADM_SETMASTER__INIT;
	Vx__Ipc request = VX__IPC__INIT;
	Vx__Ipc *answer;
	int error, rc = 0;

	(void)count;
	setmaster.node = word[0];
	request.body_case = VX__IPC__BODY_ADM_SETMASTER;
	request.adm_setmaster = &setmaster;
	switch (adm_run(&wait, &request, &answer, &error)) {
	case ADM_WAIT_ANSWER:
		if (answer->error != 0) {
			rc = adm_error(ADM_SETMASTER, word[0],
				       answer->reason[0] != '\0' ? answer->reason
								 : vx_strerror(answer->error));
		} else if (answer->reason[0] != '\0') {
			printf("node %s: %s\n", word[0], answer->reason);
		}
		vx__ipc__free_unpacked(answer, NULL);
		return rc;
	case ADM_WAIT_TIMEOUT:
		return adm_error(ADM_SETMASTER, word[0],
				 "not finished within --timeout; it goes on");
	case ADM_WAIT_ERROR:
		break;
	}
	return error == -VX_E_IPC ? adm_error(ADM_SETMASTER_LOST, word[0]) : adm_error_talk(error);
}

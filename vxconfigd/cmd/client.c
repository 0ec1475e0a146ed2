// SPDX-License-Identifier: GPL-2.0-or-later
/* A utility talks to the vxconfigd of its node: one request, progress, one answer. */
#include "vxconfigd/cmd/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/ipc.h"
#include "base/limits.h"
#include "base/paths.h"
#include "base/timeouts.h"
#include "vxconfigd/cmd/complain.h"

#define CLIENT_SLICE_MS 100 /* how late a Ctrl-C may be seen */

/* A person waits: for what, is told once for each thing. */
struct client_wait {
	const struct client *client;
	const char *tool;
	const sigset_t *held; /* signals to look for; NULL: none */
	uint64_t word_ms;     /* the last one of vxconfigd */
	bool mute_told;
	char told[VX_REASON_MAX];
};

void client_init(struct client *client, FILE *err)
{
	*client = (struct client){
		.service = IPC_CONFIGD,
		.err = err,
		.progress = isatty(fileno(err)) == 1,
		.answer_ms = VX_IPC_CALL_MS,
		.mute_ms = VX_WAIT_MUTE_MS,
		.outcome_ms = VX_OUTCOME_ASK_MS,
		.retry_ms = VX_OUTCOME_RETRY_MS,
	};
}

/* While a change is under way, Ctrl-C is looked at between two waits, so that the transaction's id
 * can still be told. The signal stays blocked until client_signals_restore(). */
static void client_signals_hold(sigset_t *held, sigset_t *before)
{
	sigemptyset(held);
	sigaddset(held, SIGINT);
	sigaddset(held, SIGTERM);
	sigaddset(held, SIGHUP);
	sigprocmask(SIG_BLOCK, held, before);
}

static bool client_signalled(const sigset_t *held)
{
	const struct timespec now = { 0, 0 };

	return sigtimedwait(held, NULL, &now) > 0;
}

static void client_wait_init(struct client_wait *wait, const struct client *client,
			     const char *tool, const sigset_t *held)
{
	*wait = (struct client_wait){
		.client = client, .tool = tool, .held = held, .word_ms = clock_ms()
	};
}

/* Between two waits. 0 or -EINTR: a signal came. */
static int client_look(void *ctx)
{
	struct client_wait *wait = ctx;

	if (wait->held != NULL && client_signalled(wait->held)) {
		return -EINTR;
	}
	if (!wait->mute_told && clock_ms() - wait->word_ms >= wait->client->mute_ms) {
		wait->mute_told = true;
		complain(wait->client->err, wait->tool, SAY_MUTE);
	}
	return 0;
}

/* A line of progress is for who wants it; a message, of what is waited for, for everybody. */
static void client_show_progress(struct client_wait *wait, const Vx__Reply *reply)
{
	const struct client *client = wait->client;

	for (size_t i = 0; i < reply->n_line && client->progress; i++) {
		fprintf(client->err, "%s\n", reply->line[i]);
	}
	if (reply->n_message > 0 && strcmp(wait->told, reply->message[0]->text) != 0) {
		snprintf(wait->told, sizeof(wait->told), "%s", reply->message[0]->text);
		complain_reply(client->err, wait->tool, reply);
	}
}

/*
 * Waits for the last answer to cookie. That something is still waited for gives no more time.
 * 0, -VX_E_TIMEOUT, -VX_E_IPC, -EINTR (a signal came), -VX_E_PROTO.
 */
static int client_receive(struct client_wait *wait, struct ipc_call *call, uint64_t cookie,
			  Vx__Reply **out_reply)
{
	const struct client *client = wait->client;
	uint64_t end = clock_ms() + client->answer_ms;

	while (clock_ms() < end) {
		Vx__Ipc *msg;
		int rc = ipc_call_receive(call, CLIENT_SLICE_MS, &msg);
		int signal = client_look(wait);

		if (signal != 0) {
			if (rc == 0) {
				vx__ipc__free_unpacked(msg, NULL);
			}
			return signal;
		}
		if (rc == -VX_E_TIMEOUT || rc == -EINTR) {
			continue;
		}
		if (rc != 0) {
			return rc;
		}
		if (msg->cookie != cookie) { /* of an earlier question, or an event */
			vx__ipc__free_unpacked(msg, NULL);
			continue;
		}
		if (msg->body_case != VX__IPC__BODY_REPLY) {
			rc = msg->error != 0 ? msg->error : -VX_E_PROTO;
			vx__ipc__free_unpacked(msg, NULL);
			return rc;
		}
		wait->word_ms = clock_ms();
		wait->mute_told = false;
		if (msg->reply->progress) {
			client_show_progress(wait, msg->reply);
			end = msg->reply->n_line > 0 ? clock_ms() + client->answer_ms : end;
			vx__ipc__free_unpacked(msg, NULL);
			continue;
		}
		*out_reply = msg->reply;
		msg->reply = NULL;
		msg->body_case = VX__IPC__BODY__NOT_SET;
		vx__ipc__free_unpacked(msg, NULL);
		return 0;
	}
	return -VX_E_TIMEOUT;
}

/* One connection, one question. *out_sent: the request may have reached vxconfigd. */
static int client_ask(const struct client *client, const Vx__Request *request, const sigset_t *held,
		      bool *out_sent, Vx__Reply **out_reply)
{
	struct client_wait wait;
	struct ipc_call *call;
	Vx__Ipc msg = VX__IPC__INIT;
	int rc;

	client_wait_init(&wait, client, request->tool, held);
	rc = ipc_call_open_look(client->service, client_look, &wait, &call);

	*out_sent = false;
	if (rc != 0) {
		return rc;
	}
	msg.cookie = id_make_u64();
	msg.body_case = VX__IPC__BODY_REQUEST;
	msg.request = (Vx__Request *)request;
	*out_sent = true;
	rc = ipc_call_send(call, &msg);
	if (rc == 0) {
		rc = client_receive(&wait, call, msg.cookie, out_reply);
	}
	ipc_call_close(call);
	return rc;
}

static bool client_is_known(const Vx__Reply *reply)
{
	return strcmp(reply->outcome, "committed") == 0 || strcmp(reply->outcome, "aborted") == 0;
}

/*
 * Asks how the transaction ended until it is known or the time is up. 0 with an answer whose
 * outcome is known, -VX_E_LOST, -EINTR.
 */
static int client_ask_outcome(const struct client *client, const Vx__Request *request,
			      const char *txid, const sigset_t *held, Vx__Reply **out_reply)
{
	char *operand = (char *)txid;
	Vx__Request question = VX__REQUEST__INIT;
	uint64_t end = clock_ms() + client->outcome_ms;
	struct client patient = *client;

	question.tool = "vxdctl";
	question.verb = "outcome";
	question.n_operand = 1;
	question.operand = &operand;
	question.uid = request->uid;
	question.pid = request->pid;
	patient.progress = false;
	patient.answer_ms = client->outcome_ms;
	patient.mute_ms = UINT32_MAX; /* what is waited for was told */
	do {
		Vx__Reply *reply = NULL;
		bool sent;
		int rc = client_ask(&patient, &question, held, &sent, &reply);

		if (rc == -EINTR) {
			return rc;
		}
		if (rc == 0) {
			if (client_is_known(reply)) {
				*out_reply = reply;
				return 0;
			}
			vx__reply__free_unpacked(reply, NULL);
		}
		if (client_signalled(held)) {
			return -EINTR;
		}
		poll(NULL, 0, (int)client->retry_ms);
	} while (clock_ms() < end);
	return -VX_E_LOST;
}

static void client_tell(const struct client *client, const Vx__Request *request,
			const Vx__Reply *reply)
{
	if (!client->caller_tells) {
		complain_reply(client->err, request->tool, reply);
	}
}

static int client_tell_outcome(const struct client *client, const Vx__Request *request,
			       const sigset_t *held, Vx__Reply **out_reply)
{
	char txid[ID_TEXT];
	int rc;

	id_text(request->txid.data, request->txid.len, txid);
	complain(client->err, request->tool, SAY_ASKING, txid);
	rc = client_ask_outcome(client, request, txid, held, out_reply);
	if (rc == -EINTR) {
		return complain(client->err, request->tool, SAY_INTERRUPTED, txid);
	}
	if (rc != 0) {
		return complain(client->err, request->tool, SAY_UNKNOWN, txid);
	}
	client_tell(client, request, *out_reply);
	if (strcmp((*out_reply)->outcome, "committed") == 0) {
		complain(client->err, request->tool, SAY_COMMITTED);
		return 0;
	}
	return complain(client->err, request->tool, SAY_NOT_COMMITTED);
}

static int client_tell_failure(const struct client *client, const Vx__Request *request, int error,
			       bool sent)
{
	if (error == -VX_E_NODAEMON) {
		return complain(client->err, request->tool, SAY_NO_DAEMON);
	}
	if (error == -EACCES) {
		return complain(client->err, request->tool, SAY_NO_ACCESS);
	}
	if (error == -VX_E_TIMEOUT && !sent) {
		return complain(client->err, request->tool, SAY_HANGS);
	}
	if (error == -VX_E_NOSHM || (!sent && -error < VX_E_BASE)) {
		return complain(client->err, request->tool, SAY_NO_CONNECTION, vx_strerror(error));
	}
	if (error == -VX_E_TIMEOUT) {
		return complain(client->err, request->tool, SAY_NO_ANSWER,
				client->answer_ms / 1000);
	}
	if (error == -VX_E_IPC) {
		return complain(client->err, request->tool, SAY_BROKEN);
	}
	return complain(client->err, request->tool, SAY_NO_MEANING, vx_strerror(error));
}

/* What a change's answer means: errors before anything was sent are certain, lost answers are not.
 */
static int client_change_end(const struct client *client, const Vx__Request *request, int error,
			     bool sent, const sigset_t *held, Vx__Reply **out_reply)
{
	char txid[ID_TEXT];

	if (error == -EINTR && !sent) {
		return complain(client->err, request->tool, SAY_NOT_ASKED);
	}
	if (error == -EINTR) {
		id_text(request->txid.data, request->txid.len, txid);
		return complain(client->err, request->tool, SAY_INTERRUPTED, txid);
	}
	if (error != 0 && !sent) {
		return client_tell_failure(client, request, error, sent);
	}
	if (error != 0) {
		return client_tell_outcome(client, request, held, out_reply);
	}
	if (strcmp((*out_reply)->outcome, "unknown") == 0) {
		vx__reply__free_unpacked(*out_reply, NULL);
		*out_reply = NULL;
		return client_tell_outcome(client, request, held, out_reply);
	}
	client_tell(client, request, *out_reply);
	return (*out_reply)->exit_code;
}

int client_call(const struct client *client, const Vx__Request *request, bool change,
		Vx__Reply **out_reply)
{
	bool sent;
	sigset_t held, before;
	int rc;

	*out_reply = NULL;
	if (change) {
		client_signals_hold(&held, &before);
		rc = client_ask(client, request, &held, &sent, out_reply);
		rc = client_change_end(client, request, rc, sent, &held, out_reply);
		sigprocmask(SIG_SETMASK, &before, NULL);
		return rc;
	}
	rc = client_ask(client, request, NULL, &sent, out_reply);
	if (rc != 0) {
		return client_tell_failure(client, request, rc, sent);
	}
	client_tell(client, request, *out_reply);
	return (*out_reply)->exit_code;
}

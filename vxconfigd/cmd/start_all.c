// SPDX-License-Identifier: GPL-2.0-or-later
/* vxvol startall: all in one change; else what can be started, in several. */
#include "vxconfigd/cmd/start_all.h"

#include "base/errors.h"
#include "base/id.h"
#include "base/limits.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/heap.h"

struct start_all {
	const struct tool_io *io;
	const struct command *command;
	struct client client;
	int exit_code;
	bool ended; /* for a reason that is no volume's */
};

static const char *start_all_tool(const struct start_all *all)
{
	return command_request(all->command)->tool;
}

static void start_all_tell(const struct start_all *all, const Vx__Reply *reply)
{
	if (reply != NULL) {
		complain_reply(all->io->err, start_all_tool(all), reply);
		tool_print_lines(reply, all->io->out);
	}
}

/* The message of a refusal for which one of several volumes may be to blame; 0: it is none. */
static uint32_t start_all_blame(const Vx__Reply *reply)
{
	uint32_t number = reply != NULL && reply->exit_code != 0 && reply->n_message > 0 ?
				  reply->message[reply->n_message - 1]->number :
				  0;

	switch (number) {
	case MSG_NODE_REFUSED: /* who gives no vote in time gives none for any of them */
		return reply->exit_code != vx_exit_code(-VX_E_TIMEOUT) ? number : 0;
	case MSG_VOLUME_NO_PLEX:
	case MSG_VOLUME_STARTED: /* by another node, meanwhile */
	case MSG_VOLUME_UNKNOWN: /* removed, meanwhile */
	case MSG_TOO_LARGE:
		return number;
	default:
		return 0;
	}
}

/* One volume was refused. */
static void start_all_refused(struct start_all *all, const char *name, const Vx__Reply *reply)
{
	uint32_t number = start_all_blame(reply);

	if (number == MSG_VOLUME_STARTED) {
		return;
	}
	all->exit_code = vx_exit_code(-VX_E_NOTSTARTED);
	if (number == MSG_NODE_REFUSED) {
		complain(all->io->err, start_all_tool(all), SAY_NOT_STARTED, name,
			 reply->message[reply->n_message - 1]->text);
	} else { /* it names the volume */
		start_all_tell(all, reply);
	}
}

static int start_all_ask(struct start_all *all, char **name, size_t count, Vx__Reply **out_reply)
{
	Vx__Request request = *command_request(all->command);
	uint8_t txid[ID_BYTES];

	id_make_txn(txid);
	request.txid.data = txid;
	request.verb = "start";
	request.operand = name;
	request.n_operand = count;
	return client_call(&all->client, &request, command_changes(all->command), out_reply);
}

/* Starts these, of which any may have been started meanwhile. */
static void start_all_some(struct start_all *all, char **name, size_t count)
{
	Vx__Reply *reply = NULL;
	bool fits = count <= VX_OPERANDS_MAX;
	int rc = 0;

	if (count == 0 || all->ended) {
		return;
	}
	if (fits) {
		rc = start_all_ask(all, name, count, &reply);
	}
	if (!fits || (start_all_blame(reply) != 0 && count > 1)) {
		start_all_some(all, name, count / 2);
		start_all_some(all, name + count / 2, count - count / 2);
	} else if (start_all_blame(reply) != 0) {
		start_all_refused(all, name[0], reply);
	} else {
		start_all_tell(all, reply);
		all->ended = rc != 0;
		all->exit_code = rc != 0 ? rc : all->exit_code;
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
}

/* Those of the group that are not started. */
static void start_all_apart(struct start_all *all)
{
	Vx__Request question = *command_request(all->command);
	const Vx__Config *config;
	Vx__Reply *reply;
	size_t count = 0;
	char **name;

	question.tool = "vxinfo";
	question.verb = "info";
	all->exit_code = client_call(&all->client, &question, false, &reply);
	if (all->exit_code != 0 || reply->n_group == 0) {
		start_all_tell(all, reply);
	} else {
		config = reply->group[0]->config;
		name = heap_zero(config->n_vol, sizeof(*name));
		for (size_t i = 0; i < config->n_vol; i++) {
			if (config->vol[i]->kstate != VX__KSTATE__KS_ENABLED) {
				name[count++] = config->vol[i]->name;
			}
		}
		start_all_some(all, name, count);
		free(name);
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
}

int start_all(const struct tool_io *io, const struct command *command)
{
	struct start_all all = { .io = io, .command = command, .client = io->client };
	Vx__Reply *reply;

	all.client.progress |= command_has(command, "verbose");
	all.client.caller_tells = true;
	all.exit_code = client_call(&all.client, command_request(command), command_changes(command),
				    &reply);
	if (start_all_blame(reply) != 0) {
		start_all_apart(&all);
	} else {
		start_all_tell(&all, reply);
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
	return all.exit_code;
}

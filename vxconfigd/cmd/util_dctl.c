// SPDX-License-Identifier: GPL-2.0-or-later
/* vxdctl: vxconfigd of this node, and how it stands in the cluster. */
#include <poll.h>
#include <string.h>

#include "base/daemon.h"
#include "base/errors.h"
#include "base/timeouts.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_audit.h"
#include "vxconfigd/cmd/print_memory.h"
#include "vxconfigd/cmd/print_mode.h"
#include "vxconfigd/cmd/utilities.h"

#define STOP_POLL_MS 10

static const struct tool_option vxdctl_options[] = {
	{ 'c', "cluster", NULL, OPTION_FLAG, "c", "mode: show the cluster too", "mode" },
	{ 'f', "force", NULL, OPTION_FLAG, "f",
	  "enable: read every label again; forget: although its disks are seen", "enable forget" },
	{ 'k', "kill", NULL, OPTION_FLAG, "k", "stop: at once", "stop" },
	OPTION_ROW_GROUP,
	OPTION_ROW_DRY_RUN('n', "forget"),
	OPTION_ROW_JSON("mode list protocolversion protocolrange support outcome audit remembered"),
	OPTION_ROW_PROGRESS(0),
	OPTION_ROW_END,
};

static const struct tool_verb vxdctl_verbs[] = {
	{ "mode", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "enabled, disabled or not-running; -c: role and master" },
	{ "list", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "what this node calls itself and its cluster" },
	{ "enable", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "enable vxconfigd and look for new disks" },
	{ "disable", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "take no changes; volumes go on" },
	{ "stop", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "end vxconfigd; volumes and membership go on" },
	{ "protocolversion", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "the protocol that the cluster runs" },
	{ "protocolrange", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "the protocols that this node can run" },
	{ "support", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "versions that this node supports" },
	{ "upgrade", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "run the highest protocol that all members speak" },
	{ "outcome", "TRANSACTION", 1, 1, GROUP_UNUSED, false, false, NULL,
	  "how a change ended: committed, aborted or unknown" },
	{ "audit", NULL, 0, 0, GROUP_OPTIONAL, false, false, NULL,
	  "the last changes of the groups: when, who, what" },
	{ "remembered", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "the disk groups of which this node knows how new they were" },
	{ "forget", "GROUP|ID", 1, 1, GROUP_UNUSED, false, false, NULL,
	  "remember a disk group that is gone for good no longer, on this node" },
	VERB_ROW_END,
};

static const struct tool_example vxdctl_examples[] = {
	{ "is this node the master?", "vxdctl -c mode" },
	{ "find disks that were connected now", "vxdctl enable" },
	{ "a utility could not learn how its change ended and said its id",
	  "vxdctl outcome 5b1f0c9d2e7a4f6883d0c1b2a3948576" },
	{ "who changed the group last?", "vxdctl -g data audit" },
	{ "a disk group whose disks were thrown away", "vxdctl forget old" },
	EXAMPLE_ROW_END,
};

const struct tool vxdctl_tool = {
	.name = "vxdctl",
	.purpose = "control vxconfigd of this node",
	.option = vxdctl_options,
	.verb = vxdctl_verbs,
	.example = vxdctl_examples,
	.see_also = "vxdg(8), vxclustadm(8), vxintro(8)",
};

static const struct {
	const char *verb;
	void (*print)(const Vx__ModeInfo *mode, FILE *out);
} vxdctl_prints[] = {
	{ "list", print_mode_volboot },
	{ "protocolversion", print_mode_protocol },
	{ "protocolrange", print_mode_range },
	{ "support", print_mode_support },
};

static int vxdctl_show_mode(const struct command *command, const Vx__ModeInfo *mode, FILE *out)
{
	const Vx__Request *request = command_request(command);

	if (command_has(command, "json")) {
		struct json_object *object = json_object_new_object();

		json_mode(object, mode);
		json_print(object, out);
		return 0;
	}
	if (strcmp(request->verb, "mode") == 0) {
		print_mode(mode, command_has(command, "cluster"), out);
	}
	for (size_t i = 0; i < sizeof(vxdctl_prints) / sizeof(vxdctl_prints[0]); i++) {
		if (strcmp(request->verb, vxdctl_prints[i].verb) == 0) {
			vxdctl_prints[i].print(mode, out);
		}
	}
	return 0;
}

/* The answer of the question is the outcome; that it is not known is an exit code of its own. */
static int vxdctl_show_outcome(const struct command *command, const Vx__Reply *reply, FILE *out)
{
	const char *outcome = reply->outcome[0] != '\0' ? reply->outcome : "unknown";

	if (command_has(command, "json")) {
		struct json_object *object = json_object_new_object();

		json_add_text(object, "transaction", command_request(command)->operand[0]);
		json_add_text(object, "outcome", outcome);
		json_print(object, out);
	} else {
		fprintf(out, "%s\n", outcome);
	}
	return strcmp(outcome, "unknown") == 0 ? vx_exit_code(-VX_E_LOST) : 0;
}

static int vxdctl_show(const struct command *command, const Vx__Reply *reply, FILE *out)
{
	const Vx__Request *request = command_request(command);

	if (strcmp(request->verb, "outcome") == 0) {
		return vxdctl_show_outcome(command, reply, out);
	}
	if (strcmp(request->verb, "audit") == 0) {
		(command_has(command, "json") ? print_audit_json
					      : print_audit)(reply, request->group, out);
		return 0;
	}
	if (strcmp(request->verb, "remembered") == 0) {
		(command_has(command, "json") ? print_memory_json : print_memory)(reply, out);
		return 0;
	}
	tool_print_lines(reply, out);
	return reply->mode != NULL ? vxdctl_show_mode(command, reply->mode, out) : 0;
}

/* "stop" is done when the daemon is gone. */
static void vxdctl_wait_stopped(void)
{
	for (int i = 0; i < VX_STOP_WAIT_MS / STOP_POLL_MS && daemon_running("vxconfigd") != 0;
	     i++) {
		poll(NULL, 0, STOP_POLL_MS);
	}
}

int vxdctl_run(const struct tool_io *io, int argc, char **argv)
{
	struct command *command;
	Vx__Reply *reply;
	int exit_code;

	if (!tool_begin(io, &vxdctl_tool, argc, argv, &command, &exit_code)) {
		return exit_code;
	}
	exit_code = tool_ask(io, command, &reply);
	if (exit_code == 0 || (reply != NULL && reply->outcome[0] != '\0')) {
		exit_code = vxdctl_show(command, reply, io->out);
		if (strcmp(command_request(command)->verb, "stop") == 0) {
			vxdctl_wait_stopped();
		}
	} else if (exit_code == vx_exit_code(-VX_E_NODAEMON) &&
		   strcmp(command_request(command)->verb, "mode") == 0) {
		fprintf(io->out, "mode: not-running\n"); /* a mode like the others, for scripts */
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
	return tool_end(io, command, exit_code);
}

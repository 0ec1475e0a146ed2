// SPDX-License-Identifier: GPL-2.0-or-later
/* vxstat: I/O statistics of volumes, plexes, subdisks, disks, added up over the nodes. */
#include <time.h>
#include <unistd.h>

#include "base/errors.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/stat_set.h"
#include "vxconfigd/cmd/utilities.h"

#define VXSTAT_INTERVAL_MAX_S 86400
#define VXSTAT_COUNT_MAX 1000000000

static const struct tool_option vxstat_options[] = {
	OPTION_ROW_GROUP,
	{ 'v', "volumes", NULL, OPTION_LOCAL, NULL, "volumes (without any of -v -p -s -d: these)",
	  NULL },
	{ 'p', "plexes", NULL, OPTION_LOCAL, NULL, "plexes", NULL },
	{ 's', "subdisks", NULL, OPTION_LOCAL, NULL, "subdisks", NULL },
	{ 'd', "disks", NULL, OPTION_LOCAL, NULL, "disks", NULL },
	{ 'i', "interval", "SECONDS", OPTION_LOCAL, NULL,
	  "again and again; each shows what happened in between", NULL },
	{ 'c', "count", "NUMBER", OPTION_LOCAL, NULL, "with -i: so many times", NULL },
	{ 'n', "nodes", "NODE[,NODE]", OPTION_LOCAL, NULL,
	  "only these nodes (without: the total of all)", NULL },
	{ 'r', "reset", NULL, OPTION_FLAG, "r", "set the counters to zero instead of printing them",
	  NULL },
	OPTION_ROW_QUIET(NULL),
	OPTION_ROW_JSON(NULL),
	OPTION_ROW_END,
};

static const struct tool_verb vxstat_verbs[] = {
	{ "stat", "[NAME ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "statistics of objects" },
	VERB_ROW_END,
};

static const struct tool_example vxstat_examples[] = {
	{ "what every second brings, all nodes together", "vxstat -g data -i 1" },
	{ "how much of it comes from node a?", "vxstat -g data -n a -i 1 -c 5" },
	{ "is the load even over the disks?", "vxstat -g data -d" },
	EXAMPLE_ROW_END,
};

const struct tool vxstat_tool = {
	.name = "vxstat",
	.purpose = "show I/O statistics",
	.option = vxstat_options,
	.verb = vxstat_verbs,
	.verbless = true,
	.example = vxstat_examples,
	.see_also = "vxtask(8), vxprint(8), vxintro(8)",
};

static struct stat_choice vxstat_choice(const struct command *command)
{
	const Vx__Request *request = command_request(command);

	return (struct stat_choice){
		.class = {
			[STAT_VOL] = command_has(command, "volumes"),
			[STAT_PLEX] = command_has(command, "plexes"),
			[STAT_SD] = command_has(command, "subdisks"),
			[STAT_DM] = command_has(command, "disks"),
		},
		.group = request->group,
		.name = request->operand,
		.name_count = request->n_operand,
		.nodes = command_argument(command, "nodes"),
	};
}

static void vxstat_print(const struct tool_io *io, const struct command *command,
			 const struct stat_set *set, bool dated)
{
	char text[64];
	time_t now = time(NULL);
	struct tm parts;

	if (command_has(command, "json")) {
		stat_set_json(set, io->out);
		return;
	}
	if (dated && localtime_r(&now, &parts) != NULL &&
	    strftime(text, sizeof(text), "%a %d %b %Y %H:%M:%S %Z", &parts) > 0) {
		fprintf(io->out, "%s\n", text);
	}
	stat_set_print(set, !command_has(command, "quiet"), io->out);
	if (dated) {
		fputc('\n', io->out);
	}
}

/* One look. before: what the look before saw, becomes what this one saw. */
static int vxstat_look(const struct tool_io *io, const struct command *command,
		       struct stat_set *before, bool dated)
{
	const struct stat_choice choice = vxstat_choice(command);
	struct stat_set now, shown;
	Vx__Reply *reply;
	int exit_code = tool_ask(io, command, &reply);

	if (exit_code == 0 && !command_has(command, "reset")) {
		exit_code = vx_exit_code(stat_set_make(reply, &choice, io->err, &now));
		if (exit_code == 0) {
			stat_set_between(before, &now, &shown);
			vxstat_print(io, command, &shown, dated);
			stat_set_free(&shown);
			stat_set_free(before);
			*before = now;
		}
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
	return exit_code;
}

static int vxstat_loop(const struct tool_io *io, const struct command *command, uint32_t interval_s,
		       uint32_t count)
{
	struct stat_set before = { NULL, 0 };
	int exit_code = vxstat_look(io, command, &before, interval_s > 0);

	for (uint32_t i = 1; interval_s > 0 && exit_code == 0 && (count == 0 || i < count); i++) {
		if (fflush(io->out) != 0) {
			break;
		}
		sleep(interval_s);
		exit_code = vxstat_look(io, command, &before, true);
	}
	stat_set_free(&before);
	return exit_code;
}

int vxstat_run(const struct tool_io *io, int argc, char **argv)
{
	struct command *command;
	uint32_t interval_s, count;
	int exit_code;

	if (!tool_begin(io, &vxstat_tool, argc, argv, &command, &exit_code)) {
		return exit_code;
	}
	if (command_number(command, "interval", 1, VXSTAT_INTERVAL_MAX_S, 0, io->err,
			   &interval_s) != 0 ||
	    command_number(command, "count", 1, VXSTAT_COUNT_MAX, 0, io->err, &count) != 0) {
		return tool_end(io, command, 2);
	}
	if (count > 0 && interval_s == 0) {
		return tool_end(io, command,
				complain(io->err, "vxstat", SAY_OPTION_NEEDS, "count", "interval"));
	}
	if (command_has(command, "reset")) {
		interval_s = 0;
	}
	return tool_end(io, command, vxstat_loop(io, command, interval_s, count));
}

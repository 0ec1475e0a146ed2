// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vxclustadm: starts and stops the cluster on this node and shows its state. Options and verbs;
 * what they do is in the adm_*.c files.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/adm.h"
#include "agent/adm_daemons.h"
#include "agent/adm_fenced.h"
#include "agent/adm_member.h"
#include "agent/adm_query.h"
#include "agent/adm_volumes.h"
#include "base/limits.h"

#define ADM_SECONDS_MAX 86400
#define ADM_LETTERS "hvj:" /* options of one letter, for getopt */

struct adm_verb {
	const char *name;
	adm_verb_fn *run;
	const char
		*words; /* after the name, for the help; it takes the options that are named here */
	const char *meaning;
	int min, max; /* words after the name */
};

static const struct adm_verb adm_verb_table[] = {
	{ "startnode", adm_startnode, "[-j SECONDS]",
	  "join the cluster and wait until this node is a member", 0, 0 },
	{ "stopnode", adm_stopnode, "[--cancel] [--timeout SECONDS]",
	  "leave the cluster when no shared volume is open any more", 0, 0 },
	{ "abortnode", adm_abortnode, "[--timeout SECONDS] [REASON]",
	  "leave at once: I/O of this node fails (emergency)", 0, 1 },
	{ "nodestate", adm_nodestate, "[-v] [--json]", "state of this node", 0, 0 },
	{ "nidmap", adm_nidmap, "[--json]", "nodes, their numbers and roles", 0, 0 },
	{ "reinit", adm_reinit, "", "read Corosync's node list again, while the node is a member", 0,
	  0 },
	{ "setmaster", adm_setmaster, "[--timeout SECONDS] NODE",
	  "make another member the master; I/O stands still for a reconfiguration", 1, 1 },
	{ "setpreference", adm_setpreference, "N",
	  "of two equals the higher preference becomes master", 1, 1 },
	{ "getpreference", adm_getpreference, "[--json]", "print it", 0, 0 },
	{ "fenced", adm_fenced, "[--json] NODE...",
	  "when nodes were fenced, as Pacemaker remembers it", 0, VX_NODES_MAX },
	{ "volumes", adm_volumes, "[--json] [GROUP...]",
	  "what vxiod serves on this node, and who has it open", 0, VX_GROUPS_MAX },
	{ "daemons", adm_daemons, "[--json | --stop] [--timeout SECONDS]",
	  "processes of vxha on this node, do they answer; end them", 0, 0 },
};

enum adm_option {
	OPTION_JSON = 256,
	OPTION_CANCEL,
	OPTION_TIMEOUT,
	OPTION_SERVE,
	OPTION_STOP,
	OPTION_VERSION,
	OPTION_WORDS,
};

/* What the table of verbs calls the options that not every verb takes. */
static const struct {
	int option;
	const char *name;
} adm_shown_table[] = {
	{ 'v', "-v" },
	{ 'j', "-j" },
	{ OPTION_JSON, "--json" },
	{ OPTION_CANCEL, "--cancel" },
	{ OPTION_TIMEOUT, "--timeout" },
	{ OPTION_STOP, "--stop" },
};

static const struct option adm_option_table[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "verbose", no_argument, NULL, 'v' },
	{ "join-timeout", required_argument, NULL, 'j' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "cancel", no_argument, NULL, OPTION_CANCEL },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "stop", no_argument, NULL, OPTION_STOP },
	{ "serve", no_argument, NULL, OPTION_SERVE },	   /* for vxclustd only, not in the help */
	{ "list-words", no_argument, NULL, OPTION_WORDS }, /* for the completion, as well */
	{ NULL, 0, NULL, 0 },
};

static void adm_help(void)
{
	printf("vxclustadm - start and stop the cluster on this node, show its state\n\n"
	       "usage: vxclustadm [OPTION...] VERB\n\n");
	for (size_t i = 0; i < VX_COUNT_OF(adm_verb_table); i++) {
		const struct adm_verb *verb = &adm_verb_table[i];

		printf("  %s%s%s\n      %s\n", verb->name, verb->words[0] != '\0' ? " " : "",
		       verb->words, verb->meaning);
	}
	printf("\n"
	       "  -v, --verbose              nodestate: ids, masks, last reconfigurations and "
	       "their freeze\n"
	       "      --json                 print JSON, for programs\n"
	       "  -j, --join-timeout SECONDS startnode: the node gives up after that (180)\n"
	       "      --timeout SECONDS      stopnode, abortnode, setmaster: wait no longer "
	       "(it goes on);\n"
	       "                             daemons: who needs longer to answer is mute (3 to "
	       "10);\n"
	       "                             with --stop: who needs longer to end is killed (30)\n"
	       "      --cancel               stopnode: end a leave that waits; Ctrl-C does the "
	       "same\n"
	       "      --stop                 daemons: end them, for the resource agent\n"
	       "      --version, --help\n\n"
	       "Pacemaker normally starts and stops a node (resource agent ocf:vxha:vxclust); to "
	       "take a node\n"
	       "out for work use 'pcs node standby NODE' and not stopnode, or Pacemaker brings it "
	       "back.\n\n"
	       "Try:\n"
	       "  vxclustadm nodestate       is this node a member, and if not, why?\n"
	       "  vxclustadm nidmap          who is there, who is master?\n"
	       "  vxclustadm -v nodestate    how long did I/O stand still the last time?\n"
	       "  vxclustadm daemons         does a daemon hang?\n\n"
	       "Exit status: 0 done, 1 failed or wrong usage (the reason is on standard error).\n");
}

/* For the shell's completion, as the other utilities print it. */
static void adm_list_words(void)
{
	for (size_t i = 0; i < VX_COUNT_OF(adm_verb_table); i++) {
		printf("verb %s\n", adm_verb_table[i].name);
	}
	for (const struct option *option = adm_option_table; option->name != NULL; option++) {
		if (option->val != OPTION_SERVE && option->val != OPTION_WORDS) {
			printf("option --%s\n", option->name);
		}
	}
}

static int adm_seconds(const char *text, unsigned int *out_seconds)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value == 0 ||
	    value > ADM_SECONDS_MAX) {
		return adm_error(ADM_USAGE, "seconds: a number from 1 to 86400, please");
	}
	*out_seconds = (unsigned int)value;
	return 0;
}

/* A mistake that getopt_long() found: optopt is the option, 0 for a long one that is unknown. */
static int adm_option_wrong(int option, char **argv)
{
	bool known = optopt >= OPTION_JSON || (optopt != 0 && strchr(ADM_LETTERS, optopt) != NULL);
	const char letter[] = { '-', (char)optopt, '\0' };
	char text[VX_REASON_MAX];

	snprintf(text, sizeof(text), "%.40s: %s",
		 optopt == 0 || optopt >= OPTION_JSON ? argv[optind - 1] : letter,
		 option == ':' ? "needs a number"
		 : known       ? "takes nothing"
		 : isdigit(optopt) ? "unknown option (a negative number comes after --)"
			       : "unknown option");
	return adm_error(ADM_USAGE, text);
}

/* 0 go on, 1 mistake, -1 all is done. Bit i of *out_given: the option of row i was there. */
static int adm_parse(int argc, char **argv, struct adm_options *options, unsigned int *out_given)
{
	int option, rc = 0;

	opterr = 0;
	while (rc == 0 &&
	       (option = getopt_long(argc, argv, ":" ADM_LETTERS, adm_option_table, NULL)) != -1) {
		for (size_t i = 0; i < VX_COUNT_OF(adm_shown_table); i++) {
			*out_given |= (unsigned int)(adm_shown_table[i].option == option) << i;
		}
		switch (option) {
		case 'h':
			adm_help();
			return -1;
		case OPTION_VERSION:
			printf("vxclustadm (vxha) %s\n", VXHA_VERSION);
			return -1;
		case OPTION_WORDS:
			adm_list_words();
			return -1;
		case 'v':
			options->verbose = true;
			break;
		case 'j':
			rc = adm_seconds(optarg, &options->join_timeout_s);
			break;
		case OPTION_TIMEOUT:
			rc = adm_seconds(optarg, &options->timeout_s);
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_CANCEL:
			options->cancel = true;
			break;
		case OPTION_SERVE:
			options->serve = true;
			break;
		case OPTION_STOP:
			options->stop = true;
			break;
		default:
			return adm_option_wrong(option, argv);
		}
	}
	return rc;
}

static const struct adm_verb *adm_verb_find(const char *name)
{
	for (size_t i = 0; i < VX_COUNT_OF(adm_verb_table); i++) {
		if (strcmp(adm_verb_table[i].name, name) == 0) {
			return &adm_verb_table[i];
		}
	}
	return NULL;
}

/* Does the verb take what was given? 0 or 1. */
static int adm_check(const struct adm_verb *verb, unsigned int given, int count, char **word)
{
	char text[VX_REASON_MAX];

	for (size_t i = 0; i < VX_COUNT_OF(adm_shown_table); i++) {
		if ((given >> i & 1) != 0 && strstr(verb->words, adm_shown_table[i].name) == NULL) {
			snprintf(text, sizeof(text), "%s takes no %s", verb->name,
				 adm_shown_table[i].name);
			return adm_error(ADM_USAGE, text);
		}
	}
	if (count < verb->min || count > verb->max) {
		snprintf(text, sizeof(text), "%s: %s", verb->name,
			 count > verb->max ? "too many words" : "a word is missing");
		return adm_error(ADM_USAGE, text);
	}
	for (int i = 0; i < count; i++) {
		if (word[i][0] == '\0' || strlen(word[i]) > VX_WORD_MAX) {
			snprintf(text, sizeof(text), "%s: %s", verb->name,
				 word[i][0] == '\0' ? "an empty word says nothing"
						    : "a word is too long");
			return adm_error(ADM_USAGE, text);
		}
	}
	return 0;
}

static int adm_run(int argc, char **argv)
{
	struct adm_options options = { 0 };
	unsigned int given = 0;
	int rc = adm_parse(argc, argv, &options, &given);

	if (rc != 0) {
		return rc > 0 ? rc : 0;
	}
	if (optind == argc) {
		return adm_error(ADM_USAGE, "no verb");
	}

	const struct adm_verb *verb = adm_verb_find(argv[optind]);
	int count = argc - optind - 1;

	if (verb == NULL) {
		char text[VX_REASON_MAX];

		snprintf(text, sizeof(text), "unknown verb %.40s", argv[optind]);
		return adm_error(ADM_USAGE, text);
	}
	char **word = argv + optind + 1;

	rc = adm_check(verb, given, count, word);
	return rc != 0 ? rc : verb->run(&options, count, word);
}

int main(int argc, char **argv)
{
	int rc = adm_run(argc, argv);

	/* what was cut short by a full disk or a closed pipe must not look complete */
	if ((fflush(stdout) != 0 || ferror(stdout)) && rc == 0) {
		rc = adm_error(ADM_OUTPUT, strerror(errno));
	}
	return rc;
}

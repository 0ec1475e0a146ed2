// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vxclustadm: starts and stops the cluster on this node and shows its state. Options and verbs;
 * what they do is in the adm_*.c files.
 */
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
#include "base/limits.h"

#define ADM_SECONDS_MAX 86400

struct adm_verb {
	const char *name;
	adm_verb_fn *run;
	const char *words; /* after the name, for the help */
	const char *meaning;
	int min, max; /* words after the name */
};

static const struct adm_verb adm_verb_table[] = {
	{ "startnode", adm_startnode, "[-j SECONDS]",
	  "join the cluster and wait until this node is a member", 0, 0 },
	{ "stopnode", adm_stopnode, "[--cancel] [--timeout SECONDS]",
	  "leave the cluster when no shared volume is open any more", 0, 0 },
	{ "abortnode", adm_abortnode, "[REASON]",
	  "leave at once: I/O of this node fails (emergency)", 0, 1 },
	{ "nodestate", adm_nodestate, "[-v] [--json]", "state of this node", 0, 0 },
	{ "nidmap", adm_nidmap, "[--json]", "nodes, their numbers and roles", 0, 0 },
	{ "setpreference", adm_setpreference, "N",
	  "of two equals the higher preference becomes master", 1, 1 },
	{ "getpreference", adm_getpreference, "", "print it", 0, 0 },
	{ "fenced", adm_fenced, "NODE...", "when nodes were fenced, as Pacemaker remembers it", 0,
	  VX_NODES_MAX },
	{ "daemons", adm_daemons, "[--stop [--timeout SECONDS]]",
	  "processes of vxha on this node; end them", 0, 0 },
};

enum adm_option {
	OPTION_JSON = 256,
	OPTION_CANCEL,
	OPTION_TIMEOUT,
	OPTION_SERVE,
	OPTION_STOP,
	OPTION_VERSION
};

static const struct option adm_option_table[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "verbose", no_argument, NULL, 'v' },
	{ "join-timeout", required_argument, NULL, 'j' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "cancel", no_argument, NULL, OPTION_CANCEL },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "serve", no_argument, NULL, OPTION_SERVE }, /* for vxclustd only, not in the help */
	{ "stop", no_argument, NULL, OPTION_STOP },
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
	       "      --json                 nodestate, nidmap: everything known, for programs\n"
	       "  -j, --join-timeout SECONDS startnode: give up after that (180)\n"
	       "      --timeout SECONDS      stopnode, abortnode: wait no longer (the node goes on "
	       "leaving)\n"
	       "      --cancel               stopnode: end a leave that waits; Ctrl-C does the "
	       "same\n"
	       "      --version, --help\n\n"
	       "Pacemaker normally starts and stops a node (resource agent ocf:vxha:vxclust); to "
	       "take a node\n"
	       "out for work use 'pcs node standby NODE' and not stopnode, or Pacemaker brings it "
	       "back.\n\n"
	       "Try:\n"
	       "  vxclustadm nodestate       is this node a member, and if not, why?\n"
	       "  vxclustadm nidmap          who is there, who is master?\n"
	       "  vxclustadm -v nodestate    how long did I/O stand still the last time?\n\n"
	       "Exit status: 0 done, 1 failed (the reason is on standard error).\n");
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

/* 0 go on, 1 mistake, -1 all is done. */
static int adm_parse(int argc, char **argv, struct adm_options *options)
{
	int option, rc = 0;

	while (rc == 0 &&
	       (option = getopt_long(argc, argv, "hvj:", adm_option_table, NULL)) != -1) {
		switch (option) {
		case 'h':
			adm_help();
			return -1;
		case OPTION_VERSION:
			printf("vxclustadm (vxha) %s\n", VXHA_VERSION);
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
		default: /* getopt said what is wrong */
			return 1;
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

int main(int argc, char **argv)
{
	struct adm_options options = { 0 };
	int rc = adm_parse(argc, argv, &options);

	if (rc != 0) {
		return rc > 0 ? rc : 0;
	}
	if (optind == argc) {
		return adm_error(ADM_USAGE, "no verb");
	}

	const struct adm_verb *verb = adm_verb_find(argv[optind]);
	int count = argc - optind - 1;

	if (verb == NULL) {
		return adm_error(ADM_USAGE, "unknown verb");
	}
	if (count < verb->min || count > verb->max) {
		return adm_error(ADM_USAGE,
				 count > verb->max ? "too many words" : "a word is missing");
	}
	return verb->run(&options, count, argv + optind + 1);
}

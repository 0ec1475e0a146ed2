/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs verbs of vxclustadm in a folder and a network of their own. */
#ifndef VX_TESTS_AGENT_VERB_H
#define VX_TESTS_AGENT_VERB_H

#include <sys/types.h>

#include "agent/adm.h"

/* A new folder for everything that vxha keeps, and a network without its real daemons. */
void verb_setup(void);
void verb_teardown(void);

/* Runs a verb in a process of its own; what it prints goes to the file `out`. */
pid_t verb_begin(adm_verb_fn *verb, const struct adm_options *options, const char *word);
/* It ends with that exit code and printed that text. */
void verb_end(pid_t pid, int want, const char *text);

#endif

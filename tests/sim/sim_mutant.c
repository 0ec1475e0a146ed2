// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: is each mutation of base/mutant.h noticed? Each one runs seed after seed until a
 * rule is broken; the same seed without the mutation must keep all rules.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mutant.h"
#include "tests/sim/sim.h"

#ifndef VX_MUTANTS

int mutants_run(const char *only, int jobs)
{
	(void)only;
	(void)jobs;
	fputs("vxsim: no mutations are built in: make check-mutants\n", stderr);
	return 2;
}

#else

#define MUTANT_RUNS 60000 /* not noticed by then: not noticed */
#define ARGUED_RUNS 1000  /* nobody can notice it, but maybe the argument is wrong */

enum where { CORE, MODEL };

enum mutant vx_mutant;

static const struct {
	const char *name, *what, *why;
	enum where where;
} mutant_table[] = {
#define MUTANT_ROW(name, where, what, why) [MUTANT_##name] = { #name, what, why, where },
	MUTANTS(MUTANT_ROW)
#undef MUTANT_ROW
};

struct mutant_result {
	atomic_bool done;
	bool baseline; /* it fails without the mutation too */
	uint64_t runs; /* until noticed; 0: not noticed */
	struct sim_options options;
	char failure[300];
};

static struct sim_options mutant_options(enum mutant mutant, uint64_t seed)
{
	static const uint32_t nodes[] = { 3, 3, 4, 3, 5 }, copies[] = { 3, 2, 5, 1, 4 };

	if (mutant == MUTANT_D6_PLACE ||
	    strncmp(mutant_table[mutant].name, "R20_", 4) == 0) { /* of two nodes only */
		return (struct sim_options){ .seed = seed,
					     .nodes = 2,
					     .copies = 2 + seed % 2,
					     .faults = 5 + seed % 4,
					     .groups = mutant == MUTANT_R20_ONCE ? 3 : 0 };
	}
	if (mutant == MUTANT_T17_LATE) { /* all copies are away while a view is made */
		return (struct sim_options){ .seed = seed,
					     .kinds = 1u << FAULT_COPY_AWAY | 1u << FAULT_POWER_OFF |
						      1u << FAULT_PAUSE_COROSYNC,
					     .nodes = 3,
					     .copies = 1,
					     .faults = 5 + seed % 4,
					     .hard = true };
	}
	if (mutant == MUTANT_R12_COPIES) { /* a slow write of the last one, and somebody who was cut off from it */
		return (struct sim_options){ .seed = seed,
					     .kinds = 1u << FAULT_CUT | 1u << FAULT_LEAVE |
						      1u << FAULT_LEAVE_ALL | 1u << FAULT_COPY_AWAY,
					     .nodes = 2,
					     .copies = 3 + (uint32_t)(seed % 3),
					     .faults = 3 + (uint32_t)(seed % 4) };
	}
	return (struct sim_options){
		.seed = seed,
		/* a copy that is behind, just when a member of the newest view is gone */
		.kinds = mutant == MUTANT_R12_LAST ? 1u << FAULT_LEAVE | 1u << FAULT_LEAVE_ALL
			 : mutant == MUTANT_D15_NEWEST
				 ? 1u << FAULT_COPY_AWAY | 1u << FAULT_POWER_OFF |
					   1u << FAULT_POWER_OFF_ALL | 1u << FAULT_CUT |
					   1u << FAULT_SPLIT | 1u << FAULT_HEAL |
					   1u << FAULT_RECONF | 1u << FAULT_PAUSE_COROSYNC
				 : 0,
		.nodes = nodes[seed % VX_COUNT_OF(nodes)],
		.copies = copies[seed / 2 % VX_COUNT_OF(copies)],
		.faults = 5 + seed % 4,
		.hard = seed % 3 == 0,
	};
}

static void mutant_try(enum mutant mutant, struct mutant_result *out)
{
	const uint64_t runs = mutant_table[mutant].why == NULL ? MUTANT_RUNS : ARGUED_RUNS;

	for (uint64_t seed = 1; seed <= runs && out->runs == 0; seed++) {
		const struct sim_options options = mutant_options(mutant, seed);
		const struct sim *run;

		vx_mutant = mutant;
		run = sim_try(&options);
		if (run->failure[0] == '\0') {
			continue;
		}
		memcpy(out->failure, run->failure, sizeof(out->failure));
		vx_mutant = MUTANT_NONE;
		run = sim_try(&options);
		if (run->failure[0] != '\0' && options.hard) {
			continue; /* no faults that the code promises to survive */
		}
		out->baseline = run->failure[0] != '\0';
		out->runs = seed;
		out->options = options;
	}
	atomic_store(&out->done, true);
}

/* "I12 node 1 opens ..." -> "I12" */
static const char *mutant_rule(const struct mutant_result *result, char out[16])
{
	snprintf(out, 16, "%.*s", (int)strcspn(result->failure, " :"), result->failure);
	return out;
}

static bool mutant_print(enum mutant mutant, const struct mutant_result *result)
{
	char rule[16], how[80] = "-";
	const char *why = mutant_table[mutant].why;
	bool good = result->done && !result->baseline && (result->runs > 0 || why != NULL);

	if (result->runs > 0) {
		const struct sim_options *options = &result->options;
		size_t length = (size_t)snprintf(
			how, sizeof(how), "--nodes %u --copies %u --faults %u%s%s", options->nodes,
			options->copies, options->faults, options->hard ? " --hard" : "",
			options->groups > 0 ? " --groups 3" : "");

		if (options->kinds != 0) {
			snprintf(how + length, sizeof(how) - length, " --kinds %#x",
				 options->kinds);
		}
	}
	printf("%-15s %-5s %-7s %6llu  %-39s  %s%s%s\n", mutant_table[mutant].name,
	       mutant_table[mutant].where == CORE ? "core" : "model",
	       result->runs > 0 ? mutant_rule(result, rule) : "-", (unsigned long long)result->runs,
	       how, mutant_table[mutant].what,
	       !result->done		   ? " - NOT TRIED"
	       : result->baseline	   ? " - FAILS WITHOUT THE MUTATION: "
	       : result->runs == 0 && good ? " - by argument: "
	       : result->runs == 0	   ? " - NOT NOTICED"
					   : "",
	       result->baseline		   ? result->failure
	       : result->runs == 0 && good ? why
					   : "");
	fflush(stdout);
	return good;
}

/* Until it is tried, or nobody is left who would. */
static void mutant_wait(const struct mutant_result *result)
{
	const struct timespec pause = { 0, 20000000 };

	while (!atomic_load(&result->done) && waitpid(-1, NULL, WNOHANG) >= 0) {
		nanosleep(&pause, NULL);
	}
}

int mutants_run(const char *only, int jobs)
{
	struct mutant_result *result =
		mmap(NULL, MUTANT_COUNT * sizeof(*result), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int passed = 0, failed = 0;

	if (result == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (int job = 0; job < jobs; job++) {
		if (fork() != 0) {
			continue;
		}
		if (freopen("/dev/null", "w", stderr) == NULL) { /* what assertions say */
			_exit(3);
		}
		for (int i = 1 + job; i < MUTANT_COUNT; i += jobs) {
			if (only == NULL || strcmp(only, mutant_table[i].name) == 0) {
				mutant_try((enum mutant)i, &result[i]);
			}
		}
		_exit(0);
	}
	printf("%-15s %-5s %-7s %6s  %-39s  %s\n", "mutation", "where", "rule", "run",
	       "seed = run, with", "what is dropped");
	for (int i = 1; i < MUTANT_COUNT; i++) {
		if (only == NULL || strcmp(only, mutant_table[i].name) == 0) {
			mutant_wait(&result[i]);
			*(mutant_print((enum mutant)i, &result[i]) ? &passed : &failed) += 1;
		}
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	munmap(result, MUTANT_COUNT * sizeof(*result));
	return failed > 0 || passed == 0 ? 1 : 0;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: a quiet run - transactions with and without volumes in use, a clean leave, a
 * join, another master, its death - and then the same run again for each of its events and each
 * single fault: every node powered off, cut, each of its daemons killed, before that event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/sim/sim.h"

#define QUIET_SEED 1
#define QUIET_TXNS 12

/* The story. Node 0: the master of that moment. */
static const struct sim_fault quiet_story[] = {
	{ .at = 900, .kind = FAULT_LEAVE, .node = 3 },
	{ .at = 1500, .kind = FAULT_SETMASTER, .node = 1, .how = 1 }, /* node 2 */
	{ .at = 2400, .kind = FAULT_POWER_OFF, .node = 0 },
};

static const enum sim_fault_kind single[] = { FAULT_POWER_OFF,	   FAULT_KILL_CLUSTD,
					      FAULT_KILL_CONFIGD,  FAULT_KILL_IOD,
					      FAULT_KILL_COROSYNC, FAULT_CUT };

struct progress {
	uint64_t runs, failed; /* failed: number of the run + 1 */
	char failure[300];
};

static uint64_t quiet_fault(uint64_t number, const struct sim_options *options,
			    struct sim_fault out[VX_COUNT_OF(quiet_story) + 1])
{
	struct sim_fault fault = { .kind = single[number % VX_COUNT_OF(single)],
				   .node = 1 + (uint32_t)(number / VX_COUNT_OF(single) %
							  options->nodes),
				   .at = number / VX_COUNT_OF(single) / options->nodes };
	size_t at = 0;

	for (size_t i = 0; i < VX_COUNT_OF(quiet_story); i++) {
		if (at == i && quiet_story[i].at > fault.at) {
			out[at++] = fault;
		}
		out[at++] = quiet_story[i];
	}
	if (at == VX_COUNT_OF(quiet_story)) {
		out[at] = fault;
	}
	return fault.at;
}

static void quiet_worker(const struct sim_options *options, uint64_t first, uint64_t runs,
			 uint64_t step, struct progress *progress)
{
	struct sim_fault fault[VX_COUNT_OF(quiet_story) + 1];
	struct sim_options own = *options;

	own.fault = fault;
	own.fault_count = VX_COUNT_OF(fault);
	for (uint64_t i = first; i < runs; i += step) {
		const struct sim *run;

		(void)quiet_fault(i, options, fault);
		run = sim_try(&own);
		progress->runs++;
		if (run->failure[0] != '\0') {
			memcpy(progress->failure, run->failure, sizeof(progress->failure));
			progress->failed = i + 1;
			return;
		}
	}
}

static void quiet_tell(const struct sim_options *options, uint64_t number, const char *failure)
{
	struct sim_fault fault[VX_COUNT_OF(quiet_story) + 1];
	struct sim_options own = *options;
	uint64_t at = quiet_fault(number, options, fault);
	const char *kind = fault_name(single[number % VX_COUNT_OF(single)]);

	printf("0 passed, 1 failed, 0 skipped\nrun %llu, %s before event %llu, fails: %s\n",
	       (unsigned long long)number, kind, (unsigned long long)at, failure);
	own.fault = fault;
	own.fault_count = VX_COUNT_OF(fault);
	own.trace = true;
	(void)sim_try(&own);
}

int exhaustive_run(const struct sim_options *options, int jobs)
{
	struct progress *progress = mmap(NULL, (size_t)jobs * sizeof(*progress),
					 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sim_options quiet = *options;
	const time_t from = time(NULL);
	time_t told = from;
	const struct sim *run;
	uint64_t runs, done = 0;
	int left = jobs;

	quiet.seed = QUIET_SEED;
	quiet.txns = QUIET_TXNS;
	quiet.fault = quiet_story;
	quiet.fault_count = VX_COUNT_OF(quiet_story);
	run = sim_try(&quiet);
	if (progress == MAP_FAILED || run->failure[0] != '\0') {
		printf("0 passed, 1 failed, 0 skipped\nthe quiet run fails: %s\n", run->failure);
		return 1;
	}
	runs = run->events * options->nodes * VX_COUNT_OF(single);
	printf("quiet run: %llu events, %llu views, %llu transactions committed, %llu aborted; "
	       "%llu runs follow\n",
	       (unsigned long long)run->events, (unsigned long long)run->views,
	       (unsigned long long)run->txns_ok, (unsigned long long)run->txns_failed,
	       (unsigned long long)runs);
	fflush(stdout);
	quiet.trace = false;
	for (int job = 0; job < jobs; job++) {
		if (fork() == 0) {
			if (freopen("/dev/null", "w", stderr) == NULL) {
				_exit(3);
			}
			quiet_worker(&quiet, (uint64_t)job, runs, (uint64_t)jobs, &progress[job]);
			_exit(0);
		}
	}
	while (left > 0) {
		const struct timespec wait_ns = { 0, 50000000 };

		while (waitpid(-1, NULL, WNOHANG) > 0) {
			left--;
		}
		nanosleep(&wait_ns, NULL);
		done = 0;
		for (int job = 0; job < jobs; job++) {
			done += progress[job].runs;
		}
		if (time(NULL) - told >= 5 || left == 0) {
			told = time(NULL);
			printf("%llu of %llu runs, %lld s\n", (unsigned long long)done,
			       (unsigned long long)runs, (long long)(told - from));
			fflush(stdout);
		}
	}
	for (int job = 0; job < jobs; job++) {
		if (progress[job].failed != 0) {
			quiet_tell(&quiet, progress[job].failed - 1, progress[job].failure);
			return 1;
		}
	}
	if (done != runs) {
		printf("0 passed, 1 failed, 0 skipped\n%llu runs are missing\n",
		       (unsigned long long)(runs - done));
		return 1;
	}
	printf("1 passed, 0 failed, 0 skipped\n");
	return 0;
}

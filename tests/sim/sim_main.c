// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: seeds, processes, the shortest story of a failure. */
#include <getopt.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/sim/sim.h"

#define WORKERS_MAX 64

struct tally {
	uint64_t done, events, views, switches, committed, aborted, shared, split;
	uint64_t coverage[FAULT_COUNT];
	uint64_t failed; /* seed + 1 */
	char failure[300];
};

static sigjmp_buf crashed;
static struct sim sim;

static void on_abort(int number)
{
	siglongjmp(crashed, number);
}

/* One run; a core that crashes is a failure as any other. */
static bool run_one(const struct sim_options *options)
{
	int number = sigsetjmp(crashed, 1);

	if (number != 0) {
		snprintf(sim.failure, sizeof(sim.failure), "%s at %.3f ms, event %llu",
			 number == SIGABRT ? "ASSERT an assertion of a core does not hold"
					   : "CRASH a core crashes",
			 (double)(sim.now - SIM_START) / 1000.0, (unsigned long long)sim.events);
		sim_end(&sim, true);
		return false;
	}
	return sim_run(&sim, options);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

const struct sim *sim_try(const struct sim_options *options)
{
	(void)run_one(options);
	return &sim;
}

/* ---- a failure, made short ---- */

static bool same_kind(const char *a, const char *b)
{
	return strncmp(a, b, 4) == 0;
}

/* Does it still fail in the same way? */
static bool still_fails(const struct sim_options *options, const char *failure)
{
	return !run_one(options) && same_kind(sim.failure, failure);
}

/* First without this fault or that one, then with fewer transactions. */
static void shorten(struct sim_options *options)
{
	struct sim_fault fault[SIM_FAULTS_MAX];
	size_t count;
	char failure[300];
	bool again = true;

	(void)run_one(options);
	count = sim.fault_count;
	memcpy(fault, sim.fault, sizeof(fault));
	snprintf(failure, sizeof(failure), "%s", sim.failure);
	while (again) {
		again = false;
		for (size_t i = 0; i < count && !again; i++) {
			struct sim_fault fewer[SIM_FAULTS_MAX];

			memcpy(fewer, fault, sizeof(fewer));
			memmove(&fewer[i], &fewer[i + 1], (count - i - 1) * sizeof(fewer[0]));
			options->fault = fewer;
			options->fault_count = count - 1;
			if (still_fails(options, failure)) {
				memcpy(fault, fewer, sizeof(fault));
				count--;
				again = true;
			}
		}
	}
	options->fault = fault;
	options->fault_count = count;
	for (options->txns = 1; options->txns <= 8; options->txns *= 2) {
		if (still_fails(options, failure)) {
			break;
		}
	}
	options->txns = options->txns <= 8 ? options->txns : 0;
	printf("the shortest story found, %zu faults:\n", count);
	for (size_t i = 0; i < count; i++) {
		printf("  before event %llu: %s, node %u%s\n", (unsigned long long)fault[i].at,
		       fault_name(fault[i].kind), fault[i].node,
		       fault[i].node == 0 ? " (the master)" : "");
	}
	options->trace = true;
	(void)run_one(options);
	printf("=> %s\n", sim.failure);
}

/* ---- many seeds ---- */

static void worker(struct tally *tally, const struct sim_options *options, uint64_t first,
		   uint64_t seeds, uint32_t step, double until)
{
	struct sim_options own = *options;

	if (freopen("/dev/null", "w", stderr) == NULL) {
		_exit(3);
	}
	for (uint64_t i = 0; i < seeds && (until <= 0 || seconds() < until); i += step) {
		own.seed = first + i;
		bool good = run_one(&own);

		tally->done++;
		tally->events += sim.events;
		tally->views += sim.views;
		tally->switches += sim.switches;
		tally->committed += sim.txns_ok;
		tally->aborted += sim.txns_failed;
		tally->shared += sim.txns_shared;
		tally->split += sim.txns_split;
		for (int k = 0; k < FAULT_COUNT; k++) {
			tally->coverage[k] += sim.coverage[k];
		}
		if (!good) {
			snprintf(tally->failure, sizeof(tally->failure), "%s", sim.failure);
			tally->failed = own.seed + 1;
			_exit(1);
		}
	}
	_exit(0);
}

static struct tally tally_sum(const struct tally *tally, int workers)
{
	struct tally sum = { 0 };

	for (int i = 0; i < workers; i++) {
		sum.done += tally[i].done;
		sum.events += tally[i].events;
		sum.views += tally[i].views;
		sum.switches += tally[i].switches;
		sum.committed += tally[i].committed;
		sum.aborted += tally[i].aborted;
		sum.shared += tally[i].shared;
		sum.split += tally[i].split;
		for (int k = 0; k < FAULT_COUNT; k++) {
			sum.coverage[k] += tally[i].coverage[k];
		}
		if (tally[i].failed != 0 && (sum.failed == 0 || tally[i].failed < sum.failed)) {
			sum.failed = tally[i].failed;
			snprintf(sum.failure, sizeof(sum.failure), "%s", tally[i].failure);
		}
	}
	return sum;
}

static void tally_print(const struct tally *sum, double from, const char *end)
{
	double time = seconds() - from;

	printf("%llu runs (%.0f a second), %llu events, %llu views, %llu master switches, %llu "
	       "committed, %llu aborted; %llu went with another, %llu were tried again in halves%s",
	       (unsigned long long)sum->done, (double)sum->done / time,
	       (unsigned long long)sum->events, (unsigned long long)sum->views,
	       (unsigned long long)sum->switches, (unsigned long long)sum->committed,
	       (unsigned long long)sum->aborted, (unsigned long long)sum->shared,
	       (unsigned long long)sum->split, end);
	fflush(stdout);
}

static int many(const struct sim_options *options, uint64_t first, uint64_t seeds, double limit,
		int workers)
{
	struct tally *tally = mmap(NULL, (size_t)workers * sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double from = seconds(), told = from;
	struct tally sum;
	int left = workers, lost = 0;

	if (tally == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (int i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			worker(&tally[i], options, first + (uint64_t)i, seeds - (uint64_t)i,
			       (uint32_t)workers, limit > 0 ? from + limit : 0);
		}
	}
	while (left > 0) {
		const struct timespec wait = { 0, 50000000 };
		int status;

		while (waitpid(-1, &status, WNOHANG) > 0) {
			left--;
			lost += !WIFEXITED(status) || WEXITSTATUS(status) > 1;
		}
		sum = tally_sum(tally, workers);
		if (sum.failed != 0) {
			break;
		}
		if (seconds() - told > 5) {
			told = seconds();
			tally_print(&sum, from, "\n");
		}
		nanosleep(&wait, NULL);
	}
	sum = tally_sum(tally, workers);
	tally_print(&sum, from, "\n");
	for (int k = 0; k < FAULT_COUNT; k++) {
		printf("%s%s %llu", k > 0 ? ", " : "faults: ", fault_name((enum sim_fault_kind)k),
		       (unsigned long long)sum.coverage[k]);
	}
	printf("\n");
	munmap(tally, (size_t)workers * sizeof(*tally));
	if (sum.failed != 0) {
		struct sim_options own = *options;

		own.seed = sum.failed - 1;
		printf("0 passed, 1 failed, 0 skipped\nseed %llu fails: %s\nagain: make sim "
		       "SEED=%llu NODES=%u COPIES=%u DISK_GROUPS=%u "
		       "FAULT_COUNT=%u TRACE=1\n",
		       (unsigned long long)own.seed, sum.failure, (unsigned long long)own.seed,
		       own.nodes, own.copies, own.groups, own.faults);
		shorten(&own);
		return 1;
	}
	if (lost > 0 || sum.done == 0 || (limit <= 0 && sum.done != seeds)) {
		printf("0 passed, 1 failed, 0 skipped\n%d workers ended before their runs did\n",
		       lost);
		return 1;
	}
	printf("1 passed, 0 failed, 0 skipped\n");
	return 0;
}

static void usage(FILE *out)
{
	fputs("usage: vxsim [--seeds N | --seconds N] [--first N] [--nodes 2..5] [--copies 1..5] "
	      "[--groups 1..3]\n"
	      "             [--faults 0..16] [--kinds MASK] [--jobs N] [--hard]   run seeds, each "
	      "a cluster with "
	      "faults\n"
	      "       vxsim --seed N [--trace]    run one, --trace tells its story\n"
	      "       vxsim --exhaustive          one fault at each event of a quiet run\n"
	      "       vxsim-mutants --mutants [NAME]   is each mutation noticed?\n",
	      out);
}

int main(int argc, char **argv)
{
	static const struct option words[] = {
		{ "seeds", 1, NULL, 's' },	{ "first", 1, NULL, 'f' },
		{ "nodes", 1, NULL, 'n' },	{ "copies", 1, NULL, 'c' },
		{ "groups", 1, NULL, 'g' },	{ "kinds", 1, NULL, 'k' },
		{ "faults", 1, NULL, 'F' },	{ "jobs", 1, NULL, 'j' },
		{ "seed", 1, NULL, 'S' },	{ "seconds", 1, NULL, 'T' },
		{ "trace", 0, NULL, 't' },	{ "help", 0, NULL, 'h' },
		{ "shorten", 0, NULL, 'x' },	{ "mutants", 0, NULL, 'm' },
		{ "exhaustive", 0, NULL, 'e' }, { "hard", 0, NULL, 'h' + 256 },
		{ NULL, 0, NULL, 0 },
	};
	struct sim_options options = { .nodes = 3, .copies = 3, .faults = 5 };
	uint64_t first = 1, seeds = 1000;
	double limit = 0;
	int jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), word;
	bool one = false, shortest = false, mutants = false, exhaustive = false;
	static const int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction action = { .sa_handler = on_abort, .sa_flags = SA_NODEFER };

	while ((word = getopt_long(argc, argv, "", words, NULL)) != -1) {
		switch (word) {
		case 's':
			seeds = strtoull(optarg, NULL, 10);
			break;
		case 'T':
			limit = strtod(optarg, NULL);
			seeds = UINT64_MAX;
			break;
		case 'f':
			first = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			options.nodes = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			options.copies = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'g':
			options.groups = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'k':
			options.kinds = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'F':
			options.faults = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'j':
			jobs = (int)strtol(optarg, NULL, 10);
			break;
		case 'S':
			options.seed = strtoull(optarg, NULL, 10);
			one = true;
			break;
		case 't':
			options.trace = true;
			break;
		case 'x':
			shortest = true;
			break;
		case 'm':
			mutants = true;
			break;
		case 'h' + 256:
			options.hard = true;
			break;
		case 'e':
			exhaustive = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind + (mutants ? 1 : 0) < argc || options.nodes < 1 ||
	    options.nodes > SIM_NODES_MAX || options.copies < 1 ||
	    options.copies > SIM_COPIES_MAX || options.groups > SIM_GROUPS_MAX ||
	    options.kinds >= 1u << FAULT_COUNT || options.faults > SIM_FAULTS_MAX || jobs < 1 ||
	    jobs > WORKERS_MAX) {
		usage(stderr);
		return 2;
	}
	for (size_t i = 0; i < VX_COUNT_OF(deadly); i++) {
		sigaction(deadly[i], &action, NULL);
	}
	mallopt(M_TRIM_THRESHOLD, 1 << 28); /* the next run needs it again */
	if (mutants) {
		return mutants_run(argv[optind], jobs);
	}
	if (exhaustive) {
		return exhaustive_run(&options, jobs);
	}
	if (!one) {
		return many(&options, first, seeds, limit, jobs);
	}
	if (shortest) {
		shorten(&options);
		return 1;
	}
	if (!run_one(&options)) {
		printf("=> seed %llu: %s\n", (unsigned long long)options.seed, sim.failure);
		return 1;
	}
	printf("seed %llu: %llu events, %llu views, %llu committed, %llu aborted: all is well\n",
	       (unsigned long long)options.seed, (unsigned long long)sim.events,
	       (unsigned long long)sim.views, (unsigned long long)sim.txns_ok,
	       (unsigned long long)sim.txns_failed);
	return 0;
}

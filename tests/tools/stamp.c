// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stamp - writes stamped blocks to a volume, and proves afterwards that none is lost, torn or
 * misplaced
 *
 * `stamp --help` says how; what a block and a journal look like: stamp_block.h, stamp_journal.h.
 * Here: write. The reading half, check and show, is a program beside this one, stamp_check.c.
 *
 * Several threads write, each to blocks of its own, so that the generations of a block reach the
 * volume in order. A block has one writer in the whole cluster (--step, --phase).
 */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>

#include "base/id.h"
#include "tests/tools/stamp_journal.h"
#include "tests/tools/stamp_tool.h"

#define SECOND_NS UINT64_C(1000000000)
#define DEPTH_MAX 256

static const char help[] =
	"stamp - stamped blocks: write them, prove that they are there\n"
	"\n"
	"  stamp write FILE --volume V --node NAME --count N [--from B] [--journal J] [OPTION...]\n"
	"      writes blocks B .. B+N-1 of FILE with O_DIRECT, and notes in J what it means to "
	"write and what\n"
	"      was acknowledged. J goes on if it exists; it must not be on the volume itself. A "
	"block is in one\n"
	"      journal only. Ends with one line: writes, seconds, the longest pause between "
	"acknowledgements\n"
	"      and when it began.\n"
	"        --step S --phase P   only blocks with number % S == P: S nodes share a range (1, "
	"0)\n"
	"        --seconds T          when to stop, besides SIGTERM and SIGINT\n"
	"        --writes N           how many writes, at most\n"
	"        --rate N             writes a second (as many as possible)\n"
	"        --depth D            writes in flight (1)\n"
	"        --random | --sequential    order of the blocks (random)\n"
	"        --seed X             of the order and the fill (another each time)\n"
	"        --journal-sync       the journal survives a power failure too (slow)\n"
	"        -v                   progress once a second on stderr\n"
	"  stamp check FILE --volume V --journal J... [--live]\n"
	"      reads all of FILE: each block whole and in its place, no acknowledged write "
	"missing, nothing\n"
	"      there that was never meant to be written. Give the journals of all writers; what "
	"was written\n"
	"      before they began may be there where they have nothing acknowledged.\n"
	"        --live               writers are running: the journals are read again after the "
	"blocks,\n"
	"                             and a block that changes while it is read is read again\n"
	"  stamp show FILE B          what block B carries; --offset BYTES: FILE's blocks begin "
	"there\n"
	"\n"
	"  -b SIZE                    length of a block, bytes (4096)\n"
	"exit status: 0 good, 1 violations, 2 usage or set-up, 3 I/O error (it says at which "
	"block)\n";

struct job {
	const char *file, *journal;
	char volume[STAMP_NAME], node[STAMP_NAME];
	uint32_t block_size, depth;
	uint64_t from, count, step, phase, writes, seed;
	double rate, seconds; /* 0: as many as possible; until told to stop */
	bool sequential, journal_sync, verbose;
};

struct writer {
	const struct job *job;
	int fd, journal_fd;
	uint64_t life;
	uint64_t first, blocks; /* its own: first, first + step, ... */
	uint64_t
		*generation; /* last intended one of each; used by the thread that owns the block */
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t stopped;
	bool stop;
	uint32_t running;
	uint64_t issued, acks, began_ns, last_ack_ns;
	uint64_t pause_ns, pause_began_ns; /* on the monotonic clock */
	uint64_t failed_block;
	const char *failed_at; /* NULL: nothing failed */
	int error;
};

struct lane {
	struct writer *writer;
	pthread_t thread;
	uint32_t index;
	uint64_t random, cursor, next_ns;
	uint8_t *data;
};

static uint64_t clock_ns(void)
{
	return journal_clock_ns(CLOCK_MONOTONIC);
}

/* Waits for the lane's next turn under --rate, takes one write of the budget. false: the end. */
static bool writer_take(struct writer *writer, struct lane *lane)
{
	const struct job *job = writer->job;
	struct timespec until;
	bool go;

	pthread_mutex_lock(&writer->lock);
	while (!writer->stop && job->rate > 0 && clock_ns() < lane->next_ns) {
		until.tv_sec = (time_t)(lane->next_ns / SECOND_NS);
		until.tv_nsec = (long)(lane->next_ns % SECOND_NS);
		pthread_cond_timedwait(&writer->stopped, &writer->lock, &until);
	}
	go = !writer->stop && (job->writes == 0 || writer->issued < job->writes);
	if (go) {
		writer->issued++;
	}
	pthread_mutex_unlock(&writer->lock);
	/* time lost in a pause is not made up for: no burst after a freeze */
	if (job->rate > 0) {
		uint64_t period = (uint64_t)((double)SECOND_NS * job->depth / job->rate);
		uint64_t now = clock_ns();

		lane->next_ns = lane->next_ns + period > now ? lane->next_ns + period : now;
	}
	return go;
}

/* Also the time before the first and after the last acknowledgement can be the longest pause. */
static void writer_pause(struct writer *writer, uint64_t now)
{
	if (now - writer->last_ack_ns > writer->pause_ns) {
		writer->pause_ns = now - writer->last_ack_ns;
		writer->pause_began_ns = writer->last_ack_ns;
	}
}

static void writer_acked(struct writer *writer)
{
	uint64_t now;

	pthread_mutex_lock(&writer->lock);
	now = clock_ns();
	writer_pause(writer, now);
	writer->last_ack_ns = now;
	writer->acks++;
	pthread_mutex_unlock(&writer->lock);
}

static void writer_fail(struct writer *writer, const char *at, uint64_t block, int error)
{
	pthread_mutex_lock(&writer->lock);
	if (writer->failed_at == NULL) {
		writer->failed_at = at;
		writer->failed_block = block;
		writer->error = error;
	}
	writer->stop = true;
	pthread_cond_broadcast(&writer->stopped);
	pthread_mutex_unlock(&writer->lock);
}

static int lane_note(const struct writer *writer, enum journal_kind kind, const struct stamp *stamp)
{
	struct journal_record record = { kind, stamp->block, stamp->generation };

	return writer->journal_fd < 0 ? 0 : journal_put(writer->journal_fd, &record);
}

/* Index of the lane's next block among the writer's: those with index % depth == lane. */
static uint64_t lane_next(struct lane *lane)
{
	const struct writer *writer = lane->writer;
	uint32_t depth = writer->job->depth;
	uint64_t own = (writer->blocks - lane->index + depth - 1) / depth;
	uint64_t turn = writer->job->sequential ? lane->cursor++ : stamp_random(&lane->random);

	return turn % own * depth + lane->index;
}

static bool lane_write(struct lane *lane)
{
	struct writer *writer = lane->writer;
	const struct job *job = writer->job;
	uint64_t index = lane_next(lane);
	struct stamp stamp = { .block = writer->first + index * job->step, .life = writer->life };
	ssize_t done;
	int rc;

	stamp.generation = ++writer->generation[index];
	stamp.seed = stamp_random(&lane->random);
	memcpy(stamp.volume, job->volume, STAMP_NAME);
	memcpy(stamp.node, job->node, STAMP_NAME);
	stamp_encode(lane->data, job->block_size, &stamp);
	rc = lane_note(writer, JOURNAL_INTENT, &stamp);
	if (rc != 0) {
		writer_fail(writer, "journal", stamp.block, rc);
		return false;
	}
	done = pwrite(writer->fd, lane->data, job->block_size,
		      (off_t)(stamp.block * job->block_size));
	if (done != (ssize_t)job->block_size) {
		writer_fail(writer, "write", stamp.block, done < 0 ? -errno : -EIO);
		return false;
	}
	writer_acked(writer);
	rc = lane_note(writer, JOURNAL_ACK, &stamp);
	if (rc != 0) {
		writer_fail(writer, "journal", stamp.block, rc);
	}
	return rc == 0;
}

static void *lane_run(void *ctx)
{
	struct lane *lane = ctx;
	struct writer *writer = lane->writer;

	while (writer_take(writer, lane) && lane_write(lane)) {
	}
	pthread_mutex_lock(&writer->lock);
	writer->running--;
	pthread_mutex_unlock(&writer->lock);
	kill(getpid(), SIGUSR1); /* wakes the main thread, which waits for signals */
	return NULL;
}

static int writer_take_record(void *ctx, const struct journal_head *head,
			      const struct journal_record *record)
{
	struct writer *writer = ctx;
	const struct job *job = writer->job;
	uint64_t index;

	if (head->block_size != job->block_size || strcmp(head->volume, job->volume) != 0 ||
	    strcmp(head->node, job->node) != 0) {
		return -EEXIST;
	}
	if (record->block < writer->first || (record->block - writer->first) % job->step != 0) {
		return 0;
	}
	index = (record->block - writer->first) / job->step;
	if (index < writer->blocks && record->generation > writer->generation[index]) {
		writer->generation[index] = record->generation;
	}
	return 0;
}

/* Opens the journal for more. What a crash cut off at its end is cut away. */
static void writer_journal_open(struct writer *writer)
{
	const struct job *job = writer->job;
	struct journal_head head = { .block_size = job->block_size, .life = writer->life };
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (job->journal_sync ? O_DSYNC : 0);
	uint64_t length = 0;
	struct stat stat;
	int rc = 0;

	writer->journal_fd = open(job->journal, flags, 0644);
	if (writer->journal_fd < 0 || fstat(writer->journal_fd, &stat) != 0) {
		stamp_refuse("%s: %s", job->journal, strerror(errno));
	}
	if (flock(writer->journal_fd, LOCK_EX | LOCK_NB) != 0) {
		stamp_refuse("%s: another writer uses it", job->journal);
	}
	if (stat.st_size > 0) {
		rc = journal_read(job->journal, &head, writer_take_record, writer, &length);
	}
	if (rc == 0 && stat.st_size > 0 && ftruncate(writer->journal_fd, (off_t)length) != 0) {
		rc = -errno;
	} else if (rc == 0 && stat.st_size == 0) {
		memcpy(head.volume, job->volume, STAMP_NAME);
		memcpy(head.node, job->node, STAMP_NAME);
		rc = journal_head_put(writer->journal_fd, &head);
	}
	writer->life = head.life;
	if (rc == -EEXIST) {
		stamp_refuse("%s: journal of another volume, node or block size", job->journal);
	} else if (rc != 0) {
		stamp_refuse("%s: %s", job->journal, stamp_journal_error(rc));
	}
}

static void writer_open(struct writer *writer, const struct job *job)
{
	uint64_t offset = (job->phase + job->step - job->from % job->step) % job->step;
	pthread_condattr_t attr;

	writer->job = job;
	writer->fd = stamp_open(job->file, O_RDWR);
	writer->first = job->from + offset;
	writer->blocks = offset < job->count ? (job->count - 1 - offset) / job->step + 1 : 0;
	if (job->from + job->count > stamp_blocks(job->file, writer->fd, job->block_size)) {
		stamp_refuse("the range ends behind the end of %s", job->file);
	}
	if (writer->blocks < job->depth) {
		stamp_refuse("%" PRIu64 " blocks are too few for --depth %" PRIu32, writer->blocks,
			     job->depth);
	}
	writer->generation = stamp_memory(writer->blocks, sizeof(*writer->generation));
	writer->life = journal_clock_ns(CLOCK_REALTIME);
	writer->journal_fd = -1;
	if (job->journal != NULL) {
		writer_journal_open(writer);
	}
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->stopped, &attr);
	writer->began_ns = writer->last_ack_ns = clock_ns();
}

static void writer_show_progress(struct writer *writer, uint64_t *last_acks, uint64_t *last_ns)
{
	uint64_t now = clock_ns(), acks, quiet_ns;

	pthread_mutex_lock(&writer->lock);
	acks = writer->acks;
	quiet_ns = now - writer->last_ack_ns;
	pthread_mutex_unlock(&writer->lock);
	fprintf(stderr,
		"stamp: node=%s %.0f s, %" PRIu64
		" writes, %.0f/s, last acknowledged %.0f ms ago\n",
		writer->job->node, (double)(now - writer->began_ns) / 1e9, acks,
		(double)(acks - *last_acks) * 1e9 / (double)(now - *last_ns),
		(double)quiet_ns / 1e6);
	*last_acks = acks;
	*last_ns = now;
}

/* The main thread: waits for signals, shows progress, until the last lane has ended. */
static void writer_watch(struct writer *writer, const sigset_t *signals)
{
	uint64_t last_acks = 0, last_ns = writer->began_ns, now, wake_ns, end_ns;
	struct timespec wait;
	bool ended = false;
	int number;

	end_ns = writer->began_ns + (uint64_t)(writer->job->seconds * 1e9);
	while (!ended) {
		now = clock_ns();
		wake_ns = last_ns + SECOND_NS;
		if (writer->job->seconds > 0 && end_ns > now && end_ns < wake_ns) {
			wake_ns = end_ns;
		}
		wait.tv_sec = wake_ns > now ? (time_t)((wake_ns - now) / SECOND_NS) : 0;
		wait.tv_nsec = wake_ns > now ? (long)((wake_ns - now) % SECOND_NS) : 0;
		number = sigtimedwait(signals, NULL, &wait);
		now = clock_ns();
		pthread_mutex_lock(&writer->lock);
		if (number == SIGTERM || number == SIGINT ||
		    (writer->job->seconds > 0 && now >= end_ns)) {
			writer->stop = true;
			pthread_cond_broadcast(&writer->stopped);
		}
		ended = writer->running == 0;
		pthread_mutex_unlock(&writer->lock);
		if (!ended && now >= last_ns + SECOND_NS) {
			if (writer->job->verbose) {
				writer_show_progress(writer, &last_acks, &last_ns);
			}
			last_ns = now;
		}
	}
}

static void writer_show_end(struct writer *writer)
{
	uint64_t now = clock_ns(), wall_ns;
	char text[32];
	struct tm tm;
	time_t second;

	writer_pause(writer, now);
	wall_ns = journal_clock_ns(CLOCK_REALTIME) - (now - writer->pause_began_ns);
	second = (time_t)(wall_ns / SECOND_NS);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &tm));
	printf("stamp: node=%s writes=%" PRIu64
	       " seconds=%.2f longest_pause_ms=%.1f pause_began=%s.%03uZ "
	       "pause_began_ms=%" PRIu64 "\n",
	       writer->job->node, writer->acks, (double)(now - writer->began_ns) / 1e9,
	       (double)writer->pause_ns / 1e6, text, (unsigned int)(wall_ns / 1000000 % 1000),
	       wall_ns / 1000000);
}

static int stamp_write(const struct job *job)
{
	struct writer writer = { .running = job->depth };
	uint64_t seed = job->seed;
	struct lane *lane;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	writer_open(&writer, job);
	lane = stamp_memory(job->depth, sizeof(*lane));
	for (uint32_t i = 0; i < job->depth; i++) {
		lane[i] = (struct lane){ .writer = &writer, .index = i };
		lane[i].random = stamp_random(&seed);
		lane[i].next_ns = writer.began_ns;
		lane[i].data = stamp_memory(1, job->block_size);
		if (pthread_create(&lane[i].thread, NULL, lane_run, &lane[i]) != 0) {
			stamp_refuse("no thread for each of --depth %" PRIu32, job->depth);
		}
	}
	writer_watch(&writer, &signals);
	for (uint32_t i = 0; i < job->depth; i++) {
		pthread_join(lane[i].thread, NULL);
		free(lane[i].data);
	}
	writer_show_end(&writer);
	if (writer.failed_at != NULL) {
		fprintf(stderr, "stamp: %s: %s of block %" PRIu64 " failed: %s\n", job->file,
			writer.failed_at, writer.failed_block, strerror(-writer.error));
	}
	free(writer.generation);
	free(lane);
	return writer.failed_at != NULL ? STAMP_EXIT_IO : 0;
}

static const struct option options[] = {
	{ "volume", required_argument, NULL, 'V' },  { "node", required_argument, NULL, 'n' },
	{ "journal", required_argument, NULL, 'j' }, { "from", required_argument, NULL, 'f' },
	{ "count", required_argument, NULL, 'c' },   { "step", required_argument, NULL, 's' },
	{ "phase", required_argument, NULL, 'p' },   { "seconds", required_argument, NULL, 't' },
	{ "writes", required_argument, NULL, 'w' },  { "rate", required_argument, NULL, 'r' },
	{ "depth", required_argument, NULL, 'd' },   { "seed", required_argument, NULL, 'x' },
	{ "offset", required_argument, NULL, 'o' },  { "random", no_argument, NULL, 'R' },
	{ "sequential", no_argument, NULL, 'S' },    { "journal-sync", no_argument, NULL, 'J' },
	{ "help", no_argument, NULL, 'h' },	     { NULL, 0, NULL, 0 },
};

static double stamp_decimal(const char *what, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (*end != '\0' || !(value > 0 && value < 1e9)) {
		stamp_refuse("%s '%s' is no positive number", what, text);
	}
	return value;
}

static void stamp_option(struct job *job, int option)
{
	switch (option) {
	case 'b':
		job->block_size = stamp_block_size(optarg);
		break;
	case 'V':
		stamp_name("--volume", optarg, job->volume);
		break;
	case 'n':
		stamp_name("--node", optarg, job->node);
		break;
	case 'j':
		job->journal = optarg;
		break;
	case 'f':
		job->from = stamp_number("--from", optarg, 0, STAMP_NUMBER_MAX);
		break;
	case 'c':
		job->count = stamp_number("--count", optarg, 1, STAMP_NUMBER_MAX);
		break;
	case 's':
		job->step = stamp_number("--step", optarg, 1, STAMP_NUMBER_MAX);
		break;
	case 'p':
		job->phase = stamp_number("--phase", optarg, 0, STAMP_NUMBER_MAX);
		break;
	case 't':
		job->seconds = stamp_decimal("--seconds", optarg);
		break;
	case 'w':
		job->writes = stamp_number("--writes", optarg, 1, STAMP_NUMBER_MAX);
		break;
	case 'r':
		job->rate = stamp_decimal("--rate", optarg);
		break;
	case 'd':
		job->depth = (uint32_t)stamp_number("--depth", optarg, 1, DEPTH_MAX);
		break;
	case 'x':
		job->seed = stamp_number("--seed", optarg, 0, UINT64_MAX);
		break;
	case 'R':
		job->sequential = false;
		break;
	case 'S':
		job->sequential = true;
		break;
	case 'J':
		job->journal_sync = true;
		break;
	case 'v':
		job->verbose = true;
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	default:
		stamp_refuse("an option is not known, or its value is missing");
	}
}

/* The reading half is another program in the same folder; its argv[0] is the verb. */
__attribute__((noreturn)) static void stamp_read(char **argv)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof("_check"));

	if (length > 0) {
		memcpy(path + length, "_check", sizeof("_check"));
		execv(path, argv);
	}
	stamp_refuse("the program stamp_check beside it: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct job job = { .block_size = STAMP_BLOCK_SIZE, .step = 1, .depth = 1 };
	int option;

	if (argc > 1 && (strcmp(argv[1], "check") == 0 || strcmp(argv[1], "show") == 0)) {
		stamp_read(argv + 1);
	}
	job.seed = id_make_u64();
	while ((option = getopt_long(argc, argv, "b:vh", options, NULL)) != -1) {
		stamp_option(&job, option);
	}
	if (argc - optind != 2 || strcmp(argv[optind], "write") != 0) {
		stamp_refuse("wanted: write FILE, check FILE or show FILE BLOCK");
	}
	job.file = argv[optind + 1];
	if (job.volume[0] == '\0' || job.node[0] == '\0' || job.count == 0 ||
	    job.phase >= job.step) {
		stamp_refuse("write wants --volume, --node, --count, and --phase below --step");
	}
	return stamp_write(&job);
}

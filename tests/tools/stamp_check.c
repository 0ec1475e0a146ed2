// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stamp_check - the checker behind `stamp check`: reads a volume of stamped blocks and its writers'
 * journals
 *
 * What must hold for each block:
 *   - it is whole (crc), and belongs to this block of this volume;
 *   - it is by the writer whose journal names the block, with a generation of at least the last one
 *     acknowledged and at most the last one intended: nothing acknowledged is missing, nothing old
 * came back, nothing is there that nobody wrote;
 *   - where nothing is acknowledged, what was there before the journals began may still be there.
 * The acknowledged generations are taken from the journals before the blocks are read. With --live
 * the intended ones are taken after it, so that the check holds while writers write.
 */
#include <getopt.h>
#include <time.h>

#include "tests/tools/stamp_journal.h"
#include "tests/tools/stamp_tool.h"

#define JOURNALS_MAX 64
#define SHOWN_MAX 10
#define CHUNK_BYTES STAMP_SIZE_MAX
#define LIVE_TRIES 5

/* X(name, what it means) */
#define VIOLATIONS(X) \
	X(TORN, "block is torn or damaged") \
	X(MOVED, "block belongs to another place") \
	X(ALIEN, "block belongs to another volume") \
	X(MISSING, "acknowledged write is missing, no stamp there") \
	X(OLD, "acknowledged write is missing, an older one is there") \
	X(FUTURE, "nobody wrote this generation") \
	X(STRANGER, "block is by a writer that never wrote there") \
	X(UNREADABLE, "block cannot be read") \
	X(BEYOND, "acknowledged write is behind the end of the volume")

enum violation {
#define VIOLATION_ENUM(name, text) VIOLATION_##name,
	VIOLATIONS(VIOLATION_ENUM)
#undef VIOLATION_ENUM
		VIOLATION_COUNT,
};

static const char *const violation_text[VIOLATION_COUNT] = {
#define VIOLATION_TEXT(name, text) [VIOLATION_##name] = text,
	VIOLATIONS(VIOLATION_TEXT)
#undef VIOLATION_TEXT
};

struct place { /* what the journals say of a block, and what was found there */
	uint64_t acked, intended, generation, life;
	uint8_t writer;	 /* index of a journal + 1; 0: no journal names the block */
	uint8_t found;	 /* the same for the writer in the stamp; 0: a writer without a journal */
	uint8_t verdict; /* enum stamp_verdict */
	uint8_t wrong;	 /* enum violation + 1 that was seen when it was read */
};

struct check {
	const char *file;
	const char *journal[JOURNALS_MAX];
	unsigned int journals;
	char volume[STAMP_NAME];
	struct journal_head head[JOURNALS_MAX];
	unsigned int reading; /* index of the journal that is being read */
	uint32_t block_size;
	bool live;
	int fd;
	uint64_t blocks;
	struct place *place;
	bool only_intended; /* this reading of the journals raises only what was intended */
	uint64_t violation[VIOLATION_COUNT], violations;
	uint64_t good, ahead, unjournaled, empty, unwritten;
};

__attribute__((format(printf, 4, 5))) static void
check_violation(struct check *check, enum violation what, uint64_t block, const char *format, ...)
{
	va_list list;

	check->violation[what]++;
	if (check->violations++ >= SHOWN_MAX) {
		return;
	}
	printf("block %" PRIu64 ": %s: ", block, violation_text[what]);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}

/* Index + 1 of the journal of the stamp's writer; 0 if it gave none. */
static uint8_t check_writer(const struct check *check, const struct stamp *stamp)
{
	for (unsigned int i = 0; i < check->journals; i++) {
		if (check->head[i].life == stamp->life &&
		    strcmp(check->head[i].node, stamp->node) == 0) {
			return (uint8_t)(i + 1);
		}
	}
	return 0;
}

/* Of a place that has a writer. */
static const struct journal_head *check_head(const struct check *check, const struct place *place)
{
	return &check->head[place->writer - 1];
}

static int check_take_record(void *ctx, const struct journal_head *head,
			     const struct journal_record *record)
{
	struct check *check = ctx;
	uint8_t writer = (uint8_t)(check->reading + 1);
	struct place *place;

	if (record->block >= check->blocks) {
		if (record->kind == JOURNAL_ACK && !check->only_intended) {
			check_violation(check, VIOLATION_BEYOND, record->block,
					"node %s generation %" PRIu64, head->node,
					record->generation);
		}
		return 0;
	}
	place = &check->place[record->block];
	if (place->writer != 0 && place->writer != writer) {
		stamp_refuse("block %" PRIu64
			     " is in %s and in %s: the order of their writes is not known",
			     record->block, check->journal[place->writer - 1],
			     check->journal[check->reading]);
	}
	place->writer = writer;
	if (record->kind == JOURNAL_INTENT && record->generation > place->intended) {
		place->intended = record->generation;
	}
	if (record->kind == JOURNAL_ACK && record->generation > place->acked &&
	    !check->only_intended) {
		place->acked = record->generation;
	}
	return place->acked <= place->intended ? 0 : -EBADMSG;
}

static void check_read_journals(struct check *check)
{
	for (check->reading = 0; check->reading < check->journals; check->reading++) {
		const char *path = check->journal[check->reading];
		struct journal_head *head = &check->head[check->reading];
		int rc = journal_read(path, head, check_take_record, check, NULL);

		if (rc != 0) {
			stamp_refuse("%s: %s", path, stamp_journal_error(rc));
		}
		if (strcmp(head->volume, check->volume) != 0 ||
		    head->block_size != check->block_size) {
			stamp_refuse("%s: journal of volume %s with blocks of %" PRIu32 " bytes",
				     path, head->volume, head->block_size);
		}
	}
}

/* A block that is being written may be seen half: of a live volume it is read again. */
static enum stamp_verdict check_decode(const struct check *check, uint64_t block, uint8_t *data,
				       struct stamp *out_stamp)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	enum stamp_verdict verdict = stamp_decode(data, check->block_size, out_stamp);

	for (int i = 0; check->live && verdict == STAMP_TORN && i < LIVE_TRIES; i++) {
		nanosleep(&pause, NULL);
		if (pread(check->fd, data, check->block_size, (off_t)(block * check->block_size)) !=
		    (ssize_t)check->block_size) {
			break;
		}
		verdict = stamp_decode(data, check->block_size, out_stamp);
	}
	return verdict;
}

/* What can be said of a block by itself. */
static void check_block(struct check *check, uint64_t block, uint8_t *data)
{
	struct place *place = &check->place[block];
	enum violation wrong = VIOLATION_COUNT;
	struct stamp stamp;

	place->verdict = (uint8_t)check_decode(check, block, data, &stamp);
	if (place->verdict == STAMP_NONE) {
		return;
	}
	place->found = check_writer(check, &stamp);
	place->generation = stamp.generation;
	place->life = stamp.life;
	if (place->verdict == STAMP_TORN) {
		wrong = VIOLATION_TORN;
		check_violation(check, wrong, block,
				"first wrong byte of the fill: %zu of %" PRIu32
				" (the head says: volume %s node %s block %" PRIu64
				" generation %" PRIu64 ")",
				stamp_tear(data, check->block_size), check->block_size,
				stamp.volume, stamp.node, stamp.block, stamp.generation);
	} else if (strcmp(stamp.volume, check->volume) != 0) {
		wrong = VIOLATION_ALIEN;
		check_violation(check, wrong, block, "of volume %s, by node %s", stamp.volume,
				stamp.node);
	} else if (stamp.block != block) {
		wrong = VIOLATION_MOVED;
		check_violation(check, wrong, block,
				"block %" PRIu64 " generation %" PRIu64 " by node %s", stamp.block,
				stamp.generation, stamp.node);
	}
	place->wrong = wrong == VIOLATION_COUNT ? 0 : (uint8_t)(wrong + 1);
}

/* One block, after its chunk could not be read as a whole. */
static void check_block_alone(struct check *check, uint64_t block, uint8_t *data)
{
	ssize_t done =
		pread(check->fd, data, check->block_size, (off_t)(block * check->block_size));

	if (done == (ssize_t)check->block_size) {
		check_block(check, block, data);
		return;
	}
	check_violation(check, VIOLATION_UNREADABLE, block, "%s",
			done < 0 ? strerror(errno) : "end of file");
	check->place[block].wrong = VIOLATION_UNREADABLE + 1;
}

static void check_read_blocks(struct check *check)
{
	uint64_t chunk = CHUNK_BYTES / check->block_size;
	uint8_t *data = stamp_memory(1, CHUNK_BYTES);

	for (uint64_t from = 0; from < check->blocks; from += chunk) {
		uint64_t count = check->blocks - from < chunk ? check->blocks - from : chunk;
		ssize_t done = pread(check->fd, data, count * check->block_size,
				     (off_t)(from * check->block_size));

		for (uint64_t i = 0; i < count; i++) {
			if (done == (ssize_t)(count * check->block_size)) {
				check_block(check, from + i, data + i * check->block_size);
			} else {
				check_block_alone(check, from + i, data);
			}
		}
	}
	free(data);
}

/* A whole block by a writer that gave no journal: it may not be where something is acknowledged. */
static void check_judge_unjournaled(struct check *check, uint64_t block)
{
	const struct place *place = &check->place[block];

	if (place->acked == 0) {
		check->unjournaled++;
		return;
	}
	check_violation(
		check,
		place->life < check_head(check, place)->life ? VIOLATION_OLD : VIOLATION_STRANGER,
		block, "another life of a writer, node %s had generation %" PRIu64 " acknowledged",
		check_head(check, place)->node, place->acked);
}

/* What was found against what the journals say. */
static void check_judge(struct check *check, uint64_t block)
{
	const struct place *place = &check->place[block];

	if (place->wrong != 0) {
		return;
	}
	if (place->verdict == STAMP_NONE && place->acked > 0) {
		check_violation(check, VIOLATION_MISSING, block,
				"node %s had generation %" PRIu64 " acknowledged",
				check_head(check, place)->node, place->acked);
	} else if (place->verdict == STAMP_NONE) {
		check->unwritten += place->writer != 0;
		check->empty += place->writer == 0;
	} else if (place->found == 0) {
		check_judge_unjournaled(check, block);
	} else if (place->found != place->writer) {
		check_violation(check, VIOLATION_STRANGER, block,
				"generation %" PRIu64 " of journal %s", place->generation,
				check->journal[place->found - 1]);
	} else if (place->generation < place->acked) {
		check_violation(check, VIOLATION_OLD, block,
				"generation %" PRIu64 ", node %s had %" PRIu64 " acknowledged",
				place->generation, check_head(check, place)->node, place->acked);
	} else if (place->generation > place->intended) {
		check_violation(check, VIOLATION_FUTURE, block,
				"generation %" PRIu64 ", node %s never meant more than %" PRIu64,
				place->generation, check_head(check, place)->node, place->intended);
	} else {
		check->good++;
		check->ahead += place->generation > place->acked;
	}
}

static int check_report(const struct check *check)
{
	printf("checked %" PRIu64 " blocks of %s: %" PRIu64
	       " as their writers' journals say (%" PRIu64
	       " of them not acknowledged yet there), %" PRIu64 " intended but not there, %" PRIu64
	       " by writers without a journal, %" PRIu64 " never written\n",
	       check->blocks, check->file, check->good, check->ahead, check->unwritten,
	       check->unjournaled, check->empty);
	if (check->violations > SHOWN_MAX) {
		printf("(the first %d of %" PRIu64 " violations are shown)\n", SHOWN_MAX,
		       check->violations);
	}
	for (int i = 0; i < VIOLATION_COUNT; i++) {
		if (check->violation[i] > 0) {
			printf("%8" PRIu64 " x %s\n", check->violation[i], violation_text[i]);
		}
	}
	printf("%" PRIu64 " violations\n", check->violations);
	return check->violations > 0 ? STAMP_EXIT_VIOLATION : 0;
}

static int check_run(struct check *check)
{
	check->fd = stamp_open(check->file, O_RDONLY);
	check->blocks = stamp_blocks(check->file, check->fd, check->block_size);
	check->place = stamp_memory(check->blocks, sizeof(*check->place));
	check_read_journals(check);
	check_read_blocks(check);
	if (check->live) {
		check->only_intended = true;
		check_read_journals(check);
	}
	for (uint64_t block = 0; block < check->blocks; block++) {
		check_judge(check, block);
	}
	free(check->place);
	return check_report(check);
}

static int show_block(const char *path, uint32_t block_size, uint64_t offset, uint64_t block)
{
	uint8_t *data = stamp_memory(1, block_size);
	int fd = stamp_open(path, O_RDONLY);
	struct stamp stamp;
	enum stamp_verdict verdict;
	ssize_t done;

	done = pread(fd, data, block_size, (off_t)(offset + block * block_size));
	if (done != (ssize_t)block_size) {
		fprintf(stderr, "stamp: %s: block %" PRIu64 " cannot be read: %s\n", path, block,
			done < 0 ? strerror(errno) : "end of file");
		return STAMP_EXIT_IO;
	}
	verdict = stamp_decode(data, block_size, &stamp);
	if (verdict == STAMP_NONE) {
		printf("no stamp\n");
		return STAMP_EXIT_VIOLATION;
	}
	printf("volume=%s node=%s block=%" PRIu64 " generation=%" PRIu64 " life=%" PRIu64
	       " seed=%016" PRIx64,
	       stamp.volume, stamp.node, stamp.block, stamp.generation, stamp.life, stamp.seed);
	if (verdict == STAMP_TORN) {
		printf(" torn_at=%zu\n", stamp_tear(data, block_size));
		return STAMP_EXIT_VIOLATION;
	}
	printf(" whole\n");
	free(data);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "volume", required_argument, NULL, 'V' },
		{ "journal", required_argument, NULL, 'j' },
		{ "live", no_argument, NULL, 'l' },
		{ "offset", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct check check = { .block_size = STAMP_BLOCK_SIZE };
	uint64_t offset = 0;
	int option;

	while ((option = getopt_long(argc, argv, "b:", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			check.block_size = stamp_block_size(optarg);
			break;
		case 'V':
			stamp_name("--volume", optarg, check.volume);
			break;
		case 'o':
			offset = stamp_number("--offset", optarg, 0, STAMP_NUMBER_MAX);
			break;
		case 'l':
			check.live = true;
			break;
		case 'j':
			if (check.journals == JOURNALS_MAX) {
				stamp_refuse("more than %d journals", JOURNALS_MAX);
			}
			check.journal[check.journals++] = optarg;
			break;
		default:
			stamp_refuse("an option is not known, or its value is missing");
		}
	}
	if (strcmp(argv[0], "show") == 0) {
		if (argc - optind != 2) {
			stamp_refuse("wanted: show FILE BLOCK");
		}
		return show_block(argv[optind], check.block_size, offset,
				  stamp_number("block", argv[optind + 1], 0, STAMP_NUMBER_MAX));
	}
	/* several journals may follow one --journal */
	if (optind < argc) {
		check.file = argv[optind++];
	}
	while (optind < argc && check.journals > 0 && check.journals < JOURNALS_MAX) {
		check.journal[check.journals++] = argv[optind++];
	}
	if (check.file == NULL || optind < argc || check.volume[0] == '\0' || check.journals == 0) {
		stamp_refuse("wanted: check FILE --volume V --journal J...");
	}
	return check_run(&check);
}

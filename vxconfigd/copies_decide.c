// SPDX-License-Identifier: GPL-2.0-or-later
/* What several configuration copies of one group mean together. */
#include "vxconfigd/copies_decide.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/proto.h"
#include "vxconfigd/record.h"

#define TXID_BYTES 16

struct content {
	uint64_t epoch, seq;
	size_t changes; /* of the journal that lead to it */
};

struct decide {
	const struct decide_copy *copy;
	size_t count;
	uint64_t max_seq;
	struct content content[COPIES_ROOM]; /* of copies that have one */
	uint64_t hash[COPIES_ROOM]; /* of their checkpoints */
	const struct copy_image *newest_header;
	size_t newest; /* index of the copy that holds the newest content */
	struct copies_found *found;
};

size_t copies_majority(size_t count)
{
	return count / 2 + 1;
}

/* The first failure is the one that is told. */
__attribute__((format(printf, 3, 4))) static void decide_fail(struct decide *decide, int error,
								const char *format, ...)
{
	va_list args;

	if (decide->found->error != 0) {
		return;
	}
	decide->found->error = error;
	va_start(args, format);
	vsnprintf(decide->found->reason, sizeof(decide->found->reason), format, args);
	va_end(args);
}

static const Vx__Checkpoint *decide_body(const struct decide *decide, size_t index)
{
	const struct copy_image *image = decide->copy[index].image;

	return image != NULL ? image->body : NULL;
}

static int content_compare(const struct content *a, const struct content *b)
{
	if (a->epoch != b->epoch) {
		return a->epoch < b->epoch ? -1 : 1;
	}
	return a->seq == b->seq ? 0 : a->seq < b->seq ? -1 : 1;
}

void open_claims_add(struct open_claims *claims, uint64_t epoch)
{
	for (size_t i = 0; i < claims->count; i++) {
		if (claims->epoch[i] == epoch && !MUTANT(R20_ONCE)) {
			return;
		}
	}
	if (claims->count < VX_OPEN_CLAIMS_MAX) {
		claims->epoch[claims->count++] = epoch;
	}
}

/* R20: who claims goes above all that it has seen, so those with the same counter did not see each other. */
static void decide_open_claims(struct decide *decide, uint64_t content_epoch)
{
	for (size_t i = 0; i < 2 * decide->count; i++) {
		const struct copy_image *image = decide->copy[i / 2].image;
		uint64_t epoch = image != NULL ? image->claim[i % 2] : 0;

		if (epoch > content_epoch && epoch >> 8 == decide->found->max_epoch >> 8) {
			open_claims_add(&decide->found->open_claims, epoch);
		}
	}
}

/* The content of each copy, leaving out journal records of the newest epoch above max_seq. */
static void decide_contents(struct decide *decide)
{
	uint64_t newest_epoch = 0;

	for (size_t i = 0; i < decide->count; i++) {
		const struct copy_image *image = decide->copy[i].image;

		if (image == NULL) {
			continue;
		}
		if (image->claim_epoch > decide->found->max_epoch) {
			decide->found->max_epoch = image->claim_epoch;
		}
		if (image->body != NULL && image->header.epoch > newest_epoch) {
			newest_epoch = image->header.epoch;
		}
	}
	if (newest_epoch > decide->found->max_epoch) {
		decide->found->max_epoch = newest_epoch;
	}
	decide_open_claims(decide, newest_epoch);
	decide->newest = decide->count;
	for (size_t i = 0; i < decide->count; i++) {
		const struct copy_image *image = decide->copy[i].image;
		struct content *content = &decide->content[i];

		if (image == NULL || image->body == NULL) {
			continue;
		}
		*content = (struct content){ image->header.epoch, image->header.seq, 0 };
		decide->hash[i] = config_hash(image->body->config);
		while (content->changes < image->change_count &&
		       (content->epoch != newest_epoch ||
			image->change[content->changes].seq <= decide->max_seq || MUTANT(D13_END))) {
			content->seq = image->change[content->changes++].seq;
		}
		if (decide->newest == decide->count ||
		    (content_compare(content, &decide->content[decide->newest]) > 0 && !MUTANT(D13_NEWEST))) {
			decide->newest = i;
		}
		if (decide->newest_header == NULL ||
		    (private_header_compare(&image->header, &decide->newest_header->header) > 0) !=
			    MUTANT(D15_NEWEST)) {
			decide->newest_header = image;
		}
	}
}

/* D14: one (epoch, seq) has one content. */
static void decide_compare(struct decide *decide, size_t a, size_t b)
{
	const struct copy_image *first = decide->copy[a].image, *second = decide->copy[b].image;

	if (first->header.epoch != second->header.epoch) {
		return;
	}
	if (first->header.seq == second->header.seq &&
	    decide->hash[a] != decide->hash[b]) {
		decide_fail(decide, -VX_E_CORRUPT,
			    "disks %s and %s hold different configurations of epoch %llu sequence %llu",
			    decide->copy[a].name, decide->copy[b].name,
			    (unsigned long long)first->header.epoch,
			    (unsigned long long)first->header.seq);
	}
	for (size_t i = 0, j = 0; i < first->change_count && j < second->change_count;) {
		const struct copy_change *one = &first->change[i], *other = &second->change[j];

		if (one->seq == other->seq &&
		    (one->length != other->length || memcmp(one->data, other->data, one->length) != 0)) {
			decide_fail(decide, -VX_E_CORRUPT,
				    "disks %s and %s hold different changes of epoch %llu sequence %llu",
				    decide->copy[a].name, decide->copy[b].name,
				    (unsigned long long)one->epoch, (unsigned long long)one->seq);
			return;
		}
		i += one->seq <= other->seq;
		j += other->seq <= one->seq;
	}
}

static void replay_outcome(Vx__Config *config, const Vx__Outcome *outcome)
{
	if (outcome->txid.len == TXID_BYTES) {
		config_outcome_add(config, outcome->txid.data, outcome->committed,
				   outcome->author);
	}
}

static int replay_change(Vx__Config *config, const struct copy_change *change, char *out_reason)
{
	Vx__Change *parsed = vx__change__unpack(NULL, change->length, change->data);
	Vx__Delta none = VX__DELTA__INIT;
	int rc;

	if (parsed == NULL) {
		snprintf(out_reason, VX_REASON_MAX, "change is not understood");
		return -VX_E_CORRUPT;
	}
	rc = config_replay(config, parsed->delta != NULL ? parsed->delta : &none, out_reason);
	if (rc == 0) {
		config->epoch = change->epoch;
		config->seq = change->seq;
	}
	if (rc == 0 && parsed->outcome != NULL) {
		replay_outcome(config, parsed->outcome);
	}
	for (size_t i = 0; rc == 0 && i < parsed->n_also; i++) {
		replay_outcome(config, parsed->also[i]);
	}
	vx__change__free_unpacked(parsed, NULL);
	return rc;
}

/* The content of one copy; NULL after a failure. */
static Vx__Config *decide_replay(struct decide *decide, size_t index)
{
	const struct copy_image *image = decide->copy[index].image;
	Vx__Config *config = proto_clone(image->body->config);
	char reason[VX_REASON_MAX];

	for (size_t i = 0; i < decide->content[index].changes; i++) {
		if (replay_change(config, &image->change[i], reason) != 0) {
			decide_fail(decide, -VX_E_CORRUPT,
				    "disk %s: the change of epoch %llu sequence %llu does not fit: %s",
				    decide->copy[index].name,
				    (unsigned long long)image->change[i].epoch,
				    (unsigned long long)image->change[i].seq, reason);
			vx__config__free_unpacked(config, NULL);
			return NULL;
		}
	}
	if (config_check(config, reason) != 0) {
		decide_fail(decide, -VX_E_CORRUPT, "disk %s: the configuration makes no sense: %s",
			    decide->copy[index].name, reason);
		vx__config__free_unpacked(config, NULL);
		return NULL;
	}
	return config;
}

/* Two copies of one checkpoint whose changes are equal need no second replay. */
static bool same_route(const struct copy_image *a, const struct copy_image *b)
{
	return a->header.generation == b->header.generation && a->header.writer == b->header.writer;
}

/* D13, D14: the newest content; all that hold it by another way must hold the same. */
static void decide_newest(struct decide *decide)
{
	const struct decide_copy *copy = decide->copy;
	size_t newest = decide->newest;
	Vx__Config *config = decide_replay(decide, newest);

	for (size_t i = 0; config != NULL && i < decide->count; i++) {
		if (i == newest || decide_body(decide, i) == NULL ||
		    content_compare(&decide->content[i], &decide->content[newest]) != 0 ||
		    same_route(copy[i].image, copy[newest].image)) {
			continue;
		}

		Vx__Config *other = decide_replay(decide, i);

		if (other != NULL && config_hash(other) != config_hash(config)) {
			decide_fail(decide, -VX_E_CORRUPT,
				    "disks %s and %s hold different configurations of epoch %llu sequence %llu",
				    copy[newest].name, copy[i].name, (unsigned long long)config->epoch,
				    (unsigned long long)config->seq);
		}
		if (other != NULL) {
			vx__config__free_unpacked(other, NULL);
		}
	}
	if (config != NULL && decide->found->error != 0) {
		vx__config__free_unpacked(config, NULL);
		config = NULL;
	}
	decide->found->config = config;
}

static char *copy_string(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL) {
		abort();
	}
	return copy;
}

static bool is_named(char *const *name, size_t count, const char *diskid)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name[i], diskid) == 0) {
			return true;
		}
	}
	return false;
}

/* Does the newest checkpoint count on this copy, or is there none? */
static bool is_member(const struct copies_found *found, const char *diskid)
{
	return found->enabled_count == 0 || is_named(found->enabled, found->enabled_count, diskid) ||
	       is_named(found->before, found->before_count, diskid);
}

__attribute__((format(printf, 4, 5))) static void info_add(struct copies_found *found, const char *name,
							     const struct copy_image *image,
							     const char *format, ...)
{
	char state[VX_REASON_MAX + 32];
	va_list args;

	if (found->copy_count == VX_COUNT_OF(found->copy)) {
		return; /* for a list that a person reads this is more than enough */
	}
	va_start(args, format);
	vsnprintf(state, sizeof(state), format, args);
	va_end(args);

	Vx__CopyInfo *info = &found->copy[found->copy_count++];

	vx__copy_info__init(info);
	info->disk = copy_string(name);
	info->state = copy_string(state);
	if (image != NULL) {
		info->len = (uint64_t)image->label.layout.body_blocks * (VX_BLOCK / VX_SECTOR);
		info->journal_len =
			(uint64_t)image->label.layout.journal_blocks * (VX_BLOCK / VX_SECTOR);
		if (image->body != NULL) {
			info->used = (image->header.body_length + VX_SECTOR - 1) / VX_SECTOR;
		}
		info->epoch = image->body != NULL ? image->place.epoch : 0;
		info->seq = image->body != NULL ? image->place.seq : 0;
	}
}

/* The state of one copy in words; true if it counts for a majority. */
static bool decide_state(struct decide *decide, size_t index)
{
	const struct decide_copy *copy = &decide->copy[index];
	const struct copy_image *image = copy->image;
	struct copies_found *found = decide->found;

	if (image == NULL) {
		info_add(found, copy->name, NULL,
			 copy->error == -VX_E_CORRUPT ? "corrupt: %s" : "unreachable: %s", copy->reason);
	} else if (image->damage != NULL) {
		info_add(found, copy->name, image, "corrupt: %s", image->damage);
	} else if (!is_member(found, copy->diskid)) {
		info_add(found, copy->name, image, "not enabled");
	} else if (image->body == NULL) {
		info_add(found, copy->name, image, "empty");
	} else if (content_compare(&decide->content[index], &decide->content[decide->newest]) < 0) {
		info_add(found, copy->name, image, "stale");
	} else {
		info_add(found, copy->name, image, "clean online");
	}
	return image != NULL && image->body != NULL && image->damage == NULL;
}

/* How many of a set of copies count; those that are not even given are told as such. */
static size_t decide_usable(struct decide *decide, char *const *name, size_t count, const bool *usable)
{
	size_t have = 0;

	for (size_t i = 0; i < count; i++) {
		bool given = false;

		for (size_t j = 0; j < decide->count; j++) {
			if (strcmp(decide->copy[j].diskid, name[i]) == 0) {
				have += usable[j];
				given = true;
			}
		}
		if (!given) {
			info_add(decide->found, name[i], NULL, "unreachable: no disk with this id is seen here");
		}
	}
	return have;
}

/* Too few of a set: says which ones are missing, and why. */
static void decide_minority(struct decide *decide, size_t have, size_t all, const char *of)
{
	const struct copies_found *found = decide->found;
	char missing[VX_REASON_MAX] = "";
	size_t length = 0;

	for (size_t i = 0; i < found->copy_count && length < sizeof(missing); i++) {
		const Vx__CopyInfo *info = &found->copy[i];

		if (strcmp(info->state, "clean online") != 0 && strcmp(info->state, "stale") != 0 &&
		    strcmp(info->state, "not enabled") != 0) {
			length += (size_t)snprintf(missing + length, sizeof(missing) - length, "; %s: %s",
						   info->disk, info->state);
		}
	}
	decide_fail(decide, -VX_E_MINORITY, "%zu of %zu configuration copies%s can be used, %zu are needed%s",
		    have, all, of, copies_majority(all), missing);
}

/*
 * D12: is there a majority of the enabled copies, and of the set before while the set changes? Without
 * any content nothing can be lost but what cannot be read: a majority of the given disks then.
 */
static void decide_majority(struct decide *decide, bool force)
{
	struct copies_found *found = decide->found;
	bool usable[COPIES_ROOM];
	size_t reachable = 0;

	for (size_t i = 0; i < decide->count; i++) {
		usable[i] = decide_state(decide, i);
		reachable += decide->copy[i].image != NULL && decide->copy[i].image->damage == NULL;
	}

	size_t have = decide_usable(decide, found->enabled, found->enabled_count, usable);
	size_t have_before = decide_usable(decide, found->before, found->before_count, usable);

	if (force || MUTANT(D12_MAJORITY)) {
		return;
	}
	if (found->enabled_count == 0 && reachable < copies_majority(decide->count)) {
		decide_minority(decide, reachable, decide->count, "");
	}
	if (found->enabled_count > 0 && have < copies_majority(found->enabled_count)) {
		decide_minority(decide, have, found->enabled_count, "");
	}
	if (found->before_count > 0 && have_before < copies_majority(found->before_count)) {
		decide_minority(decide, have_before, found->before_count, " of the set before");
	}
}

void copies_decide(const struct decide_copy *copy, size_t count, uint64_t max_seq, bool force,
		   struct copies_found *out_found)
{
	struct decide decide = { .copy = copy, .count = count, .max_seq = max_seq, .found = out_found };

	assert(count <= COPIES_ROOM);
	memset(out_found, 0, sizeof(*out_found));
	decide_contents(&decide);
	if (decide.newest_header != NULL) { /* D15 */
		const Vx__Checkpoint *body = decide.newest_header->body;

		out_found->durable = body->durable;
		out_found->durable_count = body->n_durable;
		out_found->enabled = body->enabled;
		out_found->enabled_count = body->n_enabled;
		out_found->before = body->before;
		out_found->before_count = body->n_before;
	}
	for (size_t i = 0; i < count; i++) {
		if (copy[i].image == NULL && copy[i].error == -VX_E_VERSION) {
			decide_fail(&decide, -VX_E_VERSION, "disk %s: %s", copy[i].name, copy[i].reason);
		}
		for (size_t j = 0; decide_body(&decide, i) != NULL && j < i; j++) {
			if (decide_body(&decide, j) != NULL) {
				decide_compare(&decide, j, i);
			}
		}
	}
	if (decide.newest < count && out_found->error == 0) {
		decide_newest(&decide);
	}
	decide_majority(&decide, force);
}

void copies_found_clear(struct copies_found *found)
{
	for (size_t i = 0; i < found->copy_count; i++) {
		free(found->copy[i].disk);
		free(found->copy[i].state);
	}
	if (found->config != NULL) {
		vx__config__free_unpacked(found->config, NULL);
	}
	memset(found, 0, sizeof(*found));
}

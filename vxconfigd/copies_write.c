// SPDX-License-Identifier: GPL-2.0-or-later
/* What the core of the copies writes, and when it counts. */
#include "vxconfigd/copies_write.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/proto.h"

void copies_copy_fail(struct core_copy *copy, int error, const char *format, ...)
{
	va_list args;

	copy->error = error;
	copy->healthy = copy->healthy && MUTANT(D11_MISSED);
	va_start(args, format);
	vsnprintf(copy->reason, sizeof(copy->reason), format, args);
	va_end(args);
}

void copies_body_put(struct copies_body *body)
{
	if (body != NULL && --body->users == 0) {
		free(body->data);
		free(body);
	}
}

bool copies_has_content(const struct core_copy *copy)
{
	return copy->image != NULL && copy->image->body != NULL && copy->image->damage == NULL;
}

/* As this task read it. */
static bool copy_is_unpromised(const struct core_copy *copy)
{
	return copy->image != NULL && copy->image->place.unpromised;
}

bool copies_counts(const struct core_copy *copy)
{
	return copy->written && !copy_is_unpromised(copy);
}

bool copies_is_listed(const struct core_copy *copy)
{
	return copy->listed;
}

bool copies_is_enabled(const struct core_copy *copy)
{
	return copy->enabled;
}

bool copies_is_before(const struct core_copy *copy)
{
	return copy->before;
}

bool copies_is_any(const struct core_copy *copy)
{
	return copy->listed || copy->enabled || copy->before;
}

size_t copies_count(const struct copies_core *core, copies_set of_set, size_t *out_written)
{
	size_t count = 0;

	*out_written = 0;
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		count += of_set(&core->copy[i]);
		*out_written += of_set(&core->copy[i]) && copies_counts(&core->copy[i]);
	}
	return count;
}

__attribute__((format(printf, 3, 4))) static void task_fail(struct copies_task *task, int error,
							      const char *format, ...)
{
	va_list args;

	task->error = error;
	va_start(args, format);
	vsnprintf(task->reason, sizeof(task->reason), format, args);
	va_end(args);
}

void copies_fail_minority(struct copies_core *core, const char *what, size_t have, size_t all)
{
	struct copies_task *task = core->task;
	int error = -VX_E_MINORITY;
	size_t length;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		if (core->copy[i].error == -VX_E_NOSPACE) {
			error = -VX_E_NOSPACE;
		}
	}
	task_fail(task, error, "%s on %zu of %zu configuration copies, %zu are needed", what, have, all,
		  copies_majority(all));
	length = strlen(task->reason);
	for (size_t i = 0; i < COPIES_ROOM && length < sizeof(task->reason); i++) {
		const struct core_copy *copy = &core->copy[i];

		if (copy->used && copy->error != 0) {
			length += (size_t)snprintf(task->reason + length, sizeof(task->reason) - length,
						   "; %s: %s", copy->name, copy->reason);
		}
	}
}

void copies_write_failed(struct copies_core *core)
{
	const struct copies_task *task = core->task;
	uint64_t epoch = task->kind == TASK_APPEND ? task->epoch : task->content->config->epoch;

	core->known = false;
	/* The content before a change is on disk already: writing it again leaves nothing in doubt. */
	if (!core->wrote || (task->kind == TASK_APPEND && core->stage != STAGE_APPENDING)) {
		return;
	}
	if (epoch > core->spoiled && !MUTANT(T7_SPOILED)) {
		core->spoiled = epoch;
	}
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		core->copy[i].healthy = false;
	}
}

void copies_generation_learn(struct copies_core *core)
{
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];

		if (copy->image == NULL) {
			continue;
		}
		copy->place = copy->image->place;
		if (copy->place.generation > core->generation) {
			core->generation = copy->place.generation;
		}
		if (copy->place.epoch != core->epoch || copy->place.seq != core->seq || copy->image->damage != NULL) {
			copy->healthy = false; /* it lost something: the next write is a checkpoint */
			core->mend |= copy->enabled;
		}
	}
}

/* Is there a copy that holds exactly the content before the change? */
static bool core_holds(const struct copies_core *core, uint64_t epoch, uint64_t seq)
{
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		const struct copy_image *image = core->copy[i].image;

		if (image != NULL && image->body != NULL && image->place.epoch == epoch &&
		    image->place.seq == seq) {
			return true;
		}
	}
	return false;
}

bool copies_is_stale(struct copies_core *core)
{
	struct copies_task *task = core->task;
	bool claim = task->kind == TASK_CLAIM;
	uint64_t epoch = claim ? task->epoch : task->content->config->epoch;
	uint64_t seq = claim ? 0 : task->content->config->seq;

	if (!claim && epoch <= core->spoiled) {
		task_fail(task, -VX_E_STALE, "a write of epoch %llu failed before: a higher epoch is needed",
			  (unsigned long long)epoch);
		return true;
	}
	if (task->kind == TASK_APPEND && (task->epoch != epoch || task->seq != seq + 1 ||
					  !core_holds(core, epoch, seq))) {
		task_fail(task, -VX_E_INVAL, "a change to epoch %llu sequence %llu cannot follow %llu, %llu",
			  (unsigned long long)task->epoch, (unsigned long long)task->seq,
			  (unsigned long long)epoch, (unsigned long long)seq);
		return true;
	}
	for (size_t i = 0; i < COPIES_ROOM && task->error == 0; i++) {
		const struct copy_image *image = core->copy[i].image;

		if (image == NULL) {
			continue;
		}

		bool promised = (image->claim_epoch > epoch && !MUTANT(D16_CLAIM)) ||
				(claim && image->claim_epoch == epoch && core->claimed != epoch);
		bool newer = image->body != NULL && !MUTANT(D16_NEWER) &&
			     (image->place.epoch > epoch ||
			      (image->place.epoch == epoch && (claim || image->place.seq > seq)));

		if (promised || newer) {
			task_fail(task, -VX_E_STALE, "disk %s holds %s of epoch %llu: %llu is too old",
				  core->copy[i].name, promised ? "a claim" : "a newer configuration",
				  (unsigned long long)(promised ? image->claim_epoch : image->place.epoch),
				  (unsigned long long)epoch);
			return true;
		}
	}
	return false;
}

bool copies_is_too_many(struct copies_core *core)
{
	size_t written, all = copies_count(core, copies_is_listed, &written);

	if (core->task->kind == TASK_CLAIM || all <= VX_COPIES_MAX) {
		return false;
	}
	task_fail(core->task, -VX_E_FULL, "%zu configuration copies, at most %d are possible", all,
		  VX_COPIES_MAX);
	return true;
}

static void effect_write(struct copies_core *core, struct copies_effects *effects, size_t index,
			 const struct copy_steps *steps, struct copies_body *body)
{
	struct core_copy *copy = &core->copy[index];

	assert(!copy->busy);
	copy->busy = copy->waited = copy->writing = true;
	if (body != NULL) {
		body->users++;
	}
	effects->effect[effects->count++] = (struct copies_effect){
		.kind = EFFECT_WRITE, .copy = index, .steps = *steps, .body = body,
	};
}

/* Nothing of this stage is written after all. */
static void effects_drop(struct copies_core *core, struct copies_effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		struct copies_effect *effect = &effects->effect[i];

		assert(effect->kind == EFFECT_WRITE);
		core->copy[effect->copy].busy = core->copy[effect->copy].waited = false;
		copy_steps_free(&effect->steps);
		copies_body_put(effect->body);
	}
	effects->count = 0;
}

static void core_written_reset(struct copies_core *core)
{
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		core->copy[i].written = false;
	}
}

bool copies_set_counts(const struct copies_core *core)
{
	size_t written;

	return !core->task->force && copies_count(core, copies_is_enabled, &written) > 0;
}

void copies_write_claim(struct copies_core *core, struct copies_effects *effects)
{
	core_written_reset(core);
	core->claimed = core->task->epoch;
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];
		struct copy_steps steps;

		if (copy->image == NULL || (MUTANT(R5_MAJORITY) && effects->count > 0)) {
			continue;
		}
		if (copy_is_unpromised(copy)) {
			copies_copy_fail(copy, -VX_E_CORRUPT, "%s", copy->image->damage);
			continue;
		}

		int rc = copy_plan_claim(copy->image, core->dgid, core->task->epoch, &steps);

		if (rc != 0) {
			copies_copy_fail(copy, rc, "%s", vx_strerror(rc));
			continue;
		}
		copy->next = copy->place;
		effect_write(core, effects, i, &steps, NULL);
	}
}

/* D7: readers count copies with content only, so a claim on an empty copy of the set does not count. */
static bool claim_counts(struct copies_core *core, copies_set of_set, bool by_content)
{
	size_t have = 0, all = 0;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		const struct core_copy *copy = &core->copy[i];

		all += of_set(copy);
		have += of_set(copy) && copy->written && (!by_content || copies_has_content(copy));
	}
	if (have >= copies_majority(all) || MUTANT(R5_MAJORITY)) {
		return true;
	}
	copies_fail_minority(core, "claimed", have, all);
	return false;
}

void copies_judge_claim(struct copies_core *core)
{
	if (!copies_set_counts(core)) {
		claim_counts(core, copies_is_listed, false);
	} else if (claim_counts(core, copies_is_enabled, true) && copies_rejoin_needed(core)) {
		claim_counts(core, copies_is_before, true);
	}
}

/* The names of a set of copies. They stay the core's. */
static size_t core_names(struct copies_core *core, copies_set of_set, char **out_name)
{
	size_t count = 0;

	for (size_t i = 0; i < COPIES_ROOM && of_set != NULL; i++) {
		if (of_set(&core->copy[i])) {
			out_name[count++] = core->copy[i].diskid;
		}
	}
	return count;
}

/* The body of a checkpoint that names these sets. NULL: no memory. */
static struct copies_body *core_body(struct copies_core *core, copies_set enabled, copies_set before)
{
	const struct copies_task *task = core->task;
	const Vx__Checkpoint *durable = task->kind == TASK_CHECKPOINT ? task->content : core->durable;
	struct copies_body *body = calloc(1, sizeof(*body));
	Vx__Checkpoint checkpoint = VX__CHECKPOINT__INIT;
	char *enabled_name[COPIES_ROOM], *before_name[COPIES_ROOM];

	if (body == NULL) {
		return NULL;
	}
	checkpoint.enabled = enabled_name;
	checkpoint.n_enabled = core_names(core, enabled, enabled_name);
	checkpoint.before = before_name;
	checkpoint.n_before = core_names(core, before, before_name);
	checkpoint.config = task->content->config;
	checkpoint.durable = durable->durable;
	checkpoint.n_durable = durable->n_durable;
	body->users = 1;
	body->data = private_body_encode(&checkpoint, &body->length, &body->crc);
	if (body->data == NULL) {
		free(body);
		return NULL;
	}
	return body;
}

void copies_write_body(struct copies_core *core, struct copies_effects *effects, copies_set enabled,
		       copies_set before, copies_set chosen)
{
	struct copies_body *body = core_body(core, enabled, before);
	const Vx__Config *config = core->task->content->config;
	struct private_header header = { .epoch = config->epoch, .seq = config->seq };

	core_written_reset(core);
	if (body == NULL) {
		task_fail(core->task, -ENOMEM, "%s", vx_strerror(-ENOMEM));
		return;
	}
	snprintf(header.dgid, sizeof(header.dgid), "%s", core->dgid);
	header.generation = ++core->generation;
	header.writer = core->writer;
	header.body_length = body->length;
	header.body_crc = body->crc;
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];
		struct copy_steps steps;

		/* One that failed in an earlier stage may have been written all the same: its place is not
		 * known until it is read again. */
		if (copy->image == NULL || copy->busy || copy->error != 0 || !chosen(copy) ||
		    (core->task->close && effects->count > 0 && !MUTANT(R12_COPIES))) {
			continue;
		}

		int rc = copy_plan_checkpoint(&copy->place, &header, body->data, &steps, &copy->next);

		if (rc != 0) {
			copies_copy_fail(copy, rc, rc == -VX_E_NOSPACE ?
					 "a configuration of %u bytes does not fit its private region" :
					 "no memory for %u bytes", body->length);
			continue;
		}
		effect_write(core, effects, i, &steps, body);
	}
	copies_body_put(body);
}

void copies_write_check(struct copies_core *core, struct copies_effects *effects, copies_set of_set)
{
	size_t written, all = copies_count(core, of_set, &written), planned = 0;

	for (size_t i = 0; i < effects->count; i++) {
		const struct core_copy *copy = &core->copy[effects->effect[i].copy];

		planned += of_set(copy) && !copy_is_unpromised(copy);
	}
	if (planned < copies_majority(all) && core->task->error == 0) {
		effects_drop(core, effects);
		copies_fail_minority(core, "can be written", planned, all);
	}
}

void copies_write_checkpoint(struct copies_core *core, struct copies_effects *effects)
{
	copies_write_body(core, effects, copies_is_listed, NULL, copies_is_any);
	copies_write_check(core, effects, copies_is_listed);
}

static bool core_is_writing(const struct copies_core *core)
{
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		if (core->copy[i].busy && core->copy[i].writing) {
			return true;
		}
	}
	return false;
}

static bool is_enabled_and_whole(const struct core_copy *copy)
{
	return copy->enabled && copies_has_content(copy);
}

/*
 * Whoever reads that copy takes this node's writes for ended, and may go on at once: so there is no other
 * one, before it or beside it. If the copy is lost the next start asks for a fencing, and nothing else.
 */
void copies_write_close(struct copies_core *core, struct copies_effects *effects)
{
	if (core_is_writing(core)) {
		task_fail(core->task, -VX_E_BUSY, "a write to a configuration copy may still land");
		return;
	}
	copies_write_body(core, effects, copies_is_enabled, copies_is_before, is_enabled_and_whole);
	if (effects->count == 0 && core->task->error == 0) {
		copies_fail_minority(core, "can be written", 0, 1);
	}
}

bool copies_judge_checkpoint(struct copies_core *core)
{
	struct copies_task *task = core->task;
	size_t written, all = copies_count(core, copies_is_listed, &written);
	size_t need = task->close && !MUTANT(R12_COPIES) ? 1 : copies_majority(all);

	if (task->error == 0 && written < need && !MUTANT(T7_MAJORITY)) {
		copies_fail_minority(core, "written", written, all);
	}
	if (task->error != 0) {
		copies_write_failed(core);
		return false;
	}
	if (task->close) {
		core->known = false; /* whoever comes next reads them all */
		return true;
	}
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];

		copy->enabled = copy->listed;
		copy->before = false;
		copy->healthy = copy->listed && copy->written;
	}
	core->epoch = task->content->config->epoch;
	core->seq = task->content->config->seq;
	core->known = true;
	core->mend = false;
	if (task->kind == TASK_CHECKPOINT) {
		Vx__Checkpoint durable = VX__CHECKPOINT__INIT;

		durable.durable = task->content->durable;
		durable.n_durable = task->content->n_durable;
		if (core->durable != NULL) {
			vx__checkpoint__free_unpacked(core->durable, NULL);
		}
		core->durable = proto_clone(&durable);
	}
	return true;
}

/* D11: only where our own writes say that the journal ends. */
bool copies_append_ready(const struct copies_core *core)
{
	const struct copies_task *task = core->task;
	size_t length = vx__change__get_packed_size(task->change);
	size_t healthy = 0, all = 0;

	if (copies_rejoin_needed(core) || core->mend) {
		return false;
	}
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		const struct core_copy *copy = &core->copy[i];

		all += copy->enabled;
		healthy += copy->enabled && copy->healthy;
		if (copy->enabled && copy->healthy && !copy_place_fits(&copy->place, length)) {
			return false;
		}
	}
	return core->known && task->epoch > core->spoiled && task->epoch >= core->claimed &&
	       task->epoch == core->epoch &&
	       task->seq == core->seq + 1 && task->before_epoch == core->epoch &&
	       task->before_seq == core->seq && healthy >= copies_majority(all);
}

void copies_write_change(struct copies_core *core, struct copies_effects *effects)
{
	core_written_reset(core);
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];
		struct copy_steps steps;

		if (copy->enabled && !copy->healthy && copy->error == 0) {
			copies_copy_fail(copy, -VX_E_STALE, "left out after an earlier failure");
		}
		if (!copy->enabled || !copy->healthy) {
			continue;
		}
		assert(copy->place.epoch == core->task->epoch && copy->place.seq + 1 == core->task->seq);

		int rc = copy_plan_change(&copy->place, core->task->change, &steps, &copy->next);

		if (rc != 0) {
			copies_copy_fail(copy, rc, "%s", rc == -VX_E_NOSPACE ?
					 "the change does not fit its journal" : vx_strerror(rc));
			continue;
		}
		effect_write(core, effects, i, &steps, NULL);
	}
	copies_write_check(core, effects, copies_is_enabled);
}

void copies_judge_change(struct copies_core *core)
{
	struct copies_task *task = core->task;
	size_t written, all = copies_count(core, copies_is_enabled, &written);

	if (task->error != 0) {
		return;
	}
	if (written < copies_majority(all) && !MUTANT(T7_MAJORITY)) {
		copies_fail_minority(core, "written", written, all);
		copies_write_failed(core);
		return;
	}
	core->seq = task->seq;
}

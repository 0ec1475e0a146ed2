// SPDX-License-Identifier: GPL-2.0-or-later
/* Locks on ranges of a volume. */
#include "volio/range_lock.h"

#include <assert.h>
#include <stddef.h>

void range_set_init(struct range_set *set)
{
	TAILQ_INIT(&set->all);
	set->waiting = 0;
}

/* Is there an earlier one that overlaps? Held or waiting makes no difference: that is the fairness.
 */
static bool range_is_free(const struct range_set *set, const struct range_lock *lock)
{
	const struct range_lock *other;

	TAILQ_FOREACH(other, &set->all, link)
	{
		if (other == lock) {
			return true;
		}
		if (other->start < lock->end && lock->start < other->end) {
			return false;
		}
	}
	return true;
}

bool range_ask(struct range_set *set, struct range_lock *lock, uint64_t start, uint64_t end)
{
	assert(!lock->queued && start < end);
	lock->start = start;
	lock->end = end;
	lock->held = range_is_free(set, lock);
	lock->queued = true;
	set->waiting += !lock->held;
	TAILQ_INSERT_TAIL(&set->all, lock, link);
	return lock->held;
}

void range_leave(struct range_set *set, struct range_lock *lock)
{
	assert(lock->queued);
	set->waiting -= !lock->held;
	TAILQ_REMOVE(&set->all, lock, link);
	lock->queued = false;
	lock->held = false;
}

struct range_lock *range_next(struct range_set *set)
{
	struct range_lock *lock;

	if (set->waiting == 0) {
		return NULL;
	}
	TAILQ_FOREACH(lock, &set->all, link)
	{
		if (!lock->held && range_is_free(set, lock)) {
			lock->held = true;
			set->waiting--;
			return lock;
		}
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What became of a transaction. */
#include "vxconfigd/outcome.h"

#include <string.h>

#include "base/id.h"
#include "vxconfigd/answers.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/plan.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"

#define OUTCOME_DRIFT 512 /* clocks of two nodes run equally fast, but for one part in so many */
#define OUTCOME_ROUNDED_MS 2 /* an age and a reach are whole milliseconds of different clocks */

void outcome_note(struct configd *configd, const Vx__Propose *propose, enum ending ending)
{
	uint64_t now = clock_ms();

	endings_add(configd->endings, propose->txid.data, ending, now);
	for (size_t i = 0; i < propose->n_also; i++) {
		endings_add(configd->endings, propose->also[i]->txid.data, ending, now);
	}
}

const char *outcome_known(struct configd *configd, const uint8_t *txid)
{
	const Vx__Reply *answered = answers_find(configd->answers, txid);
	enum ending ending = endings_find(configd->endings, txid);
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		const Vx__Outcome *outcome =
			group->config != NULL ? config_outcome_find(group->config, txid) : NULL;

		if (outcome != NULL) {
			return outcome->committed ? "committed" : "aborted";
		}
	}
	if (ending != ENDING_NONE) {
		return ending == ENDING_COMMITTED ? "committed" : "unknown";
	}
	return answered != NULL && answered->outcome[0] != '\0' ? answered->outcome : NULL;
}

/* Not committed as far as reach_ms goes back, and not under way here. */
static const char *outcome_by_age(struct configd *configd, const uint8_t *txid, uint64_t age_ms,
				  uint64_t reach_ms)
{
	const char *known = outcome_known(configd, txid);

	if (known != NULL) {
		return known;
	}
	return age_ms < reach_ms && !request_is_known(configd, txid) ? "aborted" : "unknown";
}

const char *outcome_since(struct configd *configd, const uint8_t *txid, uint64_t began_ms)
{
	uint64_t now = clock_ms();

	return outcome_by_age(configd, txid, now - began_ms, endings_reach(configd->endings, now));
}

uint64_t outcome_reach(struct configd *configd, const uint8_t *txid)
{
	if (!cview_is_settled(&configd->cluster) || !cview_is_master(&configd->cluster) ||
	    request_is_known(configd, txid)) {
		return 0;
	}
	return endings_reach(configd->endings, clock_ms());
}

const char *outcome_conclude(struct configd *configd, const uint8_t *txid, uint64_t reach_ms)
{
	uint64_t own = endings_reach(configd->endings, clock_ms()), age;

	if (reach_ms == 0 || !id_txn_age_ms(txid, &age)) {
		const char *known = outcome_known(configd, txid);

		return known != NULL ? known : "unknown";
	}
	return outcome_by_age(configd, txid, age + age / OUTCOME_DRIFT + OUTCOME_ROUNDED_MS,
			      own > reach_ms ? own : reach_ms);
}

void outcome_explain(const Vx__Request *request, const char *outcome, const char *why,
		     Vx__Reply *reply)
{
	const char *name = plan_group(request);
	char txid[ID_TEXT];

	if (strcmp(outcome, "unknown") == 0) {
		id_text(request->txid.data, request->txid.len, txid);
		message_add(reply, request->tool, MSG_MASTER_LOST, txid);
	} else if (strcmp(outcome, "aborted") == 0) {
		message_add(reply, request->tool, MSG_NODE_LEFT,
			    name != NULL ? name : request->group, why);
	}
}

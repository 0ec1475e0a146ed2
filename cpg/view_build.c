// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core: the view that a coordinator makes of what all HELLOs said (R8, R10, R21). */
#include "cpg/view_core.h"

#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"

bool view_coord_present(const struct view_core *core, uint32_t nodeid, uint64_t incarnation)
{
	for (size_t i = 0; i < core->node_count; i++) {
		if (core->hello[i].here && core->hello[i].self.nodeid == nodeid &&
		    (incarnation == 0 || core->hello[i].self.incarnation == incarnation)) {
			return true;
		}
	}
	return false;
}

static int view_seniority(const void *a, const void *b)
{
	const struct view_member *x = a, *y = b;

	if (x->joined_epoch != y->joined_epoch) {
		return x->joined_epoch < y->joined_epoch ? -1 : 1;
	}
	if (x->preference != y->preference) {
		return x->preference > y->preference ? -1 : 1;
	}
	return x->nodeid < y->nodeid ? -1 : x->nodeid > y->nodeid;
}

static bool view_nid_free(const struct view_core *core, uint32_t nid, uint32_t for_nodeid)
{
	for (size_t i = 0; i < core->next.member_count; i++) {
		if (core->next.member[i].nid == nid) {
			return false;
		}
	}
	for (size_t i = 0; i < core->node_count; i++) {
		if (core->hello[i].member && core->hello[i].self.nid == nid) {
			return false;
		}
	}
	for (size_t i = 0; i < core->gone_count; i++) {
		if (core->gone[i].nid == nid && core->gone[i].nodeid != for_nodeid &&
		    !MUTANT(R10_SLOT)) {
			return false;
		}
	}
	return nid < VX_NODES_MAX;
}

/* A slot for a joiner: its former one, its place in the node list, any free one. */
static uint32_t view_nid_choose(const struct view_core *core, const struct view_member *joiner)
{
	for (size_t i = 0; i < core->gone_count; i++) {
		if (core->gone[i].nodeid == joiner->nodeid &&
		    view_nid_free(core, core->gone[i].nid, joiner->nodeid)) {
			return core->gone[i].nid;
		}
	}
	if (view_nid_free(core, joiner->nid, joiner->nodeid)) {
		return joiner->nid;
	}
	for (uint32_t nid = 0; nid < VX_NODES_MAX; nid++) {
		if (view_nid_free(core, nid, joiner->nodeid)) {
			return nid;
		}
	}
	return VX_NODES_MAX;
}

bool view_coord_let_go(const struct view_core *core, const struct view_member *member)
{
	for (size_t i = 0; i < core->node_count; i++) {
		if (core->hello[i].here && core->hello[i].let_go &&
		    core->hello[i].self.incarnation == member->incarnation &&
		    core->hello[i].self.nodeid == member->nodeid) {
			return true;
		}
	}
	return false;
}

/* R8: the master of the view before, else the senior one; of those that have volumes to fold maps of, if any has. */
static uint32_t view_coord_master(const struct view_core *core)
{
	const struct view *next = &core->next;
	const struct view_member *before =
		core->have_view ? view_member_of(&core->view, core->view.master) : NULL;
	uint32_t switched = view_switch_master(core);

	if (switched != 0) {
		return switched; /* R19 */
	}

	if (before != NULL && view_coord_present(core, before->nodeid, before->incarnation) &&
	    (!view_coord_let_go(core, before) || MUTANT(R8_LET_GO)) && !MUTANT(R8_STAYS)) {
		return before->nodeid;
	}
	for (size_t i = 0; i < next->member_count; i++) {
		if (!view_coord_let_go(core, &next->member[i])) {
			return next->member[i].nodeid;
		}
	}
	return next->member[0].nodeid;
}

/* ---- the protocol (R21) ---- */

static uint32_t view_smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t view_protocol_common(const struct view *view)
{
	uint32_t common = UINT32_MAX;

	for (size_t i = 0; i < view->member_count; i++) {
		common = view_smaller(common, view->member[i].proto_max);
	}
	return common;
}

/* Members keep what they run, or go up together; fresh nodes agree, this one first. */
static uint32_t view_protocol_choose(const struct view_core *core)
{
	uint32_t running = 0, low = core->self.proto_min, high = core->self.proto_max;
	uint32_t common = UINT32_MAX;

	for (size_t i = 0; i < core->node_count; i++) {
		const struct view_hello *hello = &core->hello[i];
		uint32_t from = hello->self.proto_min > low ? hello->self.proto_min : low;
		uint32_t to = view_smaller(hello->self.proto_max, high);

		if (hello->here && hello->member) {
			running = hello->protocol > running ? hello->protocol : running;
			common = view_smaller(common, hello->self.proto_max);
		} else if (hello->here && from <= to) {
			low = from;
			high = to;
		}
	}
	if (MUTANT(R21_UPGRADE)) {
		common = core->self.proto_max;
	}
	return running == 0 ? high : core->upgrade_wanted && common > running ? common : running;
}

bool view_protocol_fits(const struct view_member *member, uint32_t protocol)
{
	return (member->proto_min <= protocol && protocol <= member->proto_max) ||
	       MUTANT(R21_RANGE);
}

void view_coord_refuse(struct view_core *core, struct view_effects *fx)
{
	for (size_t i = 0; i < core->node_count; i++) {
		const struct view_hello *hello = &core->hello[i];

		if (hello->here && !hello->member &&
		    !view_protocol_fits(&hello->self, core->next.protocol)) {
			view_refuse_protocol(core, &hello->self, core->next.protocol, fx);
		}
	}
}

/* R8, and the list of those who left since the last view that was settled (R10). */
void view_coord_build(struct view_core *core)
{
	struct view *next = &core->next;

	memset(next, 0, sizeof(*next));
	next->epoch = ((core->max_epoch >> 8) + 1) << 8 | (core->self.nid & 0xff);
	next->cold = next->unfolded = true;
	next->protocol = view_protocol_choose(core);
	for (int fresh = 0; fresh <= 1; fresh++) {
		for (size_t i = 0; i < core->node_count; i++) {
			const struct view_hello *hello = &core->hello[i];

			if (!hello->here || hello->member == (fresh == 1) ||
			    (fresh == 1 && !view_protocol_fits(&hello->self, next->protocol))) {
				continue;
			}

			next->cold = next->cold && !hello->ran;
			next->unfolded = next->unfolded && hello->let_go;

			struct view_member member = hello->self;

			member.fenced_at = core->wall_s;
			if (fresh == 1) {
				member.joined_epoch = next->epoch;
				member.nid = view_nid_choose(core, &member);
				next->joiner[next->joiner_count++] = member.nodeid;
			}
			next->member[next->member_count++] = member;
		}
	}
	qsort(next->member, next->member_count, sizeof(next->member[0]), view_seniority);
	next->master = view_coord_master(core);
	for (size_t i = 0; i < core->gone_count; i++) {
		const struct view_leaver *leaver = &core->gone[i];

		/* who was out of sight for a while never left: its map is its own (R4); the other
		 * one of two that only claimed has none (R20) */
		if (leaver->incarnation == 0) {
			continue;
		}
		if (!view_coord_present(core, leaver->nodeid, leaver->incarnation) ||
		    MUTANT(R10_PRESENT)) {
			view_leaver_add(next->leaver, &next->leaver_count,
					VX_COUNT_OF(next->leaver), leaver);
		}
	}
}

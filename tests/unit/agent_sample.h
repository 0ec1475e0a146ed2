/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state of vxclustd for the tests of vxclustadm: four nodes, beta is master, gamma was lost. */
#ifndef VX_TESTS_AGENT_SAMPLE_H
#define VX_TESTS_AGENT_SAMPLE_H

#include <stdbool.h>
#include <string.h>

#include "vxha.pb-c.h"

struct sample {
	Vx__AdmState state;
	Vx__View view;
	Vx__Member member[2], *members[2];
	Vx__Leaver leaver, *leavers[1];
	Vx__NodeInfo node[4], *nodes[4];
	Vx__Reconf reconf, *reconfs[1];
	Vx__StepTime step[2], *steps[2];
	uint32_t joiner[1];
	char *waiting[2];
};

#define TEXT(text) ((char *)(text))

static inline void sample_view(struct sample *s)
{
	static const char *const name[] = { "alpha", "beta" };

	vx__view__init(&s->view);
	for (uint32_t i = 0; i < 2; i++) {
		vx__member__init(&s->member[i]);
		s->member[i].nodeid = i + 1;
		s->member[i].nid = i * 33; /* the second one is in the second word of a mask */
		s->member[i].name = TEXT(name[i]);
		s->members[i] = &s->member[i];
	}
	vx__leaver__init(&s->leaver);
	s->leaver.nodeid = 3;
	s->leaver.nid = 2;
	s->leaver.name = TEXT("gamma");
	s->leaver.how = VX__LEAVE_HOW__LEFT_LOST;
	s->leavers[0] = &s->leaver;
	s->joiner[0] = 1;
	s->view.epoch = 0x502;
	s->view.member = s->members;
	s->view.n_member = 2;
	s->view.leaver = s->leavers;
	s->view.n_leaver = 1;
	s->view.joiner = s->joiner;
	s->view.n_joiner = 1;
	s->view.master = 2;
	s->view.cluster = TEXT("demo");
}

static inline void sample_make(struct sample *s)
{
	static const char *const name[] = { "alpha", "beta", "gamma", "delta" };
	static const Vx__NodeState state[] = { VX__NODE_STATE__NODE_MEMBER,
					       VX__NODE_STATE__NODE_MEMBER,
					       VX__NODE_STATE__NODE_OUT,
					       VX__NODE_STATE__NODE_JOINING };

	memset(s, 0, sizeof(*s));
	vx__adm_state__init(&s->state);
	sample_view(s);
	for (uint32_t i = 0; i < 4; i++) {
		vx__node_info__init(&s->node[i]);
		s->node[i].nodeid = i + 1;
		s->node[i].nid = i;
		s->node[i].name = TEXT(name[i]);
		s->node[i].state = state[i];
		s->node[i].master = i == 1;
		s->nodes[i] = &s->node[i];
	}
	vx__reconf__init(&s->reconf);
	s->reconf = (Vx__Reconf){ .base = s->reconf.base,
				  .epoch = 0x502,
				  .cause = TEXT("node gamma lost"),
				  .wall_ms = 1700000000000,
				  .freeze_ms = 2612,
				  .fence_ms = 1400,
				  .own_ms = 12,
				  .quorum_ms = 1200,
				  .done = true,
				  .step = s->steps,
				  .n_step = 2 };
	for (int i = 0; i < 2; i++) {
		vx__step_time__init(&s->step[i]);
		s->step[i].step = i == 0 ? VX__STEP__STEP_STOP : VX__STEP__STEP_FENCE;
		s->step[i].us = i == 0 ? 1500 : 1400000;
		s->steps[i] = &s->step[i];
	}
	s->reconfs[0] = &s->reconf;
	s->state = (Vx__AdmState){ .base = s->state.base,
				   .state = VX__NODE_STATE__NODE_MEMBER,
				   .reason = TEXT(""),
				   .detail = TEXT(""),
				   .reconfig = TEXT(""),
				   .view = &s->view,
				   .self = 2,
				   .node = s->nodes,
				   .n_node = 4,
				   .reconf = s->reconfs,
				   .n_reconf = 1,
				   .seqnum = 0x9f9767,
				   .quorate = true,
				   .fencing = true,
				   .view_open = true,
				   .preference = 7 };
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxclustadm volumes: what vxiod serves on this node, and who has it open. vxiod itself is asked,
 * so that the answer is there without vxconfigd and vxclustd.
 */
#ifndef VX_AGENT_ADM_VOLUMES_H
#define VX_AGENT_ADM_VOLUMES_H

#include "agent/adm.h"

adm_verb_fn adm_volumes;

#endif

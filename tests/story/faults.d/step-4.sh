# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 4: Pacemaker activates the group on all nodes

broken agent-fails ocf/vxdg \
	ocf/vxdg 'start) vxdg_start ;;' 'start) exit "$OCF_ERR_GENERIC" ;;'
fault agent-fails 4 'the group is active on all three nodes' \
	use c agent-fails

broken agent-lies ocf/vxdg \
	ocf/vxdg 'start) vxdg_start ;;' 'start) ocf_is_probe; : >"$VXDG_MARK"; exit 0 ;;' \
	ocf/vxdg 'monitor) vxdg_monitor ;;' 'monitor) [ -e "$VXDG_MARK" ] && exit 0; exit "$OCF_NOT_RUNNING" ;;'
fault agent-lies 4 'every node has it shared-write' \
	use c agent-lies

broken no-activation-matrix vxconfigd \
	vxconfigd/activation.c 'return -VX_E_BUSY;' 'return 0;'
fault no-activation-matrix 4 'vxdg -g $GROUP set activation=ew' \
	use a,b,c no-activation-matrix

broken conflict-without-node vxconfigd \
	vxconfigd/activation.c '*out_nodeid = map->node[i].nodeid;' '*out_nodeid = nodeid;'
fault conflict-without-node 4 'the node that is in the way is named' \
	use master conflict-without-node

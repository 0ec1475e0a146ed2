# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 1: three nodes start and find each other

fault no-vxiod 1 'every node is a cluster member' \
	wrap c vxiod 'exit 1'

broken two-masters vxconfigd \
	vxconfigd/server_ctl.c 'cview_is_master(cluster) ? "master" : "slave"' '"master"'
fault two-masters 1 'one node is MASTER, the others are SLAVES' \
	use c two-masters

broken map-of-two vxclustd \
	cpg/node_adm.c 'member != NULL ? VX__NODE_STATE__NODE_MEMBER : VX__NODE_STATE__NODE_OUT;' \
	'member != NULL && i < 2 ? VX__NODE_STATE__NODE_MEMBER : VX__NODE_STATE__NODE_OUT;'
fault map-of-two 1 'the map names three joined nodes' \
	use a map-of-two

broken map-without-master vxclustd \
	cpg/node_adm.c 'info[i].master = member != NULL && view->master == known->nodeid;' \
	'info[i].master = false;'
fault map-without-master 1 '... one of them the master' \
	use a map-without-master

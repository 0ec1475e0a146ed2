# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2086,SC2153
story_1_title="Three nodes start and find each other"
story_1() {
	local n
	say "Each node has its own network, processes, mounts and host name; Corosync and Pacemaker are the" \
		"distribution's own. Disks are shared; a power switch fences."
	say "Which disks vxha may touch is said on each node:"
	for n in $NODES; do
		typed $n "$CONFIGURE"
	done
	say "The resource ocf:vxha:vxclust, as a clone, starts vxiod, vxconfigd and vxclustd on every node:"
	typed a "pcs resource create vxclust ocf:vxha:vxclust op monitor interval=10s timeout=30s start timeout=200s stop timeout=200s --disabled"
	typed a "pcs resource clone vxclust meta interleave=true"
	typed a "pcs resource enable vxclust"
	await 120 "every node is a cluster member" all_members
	for n in $NODES; do
		typed $n "vxdctl -c mode"
	done
	prove "one node is MASTER, the others are SLAVES" one_master_rest_slaves
	typed a "vxclustadm nidmap"
	prove "the map names three joined nodes" test "$(grep -c Joined <<<"$OUT")" = 3
	prove "... one of them the master" test "$(grep -c 'Joined: Master' <<<"$OUT")" = 1
}

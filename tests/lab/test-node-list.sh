#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Corosync's node list changes while nodes are members (corosync-cfgtool -R), without Pacemaker: vxclustadm reinit reads
# it again, on each node, and no reconfiguration comes of it.
#	- a node gets another name: its numbers and its role stay
#	- a node list without this node's number is refused, and the node stays what it is
#	- a node whose Corosync is gone gives up its start when the time for it is over
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

CONF=/etc/corosync/corosync.conf

list_changes() {	# list_changes SED: on all nodes, and Corosync has read it
	local n
	for n in $LEFT; do
		on "$n" sed -i "$1" "$CONF" || return 1
	done
	on a corosync-cfgtool -R
}

map_of() {	# map_of NODE: numbers and state of each node, without the names
	on "$1" vxclustadm nidmap --json | jq -c '[.nodes[] | [.nid, .nodeid, .state, .master]]'
}

names_are() {	# names_are WORDS: on all nodes
	local n
	for n in $LEFT; do
		[ "$(on "$n" vxclustadm nidmap --json | jq -r '[.nodes[].name] | sort | join(" ")')" = "$1" ] || return 1
	done
}

reinit() {
	local n
	for n in $LEFT; do
		on "$n" vxclustadm reinit || return 1
	done
}

lab_start 3 --disks 1
LEFT=$NODES
for node in $NODES; do
	check "the daemons of $node start" daemons_start "$node"
done
for node in $NODES; do
	check "$node joins" on "$node" vxclustadm startnode
done
check "the names are those of Corosync's list" names_are "a b c"
before=$(map_of a) epoch=$(epoch_of a)

echo "# another name"
check "c is called gamma in Corosync's list" list_changes 's/name: c$/name: gamma/'
check "nobody reads it unasked" names_are "a b c"
check "each node is told to" reinit
check "... and knows the new name" names_are "a b gamma"
check_is "... with the same numbers, states and master" "$before" "$(map_of a)"
check_is "... and no reconfiguration came of it" "$epoch" "$(epoch_of a)"

echo "# another number"
check "b gets the number 12 in its list" on b sed -i 's/nodeid: 2$/nodeid: 12/' "$CONF"
on b corosync-cfgtool -R || true # Corosync keeps the old one as well, where it refuses
check "reinit of b is refused, with the reason" \
	output_has 'the node list was not read again: this node \(id 2\) is not in corosync.conf' on b sh -c '! vxclustadm reinit 2>&1'
check "it is a member under its number" output_has '^3$' on b sh -c "vxclustadm nidmap --json | jq '[.nodes[] | select(.state == \"member\")] | length'"

echo "# Corosync ends where vxclustd stays"
check "c leaves" on c vxclustadm stopnode
check "Corosync of c dies" lab kill c corosync
check "c gives up when --join-timeout is over, with the reason" \
	output_has 'V-80-2-2005 this node did not join the cluster: Corosync' on c sh -c '! vxclustadm startnode -j 3 2>&1'
check "... and tries no longer" output_has '^state: out of cluster$' on c vxclustadm nodestate
check "... with the reason" output_has '^reason: Corosync' on c vxclustadm nodestate

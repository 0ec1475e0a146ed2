#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The master sees no disk of a group, and knows nothing of it: what the others run goes on, and what they see is not
# forgotten. The group is disabled until a master sees its disks.
#	- the master loses its paths, then its vxconfigd
#	- the cluster starts with such a node
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

paths() {	# paths disk-fail|disk-heal NODE
	local d
	for d in d1 d2 d3; do
		lab "$1" "$2" $d || return 1
	done
}

group_disabled() {	# on every node, and it is told why
	local n
	for n in $NODES; do
		[ "$(group_state "$n")" = disabled ] &&
			output_has "the master sees no disk of it" on "$n" sh -c "vxdg -s import $GROUP 2>&1 || true" || return 1
	done
}

writes() {	# writes NODE: and reads it back
	on "$1" sh -ec "dd if=/dev/urandom of=/tmp/block bs=64k count=4 2>/dev/null
		dd if=/tmp/block of=$DEVICE bs=64k oflag=direct conv=notrunc 2>/dev/null
		dd if=$DEVICE bs=64k count=4 iflag=direct 2>/dev/null | cmp - /tmp/block"
}

view_after() {	# view_after EPOCH: all run a later one
	settled 3 a b c && [ "$(epoch_of b)" -gt "$1" ]
}

lab_start 3 --pacemaker --disks 4
story_need volume
master=$(master_node)
b=$(slave_nodes | head -n 1) c=$(slave_nodes | tail -n 1)

echo "# the master is blind, and its vxconfigd ends"
check "the volume is open on a slave" on "$b" sh -c "exec 9<>$DEVICE; sleep 600 >/dev/null 2>&1 & echo \$! >/tmp/opener"
epoch=$(epoch_of "$b")
check "$master loses its paths to the disks" paths disk-fail "$master"
check "its vxconfigd is killed" lab kill "$master" vxconfigd
wait_for 60 "a new view runs" view_after "$epoch"
check_is "with the same master" "$master" "$(master_node)"
wait_for 20 "the group is disabled on all nodes" group_disabled
for n in "$b" "$c"; do
	check "$n still writes and reads" writes "$n"
done
check "$master sees them again" paths disk-heal "$master"
check "another node is made master" on "$b" vxclustadm setmaster "$b"
wait_for 60 "the group is enabled on all nodes" group_enabled
wait_for 20 "the device is there on all nodes" device_there
# shellcheck disable=SC2016 # in the node's shell
check "the volume is closed" on "$b" sh -c 'kill "$(cat /tmp/opener)"'
check "a change is made" change "$c" "seen again"

echo "# the cluster starts with a node that sees none"
check "vxha is stopped on all nodes" on a pcs resource disable vxclust --wait=120
check "a loses its paths" paths disk-fail a
check "the others wait" on a sh -c 'pcs resource ban vxclust-clone b && pcs resource ban vxclust-clone c'
check "a starts" on a pcs resource enable vxclust
wait_for 60 "it runs alone" runs_with 1 a
check "the others may" on a pcs resource clear vxclust-clone
wait_for 120 "all nodes are members" runs_with 3 a b c
wait_for 20 "the group is disabled on all nodes" group_disabled
check "a sees its disks again" paths disk-heal a
check "another node is made master" on b vxclustadm setmaster b
wait_for 60 "the group is enabled on all nodes" group_enabled
wait_for 20 "the device is there on all nodes" device_there
check "a change is made" change a "as before"
check "the configuration is the same everywhere" same_config
for n in $NODES; do
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done

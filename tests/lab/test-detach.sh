#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A plex is detached after a write error on one node, while its logs stay; then nodes come and go. The volume goes on on
# the other plex, and every node may join again.
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

plex_detached() {
	on "$1" vxprint -g "$GROUP" -ht | grep -Eq '^pl vol1-02 +vol1 +DETACHED'
}

back_and_well() {
	story_boot_all
	all_members && group_enabled && device_there
}

write_some() {
	on "$1" dd if=/dev/urandom of="$DEVICE" bs=4k count=64 seek="$2" oflag=direct conv=notrunc
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
check "the path of node b to the disk of the second plex fails" lab disk-fail b d2
check "a write on b succeeds all the same" write_some b 0
wait_for 20 "the plex is detached on every node" plex_detached a
check "... also in the words of b" plex_detached b
check "vxdisk list of b shows a device in error" output_has '^d2 +none +- +- +error$' on b vxdisk list
check "... and the disk of the group that is missing" output_has '^- +- +d2 +data +failed was:d2$' on b vxdisk list
check "... with the others of the group" output_has '^- +- +d2 +data +failed was:d2$' on b vxdisk -g "$GROUP" list
check "a sees the disk" output_has '^d2 +cdsdisk +d2 +data +online shared$' on a vxdisk list
check "vxrecover says which node does not see it" output_has 'refused by node b: does not see disk d2' \
	on c sh -c "vxrecover -g $GROUP 2>&1; true"
check "... and fails, by the disk's name too" not on a vxrecover -g "$GROUP" d2
check "vxdisk path tells node a of it, ..." output_has '^b +- +d2 +data +DISABLED$' on a vxdisk path
check "... and that itself sees the disk" output_has '^a +d2 +d2 +data +ENABLED$' on a vxdisk -g "$GROUP" path d2
check "... as JSON" output_has '^c$' on a sh -c "vxdisk --json path d1 | jq -r '.paths[] | select(.state == \"ENABLED\").node'"
check "the path is whole again" lab disk-heal b d2
check "... and for a" output_has '^b +d2 +d2 +data +ENABLED$' on a vxdisk path
check "then b sees it too" not output_has 'failed was' on b vxdisk list
for node in c b a; do
	check "node $node loses power" lab crash "$node"
	wait_for 150 "all nodes are members again, with group and device" back_and_well
	check "node $node writes" write_some "$node" 100
done
check "the configuration is the same everywhere" same_config
for node in $NODES; do
	check "no daemon of $node met an impossible state" on "$node" sh -c '! ls /var/lib/vxha/*.blackbox'
done

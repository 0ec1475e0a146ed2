#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All nodes lose power while the memory of one of them (/var/lib/vxha/groups) is damaged. The nodes boot: the one whose
# vxconfigd cannot start says what is wrong and what to do, and stays out; the others do not wait for it.
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"
BROKEN=a OTHERS="b c" FILE=/var/lib/vxha/groups

others_run() {
	# shellcheck disable=SC2086
	all_members $OTHERS && group_enabled $OTHERS && on b test -f "$DEVICE" && on c test -f "$DEVICE"
}

start_is_refused() {
	local status=0
	on $BROKEN vxconfigd || status=$?
	[ "$status" = 21 ]
}

pattern_sum() {
	on "$1" sh -c "dd if=$DEVICE bs=1M count=4 iflag=direct 2>/dev/null | md5sum"
}

# Pacemaker forgets the failure before the resource: a start that falls in between finds no resource and fails
# ("Could not initiate start action ... No such device"), and who cleaned up has to do it again.
member_again() {
	all_members && return
	! output_has "vxclust.* fail-count=1000000" on b crm_mon -1f || on b crm_resource --cleanup >/dev/null
	return 1
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
check "blocks are written" on b dd if=/dev/urandom of="$DEVICE" bs=1M count=4 oflag=direct conv=notrunc
sum=$(pattern_sum c)
check "the memory of $BROKEN is damaged" on $BROKEN dd if=/dev/urandom of=$FILE bs=1 seek=300 count=1 conv=notrunc
for n in $NODES; do
	check "node $n loses power" lab crash "$n"
done
story_boot_all
wait_for 180 "the others are members, with group and device" others_run
for n in $OTHERS; do
	check_is "what was written is there, seen from $n" "$sum" "$(pattern_sum "$n")"
done
check "a change is made without $BROKEN" on b vxvol -g "$GROUP" set comment=without vol1
wait_for 30 "$BROKEN answers" on $BROKEN true
check "vxconfigd does not start there, with a status of its own" start_is_refused
OUT=$(on $BROKEN vxconfigd 2>&1 || true)
check "... says what is wrong: $OUT" grep -q "$FILE is damaged" <<<"$OUT"
check "... and what to do" grep -q "move the file away" <<<"$OUT"
wait_for 60 "Pacemaker says it too" output_has "vxconfigd did not start: .*$FILE is damaged" on b crm_mon -1f
wait_for 20 "... and so does the node" output_has "^reason: vxconfigd did not start: $FILE is damaged" \
	on $BROKEN vxclustadm nodestate
check "the file is moved away" on $BROKEN mv $FILE /root/
check "Pacemaker is told to try again" on b crm_resource --cleanup
wait_for 150 "$BROKEN is a member again" member_again
wait_for 30 "... and has the group" group_enabled
check "the configuration is the same everywhere" same_config
check "$BROKEN remembers again" on $BROKEN test -s $FILE

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disks fail on all nodes while all write: first the logs, then a mirror. The volume goes on, no acknowledged write is
# lost; the loss of the last log is told, and after the next crash of a node the whole volume is made equal (V26). A
# node joins without the dead disks. The mirror fails while it is made equal after another crash: its resync ends (V3).
# Then all power is lost, more disks die meanwhile, and what can be there is there.
#
#	data	d1 d2: plexes of vol1	d3 d4: its logs		d6: single, a volume of one plex
#		d5 d7 d8 d9: configuration copies only (all of data have one)
#	pair	d10 d11: plexes of p1, and its two copies
#	late	d12: its only copy, and the log of l1	d13 d14: plexes of l1 and l2	d15: the log of l2
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"
IODCTL=$TREE/build/tests/iodctl

fail_everywhere() {
	local n
	for n in $NODES; do
		lab disk-fail "$n" "$1" || return 1
	done
}

plex_on() {	# the plex of vol1 with a subdisk on this disk
	on a vxprint -g "$GROUP" -ht | awk -v d="$1" '$1 == "sd" && $4 == d { print $3 }'
}

detached() {	# detached PLEX: on every node
	local n
	for n in $NODES; do
		on "$n" vxprint -g "$GROUP" -ht | grep -Eq "^pl $1 +vol1 +DETACHED" || return 1
	done
}

resync_was_whole() {	# resync_was_whole NODE MS: the last one since then
	resync_since "$@" | tee /dev/stderr | jq -e '.regions > 0 and .regions == .all_regions'
}

slow() {	# slow NODE...: a pause between two windows of a resync
	local n
	for n in "$@"; do
		on "$n" "$IODCTL" set resync_slow_ms 300 || return 1
	done
}

resyncing() {	# resyncing NODE: a resync has begun, and is not at its end
	on "$1" vxtask --json list | jq -e '[.tasks[] | select(.type == "RECOV" and .done > 0 and .done < .total)] | length > 0'
}

pattern_of() {	# pattern_of NODE DEVICE
	on "$1" sh -c "dd if=$2 bs=64k count=16 iflag=direct 2>/dev/null | md5sum"
}

pattern_write() {
	on "$1" dd if=/dev/urandom of="$2" bs=64k count=16 oflag=direct conv=notrunc
}

here() {	# here FILE: on every node
	local n
	for n in $NODES; do
		on "$n" test -f "$1" || return 1
	done
}

group_is() {	# group_is GROUP STATE: on every node
	local n
	for n in $NODES; do
		on "$n" vxdg list | grep -Eq "^$1 +$2" || return 1
	done
}

late() {	# late FUNCTION ARGUMENT...: about l1 of late
	GROUP=late VOLUME=l1 "$@"
}

logs_of_l2() {	# that take I/O
	on "$1" vxprint -g late -ht l2 | grep -c '^pl .* ENABLED *LOG'
}

late_synced_in_part() {	# late_synced_in_part MS: since then
	late volume_synced && late resync_since "$(master_node)" "$1" | tee /dev/stderr | jq -e '.regions > 0 and .regions < .all_regions'
}

SINGLE=/dev/vx/dsk/data/single PAIR=/dev/vx/dsk/pair/p1 LATE=/dev/vx/dsk/late/l1
lab_start 3 --pacemaker --disks 15 --size 256
story_need cluster
check "disks are set up" on a sh -ec 'for d in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do vxdisk setup d$d; done'
check "a disk group of nine disks" on a vxdg -s init "$GROUP" nconfig=all d1=d1 d2=d2 d3=d3 d4=d4 d5=d5 d6=d6 d7=d7 d8=d8 d9=d9
check "... of two" on a vxdg -s init pair d10=d10 d11=d11
check "... of four, with one copy" on a vxdg -s init late nconfig=1 d12=d12 d13=d13 d14=d14 d15=d15
wait_for 20 "the group is enabled on all nodes" group_enabled
check "a mirrored volume with two logs" on a vxassist -g "$GROUP" make vol1 200m layout=mirror nmirror=2 logtype=drl d1 d2 d3 d4
check "a volume of one plex" on a vxassist -g "$GROUP" make single 10m d6
check "a mirrored volume in the small group" on a vxassist -g pair make p1 10m layout=mirror nmirror=2
check "a volume that leaves place for a log on d12" on a vxassist -g late make fill 180m d12
check "a mirrored volume in the group with one copy, with a log" on a vxassist -g late make l1 100m layout=mirror nmirror=2 nlog=1 d12 d13 d14
wait_for 30 "the device is there on all nodes" device_there
wait_for 30 "... and the others'" eval 'here $SINGLE && here $PAIR && here $LATE'
wait_for 60 "the mirrors are in sync" eval 'volume_synced && late volume_synced'
check "... and one that nobody uses" on a vxassist -g late make l2 20m layout=mirror,nolog nmirror=2 d13 d14
check "... gets a log" on a vxassist -g late addlog l2 d15
check "its log is on d15" output_has '^sd .* d15 .* LOG ' on a vxprint -g late -ht l2
check "the log of l1 is on d12" output_has '^sd .* d12 .* LOG ' on a vxprint -g late -ht l1
check "something is written" eval 'pattern_write a $SINGLE && pattern_write b $PAIR'
single=$(pattern_of c $SINGLE) pair=$(pattern_of c $PAIR)
for d in d1 d2 d3 d4; do
	check "$d has a plex" test -n "$(plex_on $d)"
done
log1=$(plex_on d3) log2=$(plex_on d4) mirror2=$(plex_on d2)

echo "# the logs"
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
check "d3 fails on all nodes" fail_everywhere d3
wait_for 30 "its log is detached everywhere" detached "$log1"
wait_for 15 "all writers make progress" writers_grow a b c
check "d4, with the last log, fails on all nodes" fail_everywhere d4
wait_for 30 "the last log is detached everywhere" detached "$log2"
wait_for 15 "all writers make progress" writers_grow a b c
for n in $NODES; do
	check "node $n says what that means" on "$n" grep -E 'vol=vol1 .*no log .*whole' /var/log/vxha/vxconfigd.log
done
victim=$(slave_nodes | tail -n 1)
survivor=$(others_of "$victim" | head -n 1)
check_is "a volume that nobody uses has a log" 1 "$(logs_of_l2 a)"
check "it fails on all nodes, and nobody notices" fail_everywhere d15
began=$(now_ms)
check "node $victim loses power" lab crash "$victim"
wait_writers "$victim"
# shellcheck disable=SC2046
wait_for 60 "the others' writers make progress" writers_grow $(others_of "$victim")
# shellcheck disable=SC2046
writers_stop $(others_of "$victim")
wait_for 150 "node $victim joins, without the dead disks" all_back
wait_for 60 "the resync is finished" volume_synced
check "... of the whole volume" resync_was_whole "$survivor" "$began"
check "... and of the one whose log could not be folded (V15)" eval 'GROUP=late VOLUME=l2 resync_was_whole "$survivor" "$began"'
for n in $(others_of "$victim"); do
	check "node $n stayed" not on "$n" grep 'is out of the cluster' /var/log/vxha/vxclustd.log
done
check_is "its log is detached" 0 "$(logs_of_l2 "$survivor" || true)"
check "its plexes are equal on the disks" eval 'GROUP=late VOLUME=l2 plexes_equal'
for n in $NODES; do
	check "every acknowledged write is there, seen from $n" stamps_good "$n"
done
check "both plexes are equal on the disks" plexes_equal

echo "# a node, and a mirror while it is made equal"
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
# shellcheck disable=SC2046
check "resyncs of the others are slow" slow $(others_of "$victim")
check "node $victim loses power" lab crash "$victim"
wait_writers "$victim"
wait_for 60 "the mirrors are being made equal" resyncing "$survivor"
check "d2 fails on all nodes" fail_everywhere d2
wait_for 150 "node $victim is back" all_back
wait_for 30 "the plex is detached everywhere" detached "$mirror2"
for n in $(others_of "$victim"); do
	check "node $n says which, and what attaches it again" on "$n" \
		grep -E "vol=vol1 plex=$mirror2 is detached: its disk \(d2\) .*vxrecover -g data vol1" /var/log/vxha/vxconfigd.log
done
# shellcheck disable=SC2046
wait_for 60 "the others' writers make progress" writers_grow $(others_of "$victim")
# shellcheck disable=SC2046
writers_stop $(others_of "$victim")
wait_for 60 "no resync is left" volume_synced
for n in $NODES; do
	check "every acknowledged write is there, seen from $n" stamps_good "$n"
done

echo "# everything off; meanwhile more disks die"
for d in d3 d4; do
	for n in $NODES; do
		lab disk-heal "$n" "$d"
	done
done
check "the label of d7 is damaged" on b dd if=/dev/urandom of=/dev/vxdisk/d7 bs=4096 count=2 oflag=direct conv=notrunc
check "a block of the journal of d5 is damaged" on b dd if=/dev/urandom of=/dev/vxdisk/d5 bs=4096 seek=3074 count=1 oflag=direct conv=notrunc
# nothing of it is cleared in its log: it is written until the power goes
check "l1 is written" eval 'pattern_write b $LATE && pattern_write c $LATE'
for n in b c; do
	on "$n" sh -c "while dd if=/dev/urandom of=$LATE bs=64k count=16 oflag=direct conv=notrunc; do :; done" >/dev/null 2>&1 &
done
for n in $NODES; do
	check "node $n loses power" lab crash "$n"
done
check "d6 fails" fail_everywhere d6
check "d11 fails" fail_everywhere d11
check "both plexes of l1 fail" eval 'fail_everywhere d13 && fail_everywhere d14'
wait_for 180 "all nodes are members again, with the group and the device" all_back
for n in $NODES; do
	check "every acknowledged write is there, seen from $n" stamps_good "$n"
done
check "the volume on d6 is not started" eval '! here $SINGLE'
check "... and the log says why" on "$(master_node)" grep -q 'vol=single is not started any more' /var/log/vxha/vxconfigd.log
check "a change is made" on b vxvol -g "$GROUP" set comment=on vol1
check "starting it is refused" not on b vxvol -g "$GROUP" start single
OUT=$(on b vxvol -g "$GROUP" start single 2>&1 || true)
check "... with the disk's name: $OUT" grep -q 'disk d6' <<<"$OUT"
for n in $NODES; do
	lab disk-heal "$n" d6
done
check "the disks are looked at again" eval 'for n in $NODES; do on $n vxdctl enable || exit 1; done'
check "the volume is started" on b vxvol -g "$GROUP" start single
wait_for 20 "its device is there" here $SINGLE
check_is "... with its content" "$single" "$(pattern_of a $SINGLE)"

echo "# a mirror that was in use is there later than its group: what was being written is made equal then (V28)"
wait_for 20 "its group is enabled" group_is late enabled
check "it is not started" eval '! here $LATE'
for d in d13 d14 d15; do
	for n in $NODES; do
		lab disk-heal "$n" $d
	done
done
check "the disks are looked at again" eval 'for n in $NODES; do on $n vxdctl enable || exit 1; done'
began=$(now_ms)
check "it is started" on c vxrecover -g late -s
wait_for 60 "what was being written is made equal, and only that" late_synced_in_part "$began"
check "both plexes are equal on the disks" late plexes_equal

echo "# one of two copies is left: the administrator decides"
check "the small group is disabled" group_is pair disabled
OUT=$(on c vxdg -s import pair 2>&1 || true)
check "an import is refused, and says how: $OUT" grep -q -e '-f' <<<"$OUT"
check "a forced one is made" on c vxdg -s -f import pair
wait_for 20 "the small group is enabled" group_is pair enabled
check "the disk that was not there at boot is named" output_has 'vol=p1 plex=.* is detached: its disk \(d11\)' \
	on "$(master_node)" cat /var/log/vxha/vxconfigd.log
wait_for 20 "... with its device" here $PAIR
check_is "... and its content" "$pair" "$(pattern_of a $PAIR)"
check "it can be changed" on a vxassist -g pair make p2 5m
check "it is deported" on a vxdg deport pair
check "an import is refused" not on b vxdg -s import pair
OUT=$(on b vxdg -s import pair 2>&1 || true)
check "... and names the disk: $OUT" grep -q 'does not see disk d11 .*-f' <<<"$OUT"
check "a forced one is made" on b vxdg -s -f import pair
wait_for 20 "the device is there" here $PAIR
check_is "... with its content" "$pair" "$(pattern_of c $PAIR)"
check "the configuration is the same everywhere" same_config
for n in $NODES; do
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done

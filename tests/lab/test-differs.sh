#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A write that ends in EIO and is on each mirror in parts (V12): the node lost its paths to one disk of each. All nodes read the
# same from there, the mirrors become equal on the disks, and both stay; without a log and with one. Then a volume without a log that
# is stopped in the middle of a recovery is not CLEAN (V35).
#
#	wide	plexes of two disks each, of d1 to d4 (which, vxprint says), later a log on d5
#	bare	plexes on two of these disks
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"
IODCTL=$TREE/build/tests/iodctl
VOLUME=''

volume() {	# volume NAME: the one that is meant from here on
	VOLUME=$1 DEVICE=/dev/vx/dsk/$GROUP/$1
}

subdisks() {	# plex, disk, offset in the plex
	on a vxprint -g "$GROUP" -ht "$VOLUME" | awk '$1 == "sd" && $8 != "LOG" && $7 != "LOG" { print $3, $4, $7 }'
}

# Where both plexes go on on their second disk, in sectors; the disk of the first before it, of the second after it.
parts() {
	boundary=$(subdisks | awk '$3 > 0 { print $3 }' | sort -u)
	first=$(subdisks | sort | awk '$3 == 0 { print $2; exit }')
	second=$(subdisks | sort | awk '$3 > 0 { d = $2 } END { print d }')
	[ "$(wc -w <<<"$boundary")" = 1 ] && [ -n "$first" ] && [ -n "$second" ]
}

# A slave that did not make the mirrors equal when they were new: it does not own their resyncs.
not_owner() {
	local n
	for n in $(slave_nodes); do
		on "$n" grep -q "vol=$VOLUME: resync of .* begins" /var/log/vxha/vxiod.log || echo "$n"
	done | head -n 1
}

write_across() {	# write_across NODE BYTE: 8 KiB, 4 of them on each side
	on "$1" sh -c "head -c 8192 /dev/zero | tr '\\0' $2 |
		dd of=$DEVICE bs=8192 count=1 seek=$((boundary * 512 - 4096))B oflag=direct conv=notrunc status=none"
}

read_across() {
	on "$1" sh -c "for i in 1 2 3 4 5 6; do
		dd if=$DEVICE bs=8192 count=1 skip=$((boundary * 512 - 4096))B iflag=direct status=none | md5sum; done"
}

all_read_the_same() {
	local n
	[ "$(for n in $NODES; do read_across "$n"; done | tee /dev/stderr | sort -u | wc -l)" = 1 ]
}

both_active() {
	[ "$(on a vxprint -g "$GROUP" -ht "$VOLUME" | grep -c '^pl .* ENABLED *ACTIVE')" = 2 ]
}

fail_in_parts() {
	check "both plexes of $VOLUME have two disks, with the same boundary" parts
	victim=$(not_owner)
	check "a slave does not own the resyncs of $VOLUME" [ -n "$victim" ]
	check "it writes across the boundary" write_across "$victim" A
	check "its path to $first fails" lab disk-fail "$victim" "$first"
	check "... and to $second" lab disk-fail "$victim" "$second"
	check "a write across the boundary fails on $victim" not write_across "$victim" B
	check "the paths are there again" lab disk-heal "$victim" "$first"
	check "... both" lab disk-heal "$victim" "$second"
	wait_for 30 "the mirrors are equal, byte by byte, on the disks" plexes_equal
	wait_for 30 "no resync is running" volume_synced
	check "all nodes read the same" all_read_the_same
	check "no plex was detached" both_active
	check "$victim says why" on "$victim" grep -q "vol=$VOLUME: writes failed that may have reached some plexes" /var/log/vxha/vxiod.log
}

state_is() {	# state_is NODE KSTATE STATE
	on "$1" vxprint -g "$GROUP" -ht "$VOLUME" | tee /dev/stderr | grep -Eq "^v +$VOLUME +[a-z]+ +$2 +$3 "
}

recovering() {	# on NODE a recovery of the volume is under way
	on "$1" vxtask --json list | jq -e '[.tasks[] | select(.volume == "'"$VOLUME"'" and .type == "RECOV" and .done < .total)] | length > 0'
}

pause_ms() {	# between two windows of a resync, on a and b
	on a "$IODCTL" set resync_slow_ms "$1" && on b "$IODCTL" set resync_slow_ms "$1"
}

lab_start 3 --pacemaker --disks 5 --size 128
story_need cluster
check "disks are set up" on a vxdisk setup d1 d2 d3 d4 d5
check "the disk group is made" on a vxdg -s init "$GROUP" d1=d1 d2=d2 d3=d3 d4=d4 d5=d5

volume wide
check "a volume of two disks in each mirror is made" on a vxassist -g "$GROUP" make wide 150m layout=mirror nmirror=2 d1 d2 d3 d4
wait_for 60 "its mirrors are made equal" volume_synced
echo "# without a log"
fail_in_parts
echo "# with a log"
check "it gets a log" on b vxassist -g "$GROUP" addlog wide d5
fail_in_parts

volume bare
check "a volume without a log is made" on a vxassist -g "$GROUP" make bare 40m layout=mirror nmirror=2 d1 d2 d3 d4
wait_for 60 "its mirrors are made equal" volume_synced
check "resyncs are slow" pause_ms 3000
check "node c loses power" lab crash c
wait_for 90 "all of it is to be recovered" recovering a
check "it is stopped in the middle of that" on a vxvol -g "$GROUP" stop bare
check "it is not CLEAN" state_is a DISABLED NEEDSYNC
check "resyncs are fast" pause_ms 0
check "it is started" on b vxvol -g "$GROUP" start bare
wait_for 60 "its mirrors are made equal" volume_synced
check "... byte by byte, on the disks" plexes_equal
check "it is stopped" on a vxvol -g "$GROUP" stop bare
check "now it is CLEAN" state_is b DISABLED CLEAN
for node in a b; do
	check "no daemon of $node met an impossible state" on "$node" sh -c '! ls /var/lib/vxha/*.blackbox'
done

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A mirrored volume with a log, and a stripe without, become longer and shorter while three nodes write; a node loses power
# while the new space is made equal. No acknowledged write is lost, plexes are equal, and every client sees the new length.
#
#	data	d1 d2: plexes of vol1	d3 d1: its logs		d4 d5: what it grows onto, and the stripe
# shellcheck disable=SC2046  # lists of nodes are split on purpose
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

IODCTL=$TREE/build/tests/iodctl

size_is() {	# size_is VOLUME BYTES: on every node, of the file and for NBD clients
	local n
	for n in $NODES; do
		[ "$(on "$n" stat -c %s "/dev/vx/dsk/$GROUP/$1")" = "$2" ] || return 1
		[ "$(on "$n" nbdinfo --size "nbd+unix:///$GROUP/$1?socket=/run/vxha/nbd.sock")" = "$2" ] || return 1
	done
}

slow() {	# slow MS: between two windows of a resync, on every node
	local n
	for n in $NODES; do
		on "$n" "$IODCTL" set resync_slow_ms "$1" || return 1
	done
}

resyncing() {	# a resync has begun, and is not at its end
	on "$1" vxtask --json list | jq -e '[.tasks[] | select(.type == "RECOV" and .done > 0 and .done < .total)] | length > 0'
}

only_new_space() {	# the last resync was of less than what the volume has
	on "$1" vxtask --all --json list | tee /dev/stderr |
		jq -e '[.tasks[] | select(.volume == "vol1" and .state == "done")] | max_by(.started_ms) | .regions > 0 and .regions < .all_regions'
}

lab_start 3 --pacemaker --disks 5 --size 512
story_need volume
check "more disks are set up" on b vxdisk setup d4 d5
check "... and come into the group" on b vxdg -g "$GROUP" adddisk d4=d4 d5=d5

# ---- longer, with all nodes writing ----
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
check "the volume grows, typed on a slave" on "$(slave_nodes | head -n 1)" vxassist -g "$GROUP" growby "$VOLUME" 100m
wait_for 5 "it is longer for everybody" size_is "$VOLUME" $((300 * 1048576))
wait_for 15 "the writers make progress" writers_grow a b c
wait_for 60 "the mirrors are equal again" volume_synced
check "only the new space and what was being written was copied" only_new_space a
check "it cannot become shorter while it is open" output_has "volume vol1 is open: stamp" \
	on a sh -c "vxassist -g $GROUP -f shrinkto $VOLUME 250m 2>&1; true"

# ---- again, onto other disks; a node is lost meanwhile ----
check "resyncs are slow" slow 300
check "it grows onto disks that are named" on c vxassist -g "$GROUP" growto "$VOLUME" 500m d4 d5
wait_for 5 "it is longer for everybody" size_is "$VOLUME" $((500 * 1048576))
wait_for 30 "the new space is being copied" resyncing a
victim=$(slave_nodes | tail -n 1)
lab autoboot off
check "node $victim loses power" lab crash "$victim"
wait_writers "$victim"
wait_for 60 "the others go on" view_without "$victim"
wait_for 15 "their writers make progress" writers_grow $(others_of "$victim")
for node in $(others_of "$victim"); do
	check "resyncs are quick on $node" on "$node" "$IODCTL" set resync_slow_ms 0
done
wait_for 90 "the mirrors are equal again" volume_synced
writers_stop $(others_of "$victim")
check "no acknowledged write is missing" stamps_good "$(master_node)"
check "both plexes are equal, the new space too" plexes_equal
story_all_back
check "c writes to the end" on c sh -c \
	"yes data | dd of=$DEVICE bs=1M count=16 seek=484 iflag=fullblock oflag=direct conv=notrunc && ! dd if=/dev/zero of=$DEVICE bs=1M count=1 seek=500 conv=notrunc"
check_is "a reads it" "$(yes data | head -c 16777216 | md5sum)" "$(on a dd if=$DEVICE bs=1M skip=484 iflag=direct 2>/dev/null | md5sum)"
check "the plexes are equal" plexes_equal

# ---- shorter ----
check "not without -f" output_has 'V-80-1-1086 Volume vol1: what it holds behind 512000 sectors would be lost' \
	on b sh -c "vxassist -g $GROUP shrinkto $VOLUME 250m 2>&1; true"
check "it becomes shorter" on b vxassist -g "$GROUP" -f shrinkto "$VOLUME" 250m
wait_for 5 "for everybody" size_is "$VOLUME" $((250 * 1048576))
check "what was written is there" stamps_good b
wait_for 60 "the mirrors are equal" volume_synced
check "... byte by byte" plexes_equal
check "their subdisks on d4 and d5 are gone" not output_has '^sd .* vol1-0[12] +d[45] ' on a vxprint -g "$GROUP" -ht

# ---- without a log, striped, then mirrored ----
check "a mirror of stripes without a log" on a vxassist -g "$GROUP" make s 30m layout=mirror-stripe ncol=2 d1 d2 d4 d5
wait_for 30 "its device is there" size_is s $((30 * 1048576))
check "a pattern is written" on b sh -c "yes more | dd of=/dev/vx/dsk/$GROUP/s bs=1M count=30 iflag=fullblock oflag=direct conv=notrunc"
sum=$(on c sh -c "md5sum </dev/vx/dsk/$GROUP/s")
check "it grows" on c vxassist -g "$GROUP" growto s 70m
wait_for 5 "for everybody" size_is s $((70 * 1048576))
VOLUME=s
wait_for 60 "the mirrors are equal" volume_synced
check "... byte by byte" plexes_equal
check_is "what was there is there" "$sum" "$(on a sh -c "head -c 31457280 /dev/vx/dsk/$GROUP/s | md5sum")"
check "a file system that was not told is well" on a sh -c "
	mke2fs -q -F /dev/vx/dsk/$GROUP/s 60m && vxassist -g $GROUP growby s 10m && e2fsck -fn /dev/vx/dsk/$GROUP/s &&
	resize2fs /dev/vx/dsk/$GROUP/s && e2fsck -fn /dev/vx/dsk/$GROUP/s"
wait_for 60 "the mirrors are equal" volume_synced
check "... byte by byte" plexes_equal
check "the configuration is the same everywhere" same_config
for node in $NODES; do
	check "no daemon of $node met an impossible state" on "$node" sh -c '! ls /var/lib/vxha/*.blackbox'
done

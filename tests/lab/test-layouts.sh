#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Striped volumes: three nodes write to a mirror of stripes, one of them loses power; no acknowledged write is lost, and
# the plexes are equal. What a node writes to a stripe without a mirror another one reads.
#
#	data	d1 d2 d3: columns of vol1-01	d4 d5 d6: columns of vol1-02	d7 and one of them: its logs
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

# Each record of vxprint -ht on node a, blanks squeezed.
has_line() {	# has_line REGEX
	on a vxprint -g "$GROUP" -ht | tr -s ' ' | tee /dev/stderr | grep -Eq "^$1\$"
}

pattern() {	# pattern NODE DEVICE: what is there, through the device
	on "$1" sh -c "dd if=$2 bs=192k iflag=direct 2>/dev/null | md5sum"
}

same_pattern() {
	[ "$(pattern a "$1")" = "$(pattern c "$1")" ]
}

lab_start 3 --pacemaker --disks 7 --size 256
story_need group
check "more disks are set up" on b vxdisk setup d4 d5 d6 d7
check "... and come into the group" on b vxdg -g "$GROUP" adddisk d4=d4 d5=d5 d6=d6 d7=d7

check "a mirror of stripes is made" on b \
	vxassist -g "$GROUP" make "$VOLUME" 200m layout=mirror-stripe ncol=3 stripeunit=64k logtype=drl
wait_for 30 "the device is there on all nodes" device_there
wait_for 60 "the mirrors are in sync" volume_synced
check "the volume is as long as was asked for" has_line 'v vol1 fsgen ENABLED ACTIVE 409600 SELECT -'
for plex in vol1-01 vol1-02; do
	check "$plex is whole stripes" has_line "pl $plex vol1 ENABLED ACTIVE 409728 STRIPE 3/128 RW"
done
for column in 0 1 2; do
	check "column $column of vol1-01" has_line "sd d$((column + 1))-01 vol1-01 d$((column + 1)) 0 136576 $column/0 d$((column + 1)) ENA"
	check "column $column of vol1-02" has_line "sd d$((column + 4))-01 vol1-02 d$((column + 4)) 0 136576 $column/0 d$((column + 4)) ENA"
done

writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
victim=$(slave_nodes | tail -n 1)
at=$(now_ms)
lab autoboot off
lab crash "$victim"
wait_writers "$victim"
wait_for 60 "the survivors go on without $victim" view_without "$victim"
# shellcheck disable=SC2046
wait_for 15 "their writers make progress again" writers_grow $(others_of "$victim")
wait_for 60 "what it had dirty is made equal" resync_finished "$victim" "$at"
# shellcheck disable=SC2046
writers_stop $(others_of "$victim")
check "no acknowledged write is missing" stamps_good "$(master_node)"
check "both plexes are equal, byte by byte, on the disks" plexes_equal
story_all_back

check "as large a stripe as there is room for" on c sh -c "
	vxassist -g $GROUP maxsize layout=stripe ncol=7 --json &&
	vxassist -g $GROUP make s1 \$(vxassist -g $GROUP maxsize layout=stripe ncol=7 --json | jq .max_size) layout=stripe ncol=7 stripeunit=24k"
wait_for 30 "its device is there" on c test -f "/dev/vx/dsk/$GROUP/s1"
check "its plex is read first" has_line 'v s1 fsgen ENABLED ACTIVE [0-9]+ SELECT s1-01'
check "a writes all of it, in pieces that cross columns" on a \
	sh -c "openssl enc -aes-128-ctr -nosalt -pass pass:x -in /dev/zero 2>/dev/null | head -c \$(stat -c %s /dev/vx/dsk/$GROUP/s1) |
		dd of=/dev/vx/dsk/$GROUP/s1 bs=200k iflag=fullblock oflag=direct conv=notrunc"
check "c reads the same" same_pattern "/dev/vx/dsk/$GROUP/s1"
check "... and so does an NBD client" on b sh -c \
	"nbdcopy 'nbd+unix:///$GROUP/s1?socket=/run/vxha/nbd.sock' - | cmp - /dev/vx/dsk/$GROUP/s1"
check "the configuration is the same everywhere" same_config
check "it is removed" on b vxassist -g "$GROUP" remove volume s1

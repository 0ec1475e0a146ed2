#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file system on a volume, through a loop device as one needs it for a mount: a node writes files, each with fsync, and
# loses power in the middle. Another node mounts it: every file that was on stable storage is there, and fsck finds nothing.
# shellcheck disable=SC2046  # lists of nodes are split on purpose
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

MOUNT=/mnt

# A node's /dev has only its own disks: any loop device may be the free one.
loops_there() {	# loops_there NODE
	on "$1" sh -c 'test -e /dev/loop-control || mknod /dev/loop-control c 10 237
		for i in $(seq 0 511); do test -e /dev/loop$i || mknod /dev/loop$i b 7 $i; done'
}

mounted() {	# mounted NODE TYPE
	loops_there "$1" && on "$1" mount -o loop -t "$2" $DEVICE $MOUNT
}

longer() {
	local n
	for n in $NODES; do
		[ "$(on "$n" stat -c %s $DEVICE)" = $((400 << 20)) ] || return 1
	done
}

# Writes files, each of random bytes, until it dies; tells of each that is on stable storage.
files_start() {	# files_start NODE
	: >"$WORK/files"
	on "$1" sh -c '
		for i in $(seq 100000); do
			head -c $((i % 7 * 9973 + 100)) /dev/urandom >/tmp/new
			dd if=/tmp/new of='$MOUNT'/file$i conv=fsync 2>/dev/null && sync -f '$MOUNT' || exit 1
			echo "$(md5sum </tmp/new) file$i"
		done' >>"$WORK/files" 2>/dev/null </dev/null &
	FILES=$!
}

files_told() {	# files_told COUNT
	[ "$(wc -l <"$WORK/files")" -gt "$1" ]
}

files_there() {	# files_there NODE
	on "$1" sh -c 'while read -r sum _ name; do
			[ "$(md5sum <'$MOUNT'/$name)" = "$sum  -" ] || { echo "$name differs"; exit 1; }
		done' <"$WORK/files"
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
for type in ext4 xfs; do
	case $type in
	ext4) make="mke2fs -q -F -t ext4" fsck="e2fsck -fn" ;;
	xfs)
		make="mkfs.xfs -q -f" fsck="xfs_repair -n -f"
		check "the volume becomes as long as xfs needs" on a vxassist -g "$GROUP" growto "$VOLUME" 400m
		wait_for 5 "... for everybody" longer
		;;
	esac
	victim=$(slave_nodes | head -n 1)
	check "$type is made on the device" on "$victim" $make $DEVICE
	check "$victim mounts it" mounted "$victim" $type
	files_start "$victim"
	wait_for 60 "some files are on stable storage" files_told 20
	lab autoboot off
	check "$victim loses power" lab crash "$victim"
	wait "$FILES" || true
	wait_for 60 "the others go on without it" view_without "$victim"
	other=$(slave_nodes | head -n 1)
	check "$other mounts it" mounted "$other" $type
	echo "# $(wc -l <"$WORK/files") files"
	check "every file that was on stable storage is there" files_there "$other"
	check "it is unmounted" on "$other" umount $MOUNT
	check "fsck finds nothing" on "$other" $fsck $DEVICE
	story_all_back
	wait_for 60 "no resync is running" volume_synced
	check "both plexes are equal on the disks" plexes_equal
done
check "no loop device is left on a volume" not sh -c "losetup -l -n -O BACK-FILE | grep $DEVICE"

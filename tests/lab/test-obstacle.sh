#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Something is in the way of a device on one node. A change that needs the device is refused, with the node and the
# reason; a node that joins goes on without the device, says so, and has it when the way is free. What others put
# there is never touched.
#
#	all changes are typed on a; the obstacles are on b or c
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

DSK=/dev/vx/dsk/$GROUP

# refused_by NODE PATH-PART COMMAND: the form of the message, and nothing came of it.
refused_by() {
	local out status=0 before
	before=$(on a vxprint -g "$GROUP" -ht)
	out=$(on a sh -c "$3" 2>&1) || status=$?
	echo "$out (exit $status)"
	[ "$status" = 12 ] &&
		grep -Eq "^vxha [a-z]+ ERROR V-80-1-1043 Disk group $GROUP: refused by node $1: $2: .* is in the way" <<<"$out" &&
		[ "$(on a vxprint -g "$GROUP" -ht)" = "$before" ]
}

device_on() {
	on "$1" test -s "$2"
}

devices_on_all() {
	local n
	for n in $NODES; do
		device_on "$n" "$1" || return 1
	done
}

nothing_mounted() {
	local n
	for n in $NODES; do
		! on "$n" grep " $1 " /proc/mounts || return 1
	done
}

info_is() {	# info_is NODE VOLUME CONDITION
	[ "$(on "$1" vxinfo -g "$GROUP" "$2" 2>/dev/null | sed 's/^[^ ]* *[^ ]* *//')" = "$3" ]
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need group

echo "# a folder, a file, a link"
check "b has a folder in the way of v1" on b mkdir -p $DSK/v1
check "vxassist make is refused" refused_by b $DSK/v1 "vxassist -g $GROUP make v1 10m"
check "... with --dry-run too" refused_by b $DSK/v1 "vxassist -g $GROUP --dry-run make v1 10m"
check "no device anywhere" nothing_mounted $DSK/v1
check "the folder is there" on b rmdir $DSK/v1
check "b has a file in the way" on b sh -c "mkdir -p $DSK; echo precious >$DSK/v1"
check "refused" refused_by b $DSK/v1 "vxassist -g $GROUP make v1 10m"
check "the file is as it was" output_has precious on b cat $DSK/v1
check "now it is a link to it" on b sh -c "mv $DSK/v1 /dev/vx/kept; ln -s /dev/vx/kept $DSK/v1"
check "refused" refused_by b $DSK/v1 "vxassist -g $GROUP make v1 10m"
check "what the link leads to is as it was" output_has precious on b cat $DSK/v1
check "the link leads nowhere" on b rm /dev/vx/kept
check "that is in nobody's way" on a vxassist -g "$GROUP" make v1 10m
wait_for 20 "every node has the device" devices_on_all $DSK/v1

echo "# starting, activation, import"
check "v1 is stopped" on a vxvol -g "$GROUP" stop v1
wait_for 20 "its devices are gone" nothing_mounted $DSK/v1
check "c has a folder in the way" on c mkdir -p $DSK/v1
check "vxvol start is refused" refused_by c $DSK/v1 "vxvol -g $GROUP start v1"
check "the folder goes" on c rmdir $DSK/v1
check "v1 is started" on a vxvol -g "$GROUP" start v1
wait_for 20 "every node has the device" devices_on_all $DSK/v1
check "a gives the group up" on a vxdg -g "$GROUP" set activation=off
wait_for 20 "no device on a" not on a test -e $DSK/v1
check "something is in the way of the folder" on a sh -c "echo precious >$DSK"
check "the group is not activated" refused_by a $DSK "vxdg -g $GROUP set activation=sw"
check "the file goes" on a rm $DSK
check "the group is activated" on a vxdg -g "$GROUP" set activation=sw
wait_for 20 "every node has the device" devices_on_all $DSK/v1
check "who has it open for writing is in the way of shared-read" output_has 'refused by node a: volume v1 is open for writing: sh ' \
	on a sh -c "exec 9<>$DSK/v1; vxdg -g $GROUP set activation=sr 2>&1; true"
check "a reader is not" on a sh -c "exec 9<$DSK/v1; vxdg -g $GROUP set activation=sr"
check "a writes again" on a vxdg -g "$GROUP" set activation=sw
check "the group is deported" on a vxdg deport "$GROUP"
wait_for 20 "its devices are gone" nothing_mounted $DSK/v1
check "b has something in the way" on b mkdir -p $DSK/v1
check "the import is refused" output_has "ERROR V-80-1-1043 Disk group $GROUP: refused by node b: $DSK/v1: a folder" \
	on a sh -c "vxdg -s import $GROUP 2>&1"
check "... and did not come about" not on a vxprint -g "$GROUP"
check "the folder goes" on b rmdir $DSK/v1
check "the group is imported" on a vxdg -s import "$GROUP"
check "v1 is started" on a vxvol -g "$GROUP" startall
wait_for 20 "every node has the device" devices_on_all $DSK/v1

echo "# a node joins"
typed a "pcs property set maintenance-mode=true"
typed c "vxclustadm stopnode"
check "c has a file in the way" on c sh -c "mkdir -p $DSK; echo precious >$DSK/v1"
typed c "vxclustadm startnode"
wait_for 60 "c is a member" all_members
wait_for 20 "its log says it" on c grep -q "error: dg=$GROUP vol=v1: NO DEVICE ON THIS NODE: $DSK/v1: a file" /var/log/vxha/vxiod.log
wait_for 20 "vxinfo of c shows it" info_is c v1 "Started Unusable"
check "... with the reason" output_has "^vxha vxinfo WARNING V-80-1-1134 Volume v1: .*$DSK/v1: a file is in the way" \
	on c sh -c "vxinfo -g $GROUP 2>&1"
check "the others are well" info_is b v1 Started
check "other changes go on" on a vxassist -g "$GROUP" make v2 10m
wait_for 20 "every node has that device" devices_on_all $DSK/v2
check "the file is as it was" output_has precious on c cat $DSK/v1
check "the volume is removed" on a vxassist -g "$GROUP" remove volume v1
check "the file is still as it was" output_has precious on c cat $DSK/v1
check "v1 is not made again over it" refused_by c $DSK/v1 "vxassist -g $GROUP make v1 10m"
check "the file goes" on c rm $DSK/v1
check "v1 is made" on a vxassist -g "$GROUP" make v1 10m
wait_for 20 "every node has the device" devices_on_all $DSK/v1
typed c "vxclustadm stopnode"
check "c has a folder in the way" on c mkdir -p $DSK/v1
typed c "vxclustadm startnode"
wait_for 60 "c is a member" all_members
wait_for 20 "vxinfo of c shows it" info_is c v1 "Started Unusable"
check "the folder goes" on c rmdir $DSK/v1
wait_for 20 "the device comes by itself" devices_on_all $DSK/v1
check "vxinfo has nothing to say" info_is c v1 Started
check "the volume can be used" on c dd if=/dev/zero of=$DSK/v1 bs=4k count=1 oflag=direct conv=notrunc
typed a "pcs property set maintenance-mode=false"

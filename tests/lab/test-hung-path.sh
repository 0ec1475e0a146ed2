#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A node's path to a disk hangs: what was asked of it does not come back (R4, R11). Who waits for a read goes on
# without it; a write that may still land ends the node that sent it, also that of a new log (T6). The others run on.
#
#	vol1: d1 d2; the configuration: also d3
#	a, b	d1 ... d4
#	c	d1 d2 d4, d3 by a path that can hang
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

logged() {	# logged NODE DAEMON TEXT
	on "$1" grep -q "$3" "/var/log/vxha/$2.log"
}

runs_after() {	# runs_after EPOCH NODE...: they run a later view
	local before=$1 n
	shift
	for n in "$@"; do
		on "$n" vxclustadm nodestate --json | jq -e ".view_open and .epoch > $before" >/dev/null || return 1
	done
}

master_is() {
	[ "$(role_of "$1")" = MASTER ]
}

lab_start 3 --pacemaker --disks 4 --size 512
check "node c has a path to d3 that can hang" on c "$TREE/build/tests/hangdisk" /dev/vxdisk/d3
story_need group
typed a "vxassist -g $GROUP make $VOLUME 100m layout=mirror nmirror=2 logtype=drl d1 d2"
wait_for 20 "the device is there on all nodes" device_there
master_is a || check "node a becomes master" on b vxclustadm setmaster a
wait_for 60 "it is" master_is a

echo "# a read hangs on a slave; then another node dies and comes back"
fences=$(fenced_count a c)
check "the path hangs" lab pause c hangdisk
check "vxdg list on c says so" output_has "d3 .*does not answer" on c vxdg list "$GROUP"
before=$(epoch_of a)
check "node b loses its power" lab crash b
wait_for 60 "the others run on" runs_after "$before" a c
check "changes work" change a "without b"
wait_for 150 "node b is back" all_back
check_is "nobody fenced node c" "$fences" "$(fenced_count a c)"
check "changes work" change c "with b"
check "the path answers again" lab cont c hangdisk
wait_for 30 "all copies are well" not output_has "does not answer" on c vxdg list "$GROUP"

echo "# a write hangs on the master; then another node dies"
check "node c becomes master" on a vxclustadm setmaster c
wait_for 60 "it is" master_is c
check "the path hangs" lab pause c hangdisk
check "a change is stored on the other disks" change a "three of four"
check "node b loses its power" lab crash b
wait_for 60 "node c cannot go on" logged c vxclustd "vxconfigd makes no progress"
wait_for 150 "it is switched off" fenced_more_than a c "$fences"
wait_for 150 "all are back" all_back
wait_for 30 "changes work" change c "all are back"
wait_for 20 "the configuration is the same everywhere" same_config

echo "# the write of a new log hangs on the master, while the volume is suspended everywhere"
fences=$(fenced_count a c)
check "node c has a path to d3 that can hang" on c "$TREE/build/tests/hangdisk" /dev/vxdisk/d3
check "node c becomes master" on a vxclustadm setmaster c
wait_for 60 "it is" master_is c
check "the path will hang at the next write" lab kill c hangdisk USR1
on a vxassist -g "$GROUP" addlog "$VOLUME" d3 >/dev/null 2>&1 &
wait_for 60 "node c asks for a view" logged c vxconfigd "asks for a new view: a new log was not written in time"
wait_for 150 "it is switched off" fenced_more_than a c "$fences"
wait_for 150 "a writes to the volume" on a timeout 5 dd if=/dev/zero of="$DEVICE" bs=64k count=1 oflag=direct conv=notrunc
wait_for 150 "all are back" all_back
wait_for 30 "a log can be added" on a vxassist -g "$GROUP" addlog "$VOLUME" d3
wait_for 20 "the configuration is the same everywhere" same_config

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --dry-run of every changing verb, typed on a slave: every node is asked, what would change is printed, nothing does.
#
#	volume v1: plexes v1-01, -02     v2: stopped     disks d1 d2 d3 in the group, d4 free
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

state() {
	local n
	for n in $NODES; do
		on "$n" sh -c 'vxprint -ht; vxdg list; vxdisk list; vxinfo -p; vxdctl audit'
	done
}

# dry NODE REGEX-OF-A-LINE COMMAND: it would work, it says what would be, and nothing is.
dry() {
	local before out
	before=$(state)
	out=$(on "$1" sh -c "$3") || return 1
	echo "$out"
	grep -Eqx -e "$2" <<<"$out" &&
		[[ $(tail -n 1 <<<"$out") =~ ^dry\ run:\ .*nothing\ was\ changed$|^dry\ run:\ there\ is\ nothing\ to\ be\ changed$ ]] &&
		[ "$(state)" = "$before" ]
}

refused_dry() {	# refused_dry NODE NUMBER COMMAND
	local before out status=0
	before=$(state)
	out=$(on "$1" sh -c "$3" 2>&1) || status=$?
	echo "$out"
	[ "$status" != 0 ] && grep -Eq " ERROR V-80-1-$2 " <<<"$out" && [ "$(state)" = "$before" ]
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need group
slave=$(slave_nodes | head -n 1)
check "a volume with two plexes" on a vxassist -g "$GROUP" make v1 20m layout=mirror init=active
check "another one" on a vxassist -g "$GROUP" make v2 10m
check "it is stopped" on a vxvol -g "$GROUP" stop v2
D4=$(on a vxdisk -q list | awk '/online invalid/ { print $1 }' | head -n 1)

check "vxdisk setup" dry a "setup   device $D4: private region of [0-9]+ sectors; what is on it is lost" "vxdisk -n setup $D4"
check "... is refused for a disk of the group" refused_dry a 1012 "vxdisk -n setup d1"
check "the disk is prepared" on a vxdisk setup "$D4"
check "vxdg init" dry "$slave" "add     dg other dgid=.* shared=on .*" "vxdg --dry-run -s init other o1=$D4"
check "vxdg adddisk" dry "$slave" "add     dm d4 diskid=.* device=.*" "vxdg -g $GROUP --dry-run adddisk d4=$D4"
check "vxdg rmdisk of one that is used is refused" refused_dry "$slave" 1035 "vxdg -g $GROUP --dry-run rmdisk d1"
check "vxdg set" dry "$slave" "change  dg $GROUP detach_policy=.*->LOCAL" "vxdg -g $GROUP --dry-run set diskdetpolicy=local"
check "vxdg set activation" dry "$slave" "change  dg $GROUP activation=.*->off on node $slave" \
	"vxdg -g $GROUP --dry-run set activation=off"
check "vxdg deport" dry "$slave" "deport  dg $GROUP" "vxdg --dry-run deport $GROUP"
check "vxdg destroy" dry "$slave" "remove  v  v1" "vxdg --dry-run destroy $GROUP"
check "vxassist make" dry "$slave" "add     v  v3 usetype=fsgen len=20480 state=.*" "vxassist -n -g $GROUP make v3 10m"
check "vxassist remove" dry "$slave" "remove  v  v2" "vxassist -n -g $GROUP remove volume v2"
check "vxvol start" dry "$slave" "change  v  v2 state=.* kstate=DISABLED->ENABLED" "vxvol -n -g $GROUP start v2"
check "vxvol stop" dry "$slave" "change  v  v1 state=.* kstate=ENABLED->DISABLED" "vxvol -n -g $GROUP stop v1"
check "vxvol startall" dry "$slave" "change  v  v2 state=.* kstate=DISABLED->ENABLED" "vxvol -n -g $GROUP startall"
check "vxvol stopall" dry "$slave" "change  pl v1-01 state=.* kstate=ENABLED->DISABLED" "vxvol -n -g $GROUP stopall"
check "vxvol rdpol" dry "$slave" "change  v  v1 read_policy=.*->ROUND" "vxvol -n -g $GROUP rdpol round v1"
check "vxvol set" dry "$slave" 'change  v  v1 comment=->"not yet"' "vxvol -n -g $GROUP set comment='not yet' v1"
check "vxplex det" dry "$slave" "change  pl v1-02 state=ACTIVE->.* kstate=ENABLED->DETACHED" "vxplex -n -g $GROUP det v1-02"
check "vxplex -o rm dis" dry "$slave" "remove  pl v1-02" "vxplex -n -g $GROUP -o rm dis v1-02"
check "vxrecover -s" dry "$slave" "change  v  v2 state=.* kstate=DISABLED->ENABLED" "vxrecover -g $GROUP -s --dry-run"
check "what is not possible is refused" refused_dry "$slave" 1030 "vxvol -n -g $GROUP start nosuch"
check "the group is deported" on a vxdg deport "$GROUP"
check "vxdg import" dry "$slave" "import  dg $GROUP" "vxdg --dry-run -s import $GROUP"
check "the group is imported" on a vxdg -s import "$GROUP"

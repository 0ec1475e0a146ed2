#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One disk is wanted by two at the same time (T16), typed on two nodes: two vxdg init, init against adddisk, either against
# vxdisk setup. One of them wins each time, the other is told who has the disk; no view comes of it, no vxconfigd ends,
# all nodes hold the same configuration. Then what is on a disk of a group is damaged: all its copies, and one of several (D21).
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

ROUNDS=${ROUNDS:-10}

state_of() {	# that no change of one disk touches
	local node
	for node in a b c; do
		echo "$node: vxconfigd $(on "$node" pidof vxconfigd), epoch $(epoch_of "$node")"
	done
}

# both NODE COMMAND NODE COMMAND: at once; exit codes in CODE1 and CODE2, what was said in $WORK/said1 and 2.
both() {
	local one two
	CODE1=0 CODE2=0
	# shellcheck disable=SC2086  # words
	on "$1" $2 >"$WORK/said1" 2>&1 & one=$!
	# shellcheck disable=SC2086
	on "$3" $4 >"$WORK/said2" 2>&1 & two=$!
	wait $one || CODE1=$?
	wait $two || CODE2=$?
	echo "$1: $2: $CODE1"
	cat "$WORK/said1"
	echo "$3: $4: $CODE2"
	cat "$WORK/said2"
}

# The loser is told who has the disk.
one_wins() {
	both "$@"
	if [ $CODE1 = 0 ]; then
		[ $CODE2 = 13 ] && grep "V-80-1-1012 Device $D4: appears to be owned by disk group" "$WORK/said2"
	else
		[ $CODE1 = 13 ] && [ $CODE2 = 0 ] &&
			grep "V-80-1-1012 Device $D4: appears to be owned by disk group" "$WORK/said1"
	fi
}

groups_of() {
	on "$1" vxdg -q list
	on "$1" vxprint -dF '%name %device' 2>/dev/null || on "$1" vxprint -d
}

same_everywhere() {
	local node
	for node in b c; do
		diff <(groups_of a) <(groups_of "$node") || return 1
	done
}

free_again() {	# whoever has the disk gives it back
	local group
	for group in ga gb; do
		not on a vxdg list $group >/dev/null 2>&1 || on a vxdg destroy $group || return 1
	done
	not on a sh -c "vxprint -g $GROUP -d | grep -w x4" || on a vxdg -g "$GROUP" rmdisk x4
}

inits_round() {
	one_wins "$second" "vxdg -s init ga $D4" "$third" "vxdg -s init gb $D4" && same_everywhere && free_again
}

adddisk_round() {
	one_wins "$second" "vxdg -g $GROUP adddisk x4=$D4" "$third" "vxdg -s init gb $D4" && same_everywhere && free_again
}

# Setup may come first, and init or adddisk take what it made: then both did it. What was told is true.
setup_round() {	# setup_round COMMAND GROUP MEDIA
	both "$second" "$1" "$third" "vxdisk setup $D4"
	case $CODE1$CODE2 in
	013) grep "V-80-1-1012 Device $D4: appears to be owned by disk group $2" "$WORK/said2" ;;
	00) ;;
	*0) grep -E "vxdisk setup|does not see disk|is another disk" "$WORK/said1" ;;
	*) return 1 ;;
	esac || return 1
	if [ $CODE1 = 0 ]; then	# it has the disk, not only its name
		on "$second" vxassist -g "$2" make probe 1m "$3" && on "$second" vxassist -g "$2" remove volume probe ||
			return 1
	fi
	same_everywhere && free_again
}

# What was given up on one node is free on all others at once.
given_up_round() {
	on "$first" vxdg -s init ga g4="$D4" && on "$first" vxdg destroy ga && on "$third" vxdisk setup "$D4"
}

rounds() {	# rounds FUNCTION [WORD...]
	local round
	for round in $(seq "$ROUNDS"); do
		echo "# round $round"
		"$@" || return 1
	done
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need group
first=$(master_node)
read -r second third <<<"$(slave_nodes | tr '\n' ' ')"
D4=$(on "$first" vxdisk -q list | awk '/online invalid/ { print $1 }' | head -n 1)
check "a disk is prepared" on "$first" vxdisk setup "$D4"
before=$(state_of)

check "two vxdg init: one wins" rounds inits_round
check_is "no view came of it, every vxconfigd runs" "$before" "$(state_of)"
check "vxdg adddisk and vxdg init: one wins" rounds adddisk_round
check "vxdg init and vxdisk setup: what is told is true" rounds setup_round "vxdg -s init ga g4=$D4" ga g4
check "vxdg destroy, and at once vxdisk setup on another node" rounds given_up_round
check "vxdg adddisk and vxdisk setup: what is told is true" \
	rounds setup_round "vxdg -g $GROUP adddisk x4=$D4" "$GROUP" x4
check_is "no view came of it, every vxconfigd runs" "$before" "$(state_of)"

# ---- a group that is disabled can be given up ----

all_see() {	# all_see STATE: how vxdg list shows ga; "-": not at all
	local node
	for node in a b c; do
		[ "$(on "$node" vxdg -q list | awk '$1 == "ga" { print $2 }' | grep . || echo -)" = "$1" ] || return 1
	done
}

lose_copy() {	# lose_copy DISK FILE: its private region is overwritten, its label is not
	local path
	path=$(on "$first" vxdisk --json list "$1" | jq -r '.. | .path? // empty' | head -n 1)
	on "$first" dd if="$2" of="$path" bs=4096 seek=2 count=4096 conv=notrunc oflag=direct iflag=fullblock
}

check "a disk group is made" on "$second" vxdg -s init ga g4="$D4"
check "its copies are overwritten" lose_copy "$D4" /dev/zero
check "another node becomes master" on "$first" vxclustadm setmaster "$second"
wait_for 30 "the group is disabled on all nodes" all_see disabled
refused_with() {	# refused_with CODE TEXT COMMAND...
	local code=$1 text=$2 status=0
	shift 2
	"$@" 2>"$WORK/said1" || status=$?
	cat "$WORK/said1"
	[ "$status" = "$code" ] && grep -q "$text" "$WORK/said1"
}
agent() {	# agent ACTION, of the resource that the group would be, on the third node
	on "$third" timeout 120 env OCF_ROOT=/usr/lib/ocf OCF_RESKEY_diskgroup=ga OCF_RESKEY_CRM_meta_timeout=3600000 \
		/usr/lib/ocf/resource.d/vxha/vxdg "$1"
}
check "its resource does not wait for it, and says why" \
	refused_with 1 "disk group ga is not imported: ga: not possible in state disabled: the copies hold an older configuration" agent start
check "nor does its stop" agent stop
check "it is not destroyed by mistake" refused_with 20 "V-80-1-1037 .*-f: give it up" on "$third" vxdg destroy ga
check "nor its disk initialised" refused_with 13 "V-80-1-1017 .*vxdg -f destroy ga" on "$third" vxdisk -f setup "$D4"
check "by force it is, with a warning" output_has "its configuration copies are left" on "$third" vxdg -f destroy ga
check "no node knows it" all_see -
check "the first node is master again" on "$second" vxclustadm setmaster "$first"
wait_for 20 "no node knows it" all_see -
check "its disk can be used" on "$third" sh -c "vxdisk setup $D4 && vxdg -s init ga g4=$D4"
check "the copies of the new one are overwritten" lose_copy "$D4" /dev/urandom
check "another node becomes master" on "$first" vxclustadm setmaster "$third"
wait_for 30 "the group is disabled on all nodes" all_see disabled
check "it is not deported by mistake" refused_with 20 "V-80-1-1037 .*-f: give it up" on "$second" vxdg deport ga
check "by force it is, with a warning" output_has "its configuration copies are left" on "$second" vxdg -f deport ga
check "no node knows it" all_see -
check "nor can it be imported" not on "$first" vxdg -s import ga
check "the first node is master again" on "$second" vxclustadm setmaster "$first"
wait_for 20 "no node knows it" all_see -
check "its disk is set up anew by force" on "$third" vxdisk -f setup "$D4"

# ---- one copy of several is damaged ----

D1=$(on "$first" vxdisk -q list | awk -v g="$GROUP" '$4 == g { print $1; exit }')
copies_are() {	# copies_are NODE STATE COUNT: of the group's, as the node reads them
	[ "$(on "$1" vxdg --json list "$GROUP" | jq -r '[.. | .copies? // empty | .[].state]|.[]' | grep -c "^$2")" = "$3" ]
}
logged() {	# logged NODE TEXT
	on "$1" grep -q "disk=.*$D1 its configuration copy $2" /var/log/syslog
}

check "all copies are well" copies_are "$first" "clean online" 3
check "one is overwritten" lose_copy "$D1" /dev/urandom
check "who reads it says so" copies_are "$first" "corrupt: its checkpoints are damaged" 1
check "it is logged" logged "$first" "cannot be used: its checkpoints are damaged"
check "a change" on "$third" vxassist -g "$GROUP" make probe 1m
check "writes it anew" copies_are "$first" "clean online" 3
check "it is logged" logged "$first" "is written anew"
check "it is overwritten again" lose_copy "$D1" /dev/urandom
check "another node becomes master" on "$first" vxclustadm setmaster "$second"
wait_for 20 "the take-over wrote it anew" copies_are "$second" "clean online" 3
check "all nodes hold the same" same_everywhere

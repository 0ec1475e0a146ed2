#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Accidents and changes in random order, three nodes with Pacemaker, while all write. After each round, once everything
# is repaired: the same configuration everywhere, no acknowledged write lost, the plexes equal on the disks, nobody
# who had no accident disturbed, no daemon in an impossible state.
#
#	test-accidents.sh			as in `make check`: one layout, three rounds of one seed
#	test-accidents.sh LAYOUT SEED ROUNDS	LAYOUT: one of those below. The seed chooses accidents and pauses between them;
#						what they meet is chance.
# shellcheck disable=SC2046,SC2086 # lists of nodes are split on purpose
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

layout_words() {
	case $1 in
	mirror) echo layout=mirror nmirror=2 logtype=drl ;;
	mirror3) echo layout=mirror nmirror=3 logtype=drl ;;
	nolog) echo layout=mirror,nolog nmirror=2 ;;
	stripes) echo layout=mirror-stripe ncol=2 stripeunit=64k logtype=drl ;;
	*) return 1 ;;
	esac
}

LAYOUT=${1:-mirror} ROUNDS=${3:-3}
RANDOM=${2:-1}
WORDS=$(layout_words "$LAYOUT") || { echo "no layout $LAYOUT"; exit 2; }

# ---- accidents: each notes whom it hits, and what one more would make too much ----

any() {	# any NAME WORD...: one of them, in that variable; not in a subshell, where chance begins anew
	local name=$1
	shift $((RANDOM % ($# - 1) + 1))
	printf -v "$name" %s "$1"
}

hit() {	# hit NODE...
	HIT="$HIT $*"
}

is_hit() {
	[[ " $HIT " == *" $1 "* ]]
}

tell() {
	echo "#   $*"
}

typed_somewhere() {	# COMMAND...: may be refused, in a cluster in trouble
	local node
	any node $NODES
	tell "$node# $*"
	LAB=$LAB timeout 60 "$TEST_DIR/lab" run "$node" "$@" >>"$WORK/typed" 2>&1 || tell "  refused: $(tail -n 1 "$WORK/typed")"
}


accident_power() {
	local node
	any node $NODES
	tell "$node loses power"
	hit "$node"
	lab crash "$node" || true
}

accident_power_all() {
	local node
	tell "all nodes lose power"
	for node in $NODES; do
		hit "$node"
		lab crash "$node" || true
	done
}

accident_cable() {
	local node
	any node $NODES
	tell "the network cable of $node is pulled"
	hit $NODES # of three nodes two may have been hit before: then nobody has quorum
	lab cut "$node"
}

accident_kill() {
	local node daemon
	any node $NODES
	any daemon vxiod vxclustd vxconfigd
	tell "$daemon of $node is killed"
	[ "$daemon" = vxconfigd ] || hit "$node"
	lab kill "$node" "$daemon" || true
}

accident_hang() {
	local node daemon
	any node $NODES
	any daemon vxiod vxclustd vxconfigd
	tell "$daemon of $node hangs"
	hit "$node"
	lab pause "$node" "$daemon" || true
}

accident_abort() {
	local node
	any node $NODES
	tell "$node aborts"
	hit "$node"
	LAB=$LAB timeout 60 "$TEST_DIR/lab" run "$node" vxclustadm abortnode >/dev/null 2>&1 || true
}

# One disk in a round: another one could be the last good one of a mirror.
accident_disk() {
	local node disk where
	[ -z "$WEAK" ] || return 0
	WEAK=1
	any disk $DISKS
	any where a b c "$NODES"
	for node in $where; do
		tell "the way of $node to disk $disk is cut"
		lab disk-fail "$node" "$disk"
	done
}

accident_detach() {
	local plex
	[ -z "$WEAK" ] || return 0
	WEAK=1
	any plex $(plexes)
	typed_somewhere vxplex -g "$GROUP" det "$plex"
}

accident_attach() {
	typed_somewhere vxrecover -g "$GROUP"
}

accident_mirror() {
	if [ "$(plexes | wc -w)" -gt "$PLEXES" ]; then
		typed_somewhere vxassist -g "$GROUP" remove mirror "$VOLUME"
	else
		typed_somewhere vxassist -g "$GROUP" mirror "$VOLUME"
	fi
}

accident_log() {
	local what
	[ "$LAYOUT" != nolog ] || return 0
	any what "addlog $VOLUME" "remove log $VOLUME nlog=1"
	typed_somewhere vxassist -g "$GROUP" $what
}

accident_grow() {
	[ $((GROWN += 1)) -le 3 ] || return 0
	typed_somewhere vxassist -g "$GROUP" growby "$VOLUME" 20m
}

accident_master() {
	local node
	any node $NODES
	typed_somewhere vxclustadm setmaster "$node"
}

accident_change() {
	typed_somewhere vxvol -g "$GROUP" set comment="$RANDOM" "$VOLUME"
}

# ---- what must be true then ----

plexes() {	# of data
	lab run "$(any_member)" vxprint -g "$GROUP" --json | jq -r --arg v "$VOLUME" \
		'[.groups[].records[] | select(.type == "pl" and .volume == $v and .log_only == false) | .name] | join(" ")'
}

any_member() {
	local node
	for node in $NODES; do
		! is_member "$node" || { echo "$node" && return 0; }
	done
	echo a
}

repaired() {	# power, cables, hung and dead daemons
	local node
	story_boot_all
	for node in $NODES; do
		lab cont "$node" vxconfigd >/dev/null 2>&1 || true
		on "$node" sh -c 'vxclustadm nodestate | grep -q "cluster member" && vxdctl mode | grep -q not-running && vxconfigd'
	done
	all_members && group_enabled && device_there
}

# What was detached is attached, what was half made is whole.
all_attached() {
	on "$(master_node)" vxrecover -g "$GROUP" && volume_synced && ! on a vxprint -g "$GROUP" -ht | grep -E '^pl .* (DETACHED|DISABLED|TEMPRMSD|STALE) '
}

accidents_of_round() {
	local count=$((RANDOM % 3 + 1)) kinds kind pause
	kinds="power power power_all cable kill kill hang abort disk disk detach attach mirror mirror log grow master change"
	for ((; count > 0; count--)); do
		any kind $kinds
		any pause 0 0.1 0.3 1 2 3
		"accident_$kind"
		sleep "$pause" # the time of the next one is part of the accident
	done
}

round() {
	local node
	HIT='' WEAK=''
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	accidents_of_round
	for node in $NODES; do
		for disk in $DISKS; do
			lab disk-heal "$node" "$disk"
		done
		lab heal "$node"
		for daemon in vxiod vxclustd vxconfigd; do
			lab cont "$node" "$daemon" >/dev/null 2>&1 || true
		done
	done
	wait_for 200 "all nodes are members, with the group and the device" repaired
	for node in $NODES; do
		is_hit "$node" || check "$node, which had no accident, writes on" writers_grow "$node"
	done
	wait_for 120 "what was detached is whole again" all_attached
	writers_stop $NODES
	wait_for 60 "no resync is running" volume_synced
	check "the configuration is the same everywhere" same_config
	check "every acknowledged write is there, seen from $(any_member)" stamps_good "$(any_member)"
	check "all plexes are equal on the disks" plexes_equal
	for node in $NODES; do
		check "no daemon of $node met an impossible state" on "$node" sh -c '! ls /var/lib/vxha/*.blackbox'
	done
}

DISKS="d1 d2 d3 d4 d5 d6"
GROWN=0
lab_start 3 --pacemaker --disks 6 --size 512
story_need group
check "more disks are set up" on b vxdisk setup d4 d5 d6
check "... and come into the group" on b vxdg -g "$GROUP" adddisk d4=d4 d5=d5 d6=d6
check "the volume is made: $WORDS" on a vxassist -g "$GROUP" make "$VOLUME" 200m $WORDS
wait_for 30 "the device is there on all nodes" device_there
wait_for 60 "the mirrors are in sync" volume_synced
PLEXES=$(plexes | wc -w)
for ((number = 1; number <= ROUNDS; number++)); do
	echo "# round $number of $LAYOUT"
	round
done

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Daemons that die or hang, at three nodes with Pacemaker: the node concerned gets out, the others go on, nobody's
# acknowledged write is lost and the mirrors are equal.
#
#	a, b, c: d1 d2 (plexes of vol1) d3 (log)	writers of the story on all three
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

writers_run() {
	story_need volume
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
}

# A daemon of a node dies by SIGKILL while all write. The node must be out and come back, or be fenced and come back.
killed() {
	local daemon=$1 victim=$2 before
	writers_run
	before=$(views_of "$(others_of "$victim" | head -n 1)")
	check "$daemon on $victim is killed" lab kill "$victim" "$daemon"
	wait_for 90 "the others run a view without $victim's old self" view_after "$victim" "$before"
	# shellcheck disable=SC2046
	wait_for 15 "their writers make progress" writers_grow $(others_of "$victim")
	# shellcheck disable=SC2046
	writers_stop $(others_of "$victim")
	wait_writers "$victim"
	nothing_lost
}

# R11: vxclustd of a slave hangs, which nobody sees until the other slave dies: its HELLO is missing.
hung_vxclustd() {
	local master hung dead
	master=$(master_node) hung=$(slave_nodes | head -n 1) dead=$(slave_nodes | tail -n 1)
	writers_run
	check "vxclustd on $hung hangs" lab pause "$hung" vxclustd
	check "$dead loses its power" lab crash "$dead"
	wait_for 60 "$master found out who hangs" logged "$master" "hangs: no word of its vxclustd"
	wait_for 60 "$hung is fenced and the others run on without its old self" settled_without "$master" "$hung"
	wait_writers "$dead"
	wait_writers "$hung"
	wait_for 150 "the cluster is whole again" all_back
	wait_for 15 "the writers of $master make progress" writers_grow "$master"
	writers_stop "$master"
	nothing_lost
}

# A view of the present life of the node's daemon that runs and names the other node as one that left.
settled_without() {
	on "$1" sed -n '/hangs: no word/,$p' /var/log/vxha/vxclustd.log | grep -q "node=$2 left: lost" &&
		on "$1" vxclustadm -v nodestate --json | jq -e '.reconfigurations | last | .done' >/dev/null
}

logged() {
	on "$1" grep -q "$2" /var/log/vxha/vxclustd.log
}

nothing_lost() {
	local n
	wait_for 150 "all nodes are members again" all_back
	wait_for 60 "the resync is finished" volume_synced
	for n in $NODES; do
		check "every acknowledged write is there, seen from $n" stamps_good "$n"
	done
	check "both plexes are equal on the disks" plexes_equal
}

all_back() {
	local n
	for n in $NODES; do
		lab boot "$n" >/dev/null 2>&1 || true # it is on, or the cluster switched it off
	done
	all_members && group_enabled && device_there
}

views_of() {
	on "$1" vxclustadm -v nodestate --json | jq .epoch
}

view_after() {
	local n
	for n in $(others_of "$1"); do
		on "$n" vxclustadm -v nodestate --json |
			jq -e ".epoch > $2 and (.reconfigurations | last | .done)" >/dev/null || return 1
	done
}

second_instance() {
	local daemon
	for daemon in vxiod vxconfigd vxclustd; do
		check "a second $daemon is refused, clearly" not on a "$daemon"
		OUT=$(on a "$daemon" 2>&1 || true)
		check "... and says who runs" grep -Eq 'running|runs already' <<<"$OUT"
	done
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
second_instance
killed vxiod "$(slave_nodes | tail -n 1)"
killed vxclustd "$(slave_nodes | head -n 1)"
killed vxclustd "$(master_node)"
killed vxiod "$(master_node)"
hung_vxclustd

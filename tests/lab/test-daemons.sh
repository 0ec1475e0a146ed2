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

# A daemon of a node dies by SIGKILL while all write. The node must be out and come back, or be fenced and come back.
killed() {
	local daemon=$1 victim=$2 before n
	story_need volume
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	before=$(views_of "$(others_of "$victim" | head -n 1)")
	check "$daemon on $victim is killed" lab kill "$victim" "$daemon"
	wait_for 90 "the others run a view without $victim's old self" view_after "$victim" "$before"
	# shellcheck disable=SC2046
	wait_for 15 "their writers make progress" writers_grow $(others_of "$victim")
	# shellcheck disable=SC2046
	writers_stop $(others_of "$victim")
	wait_writers "$victim"
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

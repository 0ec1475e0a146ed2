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

# R7, R11: the disk of a slave does not take the epoch of the next view: its vxclustd goes on talking, so that it is
# not taken for one that hangs; an error of the disk ends this node only. Who opens a FIFO to write waits for a reader.
slow_disk() {
	local master slow dead file=/var/lib/vxha/vxclustd.state.new
	master=$(master_node) slow=$(slave_nodes | head -n 1) dead=$(slave_nodes | tail -n 1)
	writers_run
	check "the disk of $slow takes no state file" on "$slow" sh -c "rm $file && mkfifo $file"
	check "$dead loses its power" lab crash "$dead"
	wait_for 60 "vxclustd on $slow says what it waits for" \
		output_has 'storing the epoch' on "$slow" vxclustadm -v nodestate
	wait_for 20 "$master waits for $slow" logged "$master" "step role: waiting for node"
	check "... and does not believe that it hangs" not logged "$master" "hangs: no word"
	check "the disk answers: with an error" on "$slow" sh -c "exec 3<$file; rm $file; cat <&3 >/dev/null"
	wait_for 20 "$slow leaves and says why" logged "$slow" "vxclustd.state cannot be written"
	wait_writers "$slow"
	wait_writers "$dead"
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
slow_disk
hung_vxclustd

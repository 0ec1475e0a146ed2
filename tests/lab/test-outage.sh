#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Outages of more than one node's power, at three nodes with Pacemaker, while all write:
#	- a slave, then the master, is cut off from the cluster network (it lives on, on its own)
#	- two of three lose power at once: the last one has no quorum, and waits for one of them
#	- all nodes lose power at once
# Nobody's acknowledged write is lost, mirrors are equal afterwards, the configuration is the same everywhere.
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

all_good() {
	local n
	wait_for 150 "all nodes are members again, with the group and the device" all_back
	wait_for 60 "no resync is running" volume_synced
	check "the configuration is the same everywhere" same_config
	for n in $NODES; do
		check "every acknowledged write is there, seen from $n" stamps_good "$n"
	done
	check "both plexes are equal on the disks" plexes_equal
}

cut_off() {
	local victim=$1 before other fences
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	other=$(others_of "$victim" | head -n 1)
	before=$(on "$other" vxclustadm -v nodestate --json | jq .epoch)
	fences=$(fenced_count "$other" "$victim")
	lab autoboot off
	check "node $victim is cut off" lab cut "$victim"
	wait_for 60 "the others run a view without it" view_later "$victim" "$before"
	check "only after it was fenced" fenced_more_than "$other" "$victim" "$fences"
	# shellcheck disable=SC2046
	wait_for 15 "their writers make progress" writers_grow $(others_of "$victim")
	wait_writers "$victim"
	# shellcheck disable=SC2046
	writers_stop $(others_of "$victim")
	check "its cable is plugged in" lab heal "$victim"
	all_good
}

view_later() {
	local n
	for n in $(others_of "$1"); do
		on "$n" vxclustadm -v nodestate --json |
			jq -e ".epoch > $2 and (.reconfigurations | last | .done)" >/dev/null || return 1
	done
}

waits_for_quorum() {
	on "$1" vxclustadm nodestate | grep -qx 'state: cluster member' &&
		on "$1" vxclustadm nodestate | grep -qx 'reconfig: waiting for quorum'
}

left_alone() {
	local last=$1 n quorum_ms
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	for n in $(others_of "$last"); do
		lab crash "$n" &
	done
	wait_for 15 "node $last alone waits for quorum, and is a member" waits_for_quorum "$last"
	check "its writers stand still" not writers_grow "$last"
	quorum_ms=$(on "$last" vxclustadm nodestate --json | jq '.reconfigurations[-1].quorum_ms')
	check "it says how long it has waited" test "$quorum_ms" -gt 3000
	check "one of the others is switched on" lab boot "$(others_of "$last" | head -n 1)"
	wait_for 60 "the writers of $last make progress" writers_grow "$last"
	# shellcheck disable=SC2046
	wait_writers $(others_of "$last")
	writers_stop "$last"
	all_good
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
cut_off "$(slave_nodes | tail -n 1)"
cut_off "$(master_node)"
left_alone "$(slave_nodes | tail -n 1)"
left_alone "$(master_node)"

writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
# nobody is left who used the group: its maps are folded before the volume is seen (V28)
for n in $NODES; do
	check "node $n loses power" lab crash "$n"
done
wait_writers a b c
all_good

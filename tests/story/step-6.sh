# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2046,SC2086
story_6_title="A slave loses power in the middle of its writes"

# Survivors of the loss of $1.
others_of() {
	local n
	for n in $NODES; do
		[ "$n" = "$1" ] || echo "$n"
	done
}

view_without() {	# all survivors run a view of two members, I/O goes on
	local n
	for n in $(others_of "$1"); do
		is_member "$n" || return 1
		[ "$(on "$n" vxclustadm nidmap | grep -c Joined)" = 2 ] || return 1
		on "$n" vxclustadm -v nodestate --json |
			jq -e '.reconfigurations | last | .done' >/dev/null || return 1
	done
}

resync_finished() {
	local n
	for n in $(others_of "$1"); do
		[ -z "$(on "$n" vxtask -q list)" ] || return 1
	done
}

# Power off, then everything that must follow. Fills TIMES.
lose_node() {
	local victim=$1 n survivor at json
	survivor=$(others_of "$victim" | head -n 1)
	lab autoboot off
	at=$(now_ms)
	lab crash "$victim"
	wait_writers "$victim"
	await 60 "the survivors run a view of two, and I/O goes on" view_without "$victim"
	await 15 "their writers make progress again" writers_grow $(others_of "$victim")
	typed "$survivor" "stonith_admin --history $victim"
	prove "Pacemaker had fenced node $victim" grep -q "turn off\|reboot\|off" <<<"$OUT"
	typed "$survivor" "vxclustadm -v nodestate"
	json=$(on "$survivor" vxclustadm -v nodestate --json)
	timeline "$victim" "$at" "$json"
	await 60 "the resync of what $victim had dirty is finished" resync_finished "$victim"
	RESYNCED=$(on "$survivor" vxtask --all --json list | jq -r '[.tasks[] | select(.volume == "'$VOLUME'" and .state == "done")] | max_by(.started_ms) | "\(.regions) of \(.all_regions) regions in \(.elapsed_ms) ms"')
	say "Resynced: $RESYNCED."
	prove "only a part of the volume was resynced" resync_was_partial "$survivor"
}

resync_was_partial() {
	on "$1" vxtask --all --json list |
		jq -e '[.tasks[] | select(.volume == "'$VOLUME'" and .state == "done")] | max_by(.started_ms) |
			.regions > 0 and .regions < .all_regions'
}

timeline() {	# timeline VICTIM CRASH_MS JSON: a table of what the freeze was made of
	local victim=$1 at=$2 json=$3 began freeze fence
	began=$(jq -r '.reconfigurations | last | .wall_ms' <<<"$json")
	freeze=$(jq -r '.reconfigurations | last | .freeze_ms' <<<"$json")
	fence=$(jq -r '.reconfigurations | last | .fence_ms' <<<"$json")
	TIMES="${TIMES:-}$(printf '%s|%s|%s|%s|%s' "node $victim lost" $((began - at)) "$fence" $((freeze - fence)) $((began - at + freeze)))
"
	picture "power off" 0 "noticed, I/O frozen" $((began - at)) "fencing proven" $((began - at + fence)) \
		"I/O resumes" $((began - at + freeze))
}

story_6() {
	local victim n
	story_need volume
	writers_start
	await 30 "all six writers have acknowledged writes" writers_acked
	victim=$(slave_nodes | tail -n 1)
	say "Node $victim, a slave, is switched off while it writes. The others must not go on before it is proven off."
	lose_node "$victim"
	# shellcheck disable=SC2046
	writers_stop $(others_of "$victim")
	n=$(others_of "$victim" | tail -n 1)
	prove "no acknowledged write is missing, not of node $victim either" stamps_good "$n"
	prove "both plexes are equal, byte by byte, on the disks" plexes_equal
	story_all_back
}

# All nodes up again and well, for the next step.
story_all_back() {
	story_boot_all
	await 150 "all nodes are members again" all_members
	await 60 "the group is enabled on all of them" group_enabled
	await 30 "the device is back" device_there
}

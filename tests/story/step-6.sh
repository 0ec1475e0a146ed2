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

resync_finished() {	# resync_finished VICTIM CRASH_MS: there was one since then, and no node has one now
	local n
	for n in $(others_of "$1"); do
		[ "$(resync_since "$n" "$2")" != null ] && [ -z "$(on "$n" vxtask -q list)" ] || return 1
	done
}

# The node's writes reach one mirror only and cannot end: the disk of the other one is out of its
# reach, and its vxconfigd does not come to report that.
write_half() {
	lab pause "$1" vxconfigd
	lab disk-fail "$1" d2
	await 10 "a write of node $1 is on one mirror, not on the other, and not acknowledged" half_written "$1"
}

half_written() {
	local last status=0
	last=$(journal_last "$1-own")
	[ "${last%% *}" = 1 ] || return 1
	plexes_equal --block "${last##* }" || status=$?
	[ "$status" = 1 ] && [ "$(journal_last "$1-own")" = "$last" ]
}

# KIND (1 begun, 2 acknowledged) GENERATION BLOCK of the last record (tests/tools/stamp_journal.h).
journal_last() {
	tail -c 32 "$WORK/journal.$1" | od -v -A n -t u4 -w32 | awk '{ print $1, $5, $3 }'
}

# Power off, then everything that must follow. Fills TIMES.
lose_node() {
	local victim=$1 survivor at json
	survivor=$(others_of "$victim" | head -n 1)
	lab autoboot off
	at=$(now_ms)
	lab crash "$victim"
	lab disk-heal "$victim" d2
	wait_writers "$victim"
	await 60 "the survivors run a view of two, and I/O goes on" view_without "$victim"
	await 15 "their writers make progress again" writers_grow $(others_of "$victim")
	typed "$survivor" "stonith_admin --history $victim --verbose"
	json=$(on "$survivor" vxclustadm -v nodestate --json)
	prove "Pacemaker had fenced node $victim before that" fenced_between "$at" "$json" <<<"$OUT"
	typed "$survivor" "vxclustadm -v nodestate"
	timeline "$victim" "$at" "$json"
	await 60 "the resync of what $victim had dirty is finished" resync_finished "$victim" "$at"
	RESYNCED=$(resync_since "$survivor" "$at" | jq -r '"\(.regions) of \(.all_regions) regions in \(.elapsed_ms) ms"')
	say "Resynced: $RESYNCED."
	# the survivors read the map of what it had marked (V18)
	prove "a part of the volume was resynced, and only a part" resync_was_partial "$survivor" "$at"
}

# The last success (whole seconds) is not older than the power off, and not younger than the end of the freeze.
fenced_between() {	# fenced_between CRASH_MS JSON, with the history on standard input
	local fenced resumed
	fenced=$(sed -n "s/^\(reboot\|off\) of .* successful: .*completed='\(.*\)'.*/\2/p" | sort | tail -n 1)
	[ -n "$fenced" ] || { echo "the history knows no fencing that succeeded"; return 1; }
	fenced=$(date -d "$fenced" +%s)
	resumed=$(jq '.reconfigurations | last | (.wall_ms + .freeze_ms) / 1000 | floor' <<<"$2")
	echo "power off $(($1 / 1000)), fenced $fenced, I/O resumed $resumed"
	[ "$fenced" -ge $(($1 / 1000)) ] && [ "$fenced" -le "$resumed" ]
}

resync_since() {	# resync_since NODE MS: the last resync of the volume that began later
	on "$1" vxtask --all --json list |
		jq '[.tasks[] | select(.volume == "'$VOLUME'" and .state == "done" and .started_ms >= '"$2"')] | max_by(.started_ms)'
}

resync_was_partial() {
	resync_since "$@" | jq -e '.regions > 0 and .regions < .all_regions'
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
	say "Node $victim, a slave, loses its way to disk d2 in the middle of its writes, and then power: one mirror has what the" \
		"other has not. The others must not go on before it is proven off."
	write_half "$victim"
	lose_node "$victim"
	# shellcheck disable=SC2046
	writers_stop $(others_of "$victim")
	prove "I/O stood still on every survivor until that was proven" stood_still $(others_of "$victim")
	n=$(others_of "$victim" | tail -n 1)
	prove "no acknowledged write is missing, not of node $victim either" stamps_good "$n"
	prove "both plexes are equal, byte by byte, on the disks" plexes_equal
	story_all_back
}

# No write that a survivor began with its gate shut was acknowledged before the fencing was proven.
stood_still() {
	local n w from to
	for n in "$@"; do
		read -r from to < <(on "$n" vxclustadm -v nodestate --json | jq -r '.reconfigurations | last |
			(.wall_ms + .steps[0].ms + 1) as $from | "\($from) \($from + .fence_ms - 2)"')
		for w in own shared; do
			stood_still_writer "$WORK/journal.$n-$w" "$from" "$to" || return 1
		done
	done
}

stood_still_writer() {	# stood_still_writer JOURNAL FROM_MS TO_MS; the journal's form: tests/tools/stamp_journal.h
	od -v -A n -t u4 -j 96 -w32 "$1" | awk -v name="${1##*.}" -v from="$2" -v to="$3" '
		{ ms = ($8 * 4294967296 + $7) / 1000000 }
		$1 == 1 { began = ms }
		$1 == 2 && began >= from && ms <= to { early++ }
		END { printf "writer %s: %d writes in the %d ms before the proof\n", name, early, to - from
			exit early > 0 || to <= from }'
}

# All nodes up again and well, for the next step.
story_all_back() {
	story_boot_all
	await 150 "all nodes are members again" all_members
	await 60 "the group is enabled on all of them" group_enabled
	await 30 "the device is back" device_there
}

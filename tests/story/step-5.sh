# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_5_title="All three nodes write at once"

# Writers: a range of its own for each node (blocks 0..9999, 10000.., 20000..), and one range
# (30000..39999) that they share block by block, so that their dirty regions overlap.
writers_start() {
	local n place=0
	WRITERS=''
	rm -f "$WORK"/journal.* "$WORK"/writer.*
	for n in $NODES; do
		writer_start "$n" "$n-own" --from $((place * 10000)) --count 10000
		writer_start "$n" "$n-shared" --from 30000 --count 9999 --step 3 --phase "$place"
		place=$((place + 1))
	done
}

writer_start() {	# writer_start NODE NAME RANGE...
	local n=$1 name=$2
	shift 2
	on "$n" "$STAMP" write "$DEVICE" --node "$n" --volume "$VOLUME" "$@" --random --rate 400 \
		--journal "$WORK/journal.$name" >"$WORK/writer.$name" 2>&1 </dev/null &
	WRITERS="$WRITERS $name:$!"
}

writers_acked() {	# every writer has some acknowledged writes
	local j
	for j in "$WORK"/journal.*; do
		[ "$(stat -c %s "$j")" -gt 4096 ] || return 1
	done
	[ "$(find "$WORK" -name 'journal.*' | wc -l)" = 6 ]
}

writers_grow() {	# the writers of these nodes make progress
	local n j before after
	for n in "$@"; do
		for j in "$WORK/journal.$n-own" "$WORK/journal.$n-shared"; do
			before=$(stat -c %s "$j")
			after=$before
			for _ in $(seq 50); do
				after=$(stat -c %s "$j")
				[ "$after" = "$before" ] || break
				sleep 0.1
			done
			[ "$after" != "$before" ] || return 1
		done
	done
}

# Ends the writers of these nodes by a file's flag: SIGTERM inside the node, by the pid that stamp printed.
writers_stop() {
	local n
	for n in "$@"; do
		lab kill "$n" stamp TERM >/dev/null 2>&1 || true
	done
	wait_writers "$@"
}

wait_writers() {
	local n w
	for n in "$@"; do
		for w in $WRITERS; do
			case $w in
			"$n-"*) wait "${w#*:}" 2>/dev/null || true ;;
			esac
		done
	done
}

stamps_good() {	# from one node, with what all nodes were told
	local args=() j
	for j in "$WORK"/journal.*; do
		args+=(--journal "$j")
	done
	on "$1" "$STAMP" check "$DEVICE" --volume "$VOLUME" "${args[@]}"
}

story_5() {
	story_need volume
	say "Each node writes stamped blocks (volume, node, block, generation, checksum) into a range of its own and, block by" \
		"block between the others', into a shared one. Each acknowledged write is noted."
	writers_start
	await 30 "all six writers have acknowledged writes" writers_acked
	typed a "vxstat -g $GROUP"
	await 15 "all writers make progress" writers_grow a b c
	writers_stop a b c
	prove "every acknowledged write is there, seen from another node" stamps_good b
	prove "both plexes are equal, byte by byte, on the disks" plexes_equal
}

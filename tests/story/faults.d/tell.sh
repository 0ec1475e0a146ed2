# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# tell.sh - the words of the story for `tests/story/faults`, and the list of its checks
#
# A check is a line of step-N.sh or story.sh that says prove, await, typed or refused. Its name is its
# text as it stands there: 'node $n says enabled,shared'. What mistake() checks counts for each of its
# calls: 'vxdisk setup d4: the reason is told'.
#
#	checks_read			fills CHECKS (FILE|TEXT), CHECK_WORD by them, and CHECK_AT by FILE:LINE
#	SEEN				folder: what the story leaves there for who watches it
#	hook "check" COMMAND...		right before that check is made
# shellcheck disable=SC2034,SC2154

declare -A CHECK_AT CHECK_WORD
CHECKS=()
PATIENCE=${PATIENCE:-25}
TRICK=''

checks_read() {
	local file line at function
	local -A mistakes=() parts=()
	for file in "$TREE"/tests/story/story.sh "$TREE"/tests/story/step-{1,2,3,4,5,6,7,8,9,10}.sh; do
		at=0 function=''
		while IFS= read -r line; do
			at=$((at + 1))
			case $line in
			[a-z]*'() {'*) function=${line%%(*} ;;
			esac
			check_read "${file##*/}" "$at" "$line"
		done <"$file"
	done
	for at in "${!mistakes[@]}"; do
		for line in "${!parts[@]}"; do
			check_add "${at%%:*}" "${mistakes[$at]}: $line" "${parts[$line]}"
		done
	done
}

check_read() {	# check_read FILE NUMBER LINE
	local word rest text
	[[ $3 =~ ^[[:space:]]*(prove|await|typed|refused|mistake)[[:space:]]+(.*)$ ]] || return 0
	word=${BASH_REMATCH[1]} rest=${BASH_REMATCH[2]}
	[ "$word" = prove ] || rest=${rest#* } # limit or node
	[[ $rest =~ ^\"([^\"]*)\" ]] || return 0
	text=${BASH_REMATCH[1]}
	if [ "$word" = mistake ]; then
		mistakes[$1:$2]=$text
	elif [ "$function" = mistake ]; then
		[ "$word" != refused ] || text="must be refused"
		parts[$text]=$word
	else
		check_add "$1" "$text" "$word"
	fi
	CHECK_AT[$1:$2]=$text
}

check_add() {	# check_add FILE TEXT WORD
	[ -z "${CHECK_WORD["$1|$2"]:-}" ] || return 0
	CHECK_WORD["$1|$2"]=$3
	CHECKS+=("$1|$2")
}

# check_find STEP TEXT: its key, FILE|TEXT; the step's own file counts first.
check_find() {
	local file
	for file in "step-$1.sh" story.sh step-6.sh; do
		if [ -n "${CHECK_WORD["$file|$2"]:-}" ]; then
			echo "$file|$2"
			return 0
		fi
	done
	return 1
}

# Sets CHECK to the key of the check that is being made: the innermost line of the story that is one.
check_now() {
	local i at text
	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		at=${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}
		text=${CHECK_AT[$at]:-}
		[ -n "$text" ] && break
	done
	if [ "${FUNCNAME[i]}" = mistake ]; then
		at=${BASH_SOURCE[i + 1]##*/}:${BASH_LINENO[i]}
		text="${CHECK_AT[$at]}: $text"
	fi
	CHECK="${at%%:*}|$text"
	echo "$CHECK" >"$SEEN/now"
	if [ "$CHECK" = "${HOOK_CHECK:-}" ]; then
		HOOK_CHECK=''
		"${HOOK[@]}"
	fi
}

hook() {
	HOOK_CHECK=$(check_find "$STEP" "$1") || { echo "no check '$1' in step $STEP"; exit 2; }
	shift
	HOOK=("$@")
}

passes() {
	echo "$CHECK" >>"$SEEN/passed"
	echo "ok - ${CHECK#*|}${1:+ ($1 ms)}"
}

fails() {	# fails OUTPUT: the first check that fails ends the story
	echo "$CHECK" >"$SEEN/failed"
	printf 'FAILS - %s\n%s\n' "$CHECK" "$1"
	exit 3
}

say() {
	:
}

show() {
	:
}

picture() {
	:
}

# A command of the story is broken for this one time (TRICK): refused, or accepted without a deed.
trick() {	# trick NODE COMMAND EXIT-STATUS: was it noticed?
	local program=${2#cd /tmp && } status=0
	! grep -qF -e " $1 $CHECK" "$SEEN/tricked" 2>/dev/null || return 0
	wrap "$1" "${program%% *}" "[ -n \"\${STORY_TYPED:-}\" ] || exec \"\$real\" \"\$@\"
		echo 'broken on purpose'; exit $3"
	on "$1" sh -c "STORY_TYPED=1; export STORY_TYPED; $2" >/dev/null 2>&1 || status=$?
	if [ "$status" = "$3" ]; then
		echo "seen $1 $CHECK" >>"$SEEN/tricked"
	else
		echo "status-$status $1 $CHECK" >>"$SEEN/tricked"
	fi
	undo_all
	rm "$SEEN/undo"
}

typed() {
	local status=0
	check_now
	[ -z "$TRICK" ] || trick "$1" "$2" 1
	OUT=$(on "$1" sh -c "$2" 2>&1) || status=$?
	[ "$status" = 0 ] || fails "exit status $status: $OUT"
	passes
}

refused() {
	local status=0
	check_now
	[ -z "$TRICK" ] || trick "$1" "$2" 0
	OUT=$(on "$1" sh -c "$2" 2>&1) || status=$?
	[ "$status" != 0 ] || fails "it was accepted: $OUT"
	passes
}

prove() {
	local out status=0
	check_now
	shift
	out=$("$@" 2>&1) || status=$?
	[ "$status" = 0 ] || fails "$out"
	passes
}

await() {
	local limit=$1 out from deadline
	check_now
	shift 2
	if [ "$PATIENCE" != 0 ] && [ "$limit" -gt "$PATIENCE" ]; then
		limit=$PATIENCE
	fi
	from=$(now_ms)
	deadline=$((SECONDS + limit))
	until out=$("$@" 2>&1); do
		[ "$SECONDS" -lt "$deadline" ] || fails "(not true within $limit s) $out"
		sleep 0.1
	done
	passes "$(($(now_ms) - from))"
}

not() {
	! "$@"
}

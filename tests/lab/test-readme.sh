#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# README's "Five minutes", typed as it stands there: each command does what the page says, and what it prints has
# the lines of the page, whatever their numbers.
. "$(dirname "$0")/testlib.sh"
README=$TEST_DIR/../../README.md
where='' command='' expected=''

plain() {	# numbers and columns do not matter
	sed -E 's/0x[0-9a-f]+|[0-9a-f]{32}|[0-9]+/N/g; s/[[:space:]]+/ /g; s/^ | $//g'
}

# A command that shows an error must fail; the lines of the page must all be there ("...": others as well).
says() {
	local out line status=0

	out=$(lab run "$where" sh -c "$command" 2>&1) || status=$?
	printf '%s\n(exit status %s)\n' "$out" "$status"
	if [[ $expected == *" ERROR "* ]]; then
		[ "$status" != 0 ] || return 1
	else
		[ "$status" = 0 ] || return 1
	fi
	while IFS= read -r line; do
		[ "$line" = ... ] || plain <<<"$out" | grep -qxF -e "$(plain <<<"$line")" || return 1
	done <<<"$expected"
}

# What prints nothing changes something, once. What is shown is there for a reader who pastes the page; only what
# follows the loss of a node takes its time to come true.
tried() {
	case $where:$command in
	:) ;;
	:"tests/lab/lab up "*) eval "lab_start ${command#* up }" ;;
	:"tests/lab/lab down") ended=1 ;;
	:"tests/lab/lab "*)
		check "# $command" eval "lab ${command#tests/lab/lab }"
		[[ $command != *"lab crash "* ]] || patience=120
		;;
	:*) check "# $command" false ;;
	*)
		if [ -n "$expected" ]; then
			wait_for $patience "$where# $command: says what README shows" says
		else
			check "$where# $command" lab run "$where" sh -c "$command"
		fi
		;;
	esac
}

ended='' patience=3
while IFS= read -r line <&3; do
	if [[ $line =~ ^([a-c]?)\#\ (.*)$ ]]; then
		tried
		where=${BASH_REMATCH[1]} command=${BASH_REMATCH[2]} expected=''
	else
		expected+=${expected:+$'\n'}$line
	fi
done 3< <(sed -n '/^## Five minutes/,/^## What works/s/^    //p' "$README")
tried
check "README's tour ends with its lab down" test -n "$ended"
check "Pacemaker's library wrote nothing to the log for vxclustd" not lab run a grep -q stonith_api_time /var/log/syslog

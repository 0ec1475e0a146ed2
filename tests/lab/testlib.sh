# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# testlib.sh - what every lab test sources
#
#	. "$(dirname "$0")/testlib.sh"
#	lab_start 3 --pacemaker --disks 2	# as 'lab up'; down at the end, whatever happens
#	check "what is proved" command...	# one line; the first that fails ends the test
#	wait_for 20 "what is proved" command...	# the command has 20 s to become true
#	check_is "what is proved" "wanted" "got"
#	test_cleanup() { ... }			# optional: called at the end as well
#
# LAB_REUSE=name uses a lab that is up and leaves it up: such a test ends with lab_settle, so that
# the next one finds all well. KEEP=1 leaves the test's own lab up. A failure prints what 'lab logs'
# shows. Exit status: 0 passed, 1 failed, 77 skipped.
set -eu

TEST_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TEST_NAME=$(basename "$0" .sh)
TEST_OUTPUT=$(mktemp)
TEST_OWN_LAB=''
passed=0 failed=0 skipped=0

lab() {
	LAB=$LAB "$TEST_DIR/lab" "$@"
}

# For check and wait_for: "not COMMAND..." and "output_has REGEX COMMAND...".
not() {
	! "$@"
}

output_has() {
	local regex=$1
	shift

	"$@" | tee /dev/stderr | grep -E -e "$regex" >/dev/null
}

# A test may define its own, for what it made beside its lab.
test_cleanup() {
	:
}

# Reports of sanitizers (SAN=... builds) on the nodes that are on.
sanitizer_reports() {
	local LAB_NODES=() node conf=$TEST_DIR/../../build/lab/$LAB/conf

	[ -e "$conf" ] || return 0
	# shellcheck disable=SC1090
	. "$conf"
	for node in "${LAB_NODES[@]}"; do
		lab run "$node" sh -c 'cat /var/log/vxha/[au]*san.* 2>/dev/null' 2>/dev/null
	done
}

test_end() {
	local status=$?

	trap - EXIT
	trap '' INT TERM HUP
	set +e
	if sanitizer_reports | grep . >"$TEST_OUTPUT"; then
		failed=$((failed + 1))
		status=1
		echo "not ok $((passed + failed)) - no sanitizer has anything to report"
		sed 's/^/# /' "$TEST_OUTPUT"
	fi
	if [ "$status" = 130 ]; then
		failed=$((failed + 1))
		echo "# $TEST_NAME was interrupted"
	elif [ "$status" != 0 ] && [ "$status" != 77 ]; then
		[ "$failed" != 0 ] || failed=1
		echo "# $TEST_NAME failed (exit status $status)${LAB:+, the logs of its lab:}"
		lab logs 2>&1 | sed 's/^/# /'
	fi
	test_cleanup
	rm -f "$TEST_OUTPUT"
	if [ -n "$TEST_OWN_LAB" ] && [ -n "${KEEP:-}" ]; then
		echo "# lab left up: LAB=$LAB $TEST_DIR/lab status"
	elif [ -n "$TEST_OWN_LAB" ]; then
		lab down >/dev/null || { failed=$((failed + 1)) status=1; }
	fi
	echo "$TEST_NAME: $passed passed, $failed failed, $skipped skipped (${SECONDS} s)"
	exit "$status"
}

LAB=${LAB_REUSE:-$TEST_NAME-$$}
trap test_end EXIT
trap 'exit 130' INT TERM HUP

# The command's output is shown only when it fails.
report() {
	local status=$1 what=$2

	if [ "$status" = 0 ]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $what"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $((passed + failed)) - $what"
	shift 2
	echo "# command: $*"
	sed 's/^/# /' "$TEST_OUTPUT"
	exit 1
}

check() {
	local what=$1 status=0
	shift

	"$@" >"$TEST_OUTPUT" 2>&1 || status=$?
	report "$status" "$what" "$@"
}

check_is() {
	printf 'wanted: %s\ngot:    %s\n' "$2" "$3" >"$TEST_OUTPUT"
	if [ "$2" = "$3" ]; then
		report 0 "$1"
	else
		report 1 "$1" "compare"
	fi
}

wait_for() {
	local limit=$1 what=$2 from=$EPOCHREALTIME status=0 deadline
	shift 2

	deadline=$((SECONDS + limit))
	until "$@" >"$TEST_OUTPUT" 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			status=1
			echo "(not true within $limit s)" >>"$TEST_OUTPUT"
			break
		fi
		sleep 0.1
	done
	waited_ms=$(((${EPOCHREALTIME/[.,]/} - ${from/[.,]/}) / 1000))
	report "$status" "$what${VERBOSE:+ (after $waited_ms ms)}" "$@"
}

skip() {
	skipped=$((skipped + 1))
	echo "skip - $*"
	exit 77
}

# lab_start ARGUMENTS of 'lab up'. A lab to be reused must be what the test would have started, or
# more.
lab_start() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	if [ -n "${LAB_REUSE:-}" ]; then
		check "the lab '$LAB' to be reused suits this test" lab_suits "$@"
		return
	fi
	TEST_OWN_LAB=1
	check "lab up $*" lab up "$@"
}

lab_suits() {
	local LAB_NODES=() LAB_DISKS=0 LAB_SIZE=0 LAB_PACEMAKER='' nodes=3

	lab status
	# shellcheck disable=SC1090
	. "$TEST_DIR/../../build/lab/$LAB/conf"
	while [ $# -gt 0 ]; do
		case $1 in
		--pacemaker) [ -n "$LAB_PACEMAKER" ] || return 1 ;;
		--disks) [ "$LAB_DISKS" -ge "$2" ] || return 1 ;;
		--size) [ "$LAB_SIZE" -ge "$2" ] || return 1 ;;
		[0-9]*) nodes=$1 ;;
		esac
		case $1 in
		--disks | --size | --post) shift ;;
		esac
		shift
	done
	[ "${#LAB_NODES[@]}" = "$nodes" ]
}

members_of() {
	lab run "$1" corosync-quorumtool -l 2>/dev/null | grep -cE '^ +[0-9]+ +[0-9]+ ' || true
}

sees_members() {
	[ "$(members_of "$1")" = "$2" ]
}

# pacemaker_online NODE NAME...: NODE's Pacemaker says that exactly the named nodes are online.
pacemaker_online() {
	local node=$1
	shift

	lab run "$node" crm_mon -1 | tee /dev/stderr | grep -qF "Online: [ $* ]"
}

# How often Pacemaker, as node $1 remembers, fenced node $2 with success.
fenced_count() {
	lab run "$1" stonith_admin --history "$2" --verbose 2>/dev/null |
		grep -cE "^(reboot|off) of $2 successful" || true
}

fenced_more_than() {
	[ "$(fenced_count "$1" "$2")" -gt "$3" ]
}

# Plugs all in, boots all, waits until all is as after 'lab up'.
lab_settle() {
	local LAB_NODES=() LAB_DISKS=0 LAB_PACEMAKER='' node disk

	# shellcheck disable=SC1090
	. "$TEST_DIR/../../build/lab/$LAB/conf"
	lab autoboot on
	for node in "${LAB_NODES[@]}"; do
		lab heal "$node"
		for disk in $(seq "$LAB_DISKS"); do
			lab disk-heal "$node" "d$disk"
		done
		lab status | grep -qE "^$node .* off " && lab boot "$node"
	done
	for node in "${LAB_NODES[@]}"; do
		wait_for 60 "node $node sees all members again" \
			sees_members "$node" "${#LAB_NODES[@]}"
		[ -z "$LAB_PACEMAKER" ] ||
			wait_for 60 "Pacemaker on $node sees all nodes online" \
				pacemaker_online "$node" "${LAB_NODES[@]}"
	done
}

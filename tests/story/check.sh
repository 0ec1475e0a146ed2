# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# check.sh - runs a step of the story as a lab test: the words of story.sh in the form of testlib.sh
#
#	. tests/lab/testlib.sh; . tests/story/check.sh; story_test 6
#
# With LAB_REUSE the lab of an earlier step serves this one, and what it made is used.
# shellcheck source=tests/story/story.sh
. "$(dirname "${BASH_SOURCE[0]}")/story.sh"

# Without Pacemaker, whose fencing is then nobody's.
daemons_start() {
	on "$1" sh -c 'mkdir -p /etc/vxha && printf "disks = /dev/vxdisk/*\nfencing = unsafe-none\n" >/etc/vxha/vxha.conf
		vxiod && vxconfigd && vxclustd'
}

say() {
	:
}

show() {
	[ -z "$2" ] || printf '# %s\n' "$1"
}

picture() {
	printf '# times: %s\n' "$*"
}

typed() {
	local node=$1
	OUT=''
	check "$node# $2" story_capture "$node" "$2"
	# shellcheck disable=SC2034
	OUT=$(cat "$TEST_OUTPUT")
}

story_capture() {
	lab run "$1" sh -c "$2"
}

refused() {
	local node=$1
	check "$node# $2 (must be refused)" not story_capture "$node" "$2"
	# shellcheck disable=SC2034
	OUT=$(cat "$TEST_OUTPUT")
}

prove() {
	check "$@"
}

await() {
	wait_for "$@"
}

test_cleanup() {
	local pid
	for pid in $(jobs -p); do
		kill "$pid" 2>/dev/null
	done
	rm -rf "$WORK"
}

story_test() {
	local title=story_${1}_title
	lab_start 3 --pacemaker --disks 4 --size 512
	echo "# step $1: ${!title}"
	"story_$1"
}

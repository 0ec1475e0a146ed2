#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All power is lost; two of three nodes start without the shared disks, which are attached while the cluster runs. They name
# the third node as a member, and nothing says that it is off: the import waits for its fencing (T17), and nobody else's is needed.
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

disks() {	# disks VERB NODE...: of all disks
	local verb=$1 n d
	shift
	for n in "$@"; do
		for d in d1 d2 d3 d4; do
			lab "$verb" "$n" "$d" || return 1
		done
	done
}

asked_for_proof() {
	grep -h "asks for a new view: disk group $GROUP: its disks name node $1 as a member" <(on a cat /var/log/vxha/vxconfigd.log) \
		<(on b cat /var/log/vxha/vxconfigd.log)
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
lab autoboot off
for n in $NODES; do
	check "node $n loses power" lab crash "$n"
done
check "a and b do not see the disks" disks disk-fail a b
for n in a b; do
	check "node $n is switched on" lab boot "$n"
done
wait_for 120 "they run a view without c" runs_with 2 a b
check "the group is not there" not on a sh -c "vxdg list | grep -q '^$GROUP '"
before=$(epoch_of a)
fences=$(fenced_count a c)

check "the disks are attached" disks disk-heal a b
check "vxdg --dry-run import changes nothing, and says for whom an import waits" \
	output_has "name node c as a member, and nobody has proven that it is off; an import makes a new view" \
	on b sh -c "! vxdg --dry-run -s import $GROUP 2>&1"
check_is "no view came of it" "$before" "$(epoch_of a)"
typed b "vxdg -s import $GROUP"
check "it asked for a view" asked_for_proof c
check "c was fenced for it" fenced_more_than a c "$fences"
wait_for 30 "the group is enabled" on a sh -c "vxdg list | grep -q '^$GROUP *enabled,shared'"
wait_for 60 "its volume is there" on b test -e "$DEVICE"

check "the third node is switched on" lab boot c
wait_for 150 "all nodes are members again" all_back

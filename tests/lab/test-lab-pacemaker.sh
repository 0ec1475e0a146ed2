#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-lab-pacemaker.sh - the lab with Pacemaker: nodes are really fenced, and come back
#
#	a --- b --- c	Corosync, Pacemaker, fence device "fence" = the lab's power switch
# shellcheck source=tests/lab/testlib.sh
. "$(dirname "$0")/testlib.sh"

boot_of() {
	lab run "$1" cat /var/lib/vxlab/boots
}

booted_since() {
	local now

	now=$(boot_of "$1") && [ "$now" -gt "$2" ]
}

property() {
	lab run a crm_attribute -t crm_config -n "$1" -q -G ${2:+--default="$2"}
}

lab_start 3 --pacemaker

for node in a b c; do
	check "Pacemaker on $node sees a, b and c online" pacemaker_online "$node" a b c
done
[ -n "${LAB_REUSE:-}" ] ||
	check_is "nobody was fenced while the cluster started" "0 0 0" \
		"$(fenced_count a a) $(fenced_count a b) $(fenced_count a c)"
check_is "fencing is enabled" true "$(property stonith-enabled)"
check_is "nodes that are not there at start would be fenced" true "$(property startup-fencing true)"
check_is "quorum loss freezes" freeze "$(property no-quorum-policy)"
check "pcs works in a node" output_has stonith:fence_vxlab lab run b pcs status
check "crm works in a node" output_has stonith:fence_vxlab lab run c crm configure show

# --- the agent, as Pacemaker calls it
check "fence agent: valid metadata" lab run a sh -c 'fence_vxlab -o metadata | xmllint --noout -'
check "fence agent: monitor" lab run a sh -c 'echo action=monitor | fence_vxlab'
check_is "fence agent: list" "a, b, c," \
	"$(lab run a sh -c 'echo action=list | fence_vxlab' | xargs)"
check "fence agent: status of a node that is on" \
	lab run a sh -c 'printf "action=status\nplug=b\n" | fence_vxlab'
check "fence agent: an unknown node is an error" \
	not lab run a sh -c 'printf "action=off\nplug=zz\n" | fence_vxlab'
check "a node cannot ask the switch for more than power" \
	not lab run a vxlab-ctl ask /run/vxlab/power.sock autoboot off

# --- a node dies
count=$(fenced_count a c)
old=$(boot_of c)
lab crash c
wait_for 30 "crash: Pacemaker fences c" fenced_more_than a c "$count"
check "crash: every survivor knows it" fenced_more_than b c "$count"
wait_for 30 "crash: c boots again" booted_since c "$old"
wait_for 60 "crash: c is online again, by itself" pacemaker_online a a b c
check_is "crash: it was fenced once" $((count + 1)) "$(fenced_count a c)"

# --- on request
count=$(fenced_count a b)
old=$(boot_of b)
check "fence" lab fence b
wait_for 30 "fence: in the history" fenced_more_than a b "$count"
wait_for 30 "fence: b boots again" booted_since b "$old"
wait_for 60 "fence: b is online again" pacemaker_online a a b c

# --- a node is cut off, and one hangs
count=$(fenced_count a c)
old=$(boot_of c)
lab cut c
wait_for 30 "cut: c is fenced by those who have quorum" fenced_more_than a c "$count"
wait_for 30 "cut: c boots again" booted_since c "$old"
lab heal c
wait_for 60 "heal: c is online again" pacemaker_online a a b c
count=$(fenced_count a b)
lab pause b corosync
wait_for 30 "pause: a node whose Corosync hangs is fenced" fenced_more_than a b "$count"
wait_for 60 "pause: it comes back" pacemaker_online a a b c
count=$(fenced_count a b)
lab kill b pacemaker-fenced
wait_for 30 "kill: Pacemaker's fencer is started again" lab run b pgrep -x pacemaker-fence
wait_for 30 "kill: and b is online without being fenced" pacemaker_online a a b c
check_is "kill: b was not fenced" "$count" "$(fenced_count a b)"

# --- no automatic boot
check "autoboot off" lab autoboot off
count=$(fenced_count a c)
lab crash c
wait_for 30 "autoboot off: c is fenced" fenced_more_than a c "$count"
check "autoboot off: it stays off" output_has '^c .* off ' lab status
check "autoboot off: boot by hand" lab boot c
wait_for 60 "autoboot off: c is online again" pacemaker_online a a b c

lab_settle

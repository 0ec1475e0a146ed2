#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Joining, leaving and a vxconfigd that comes back, at three nodes with Pacemaker:
#	- a joiner that cannot take part is refused, says why, and freezes nobody (R22); one that may later tries again
#	- a leave waits, says who has what open, goes on through a reconfiguration, is cancelled; it keeps the node from being master
#	- vxconfigd is stopped on a slave, on the master, on both; reset is refused
#	- all nodes leave at once; a node that was lost and recovered joins again although the master of the recovery died since
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

epochs() {	# epochs NODE...: of their views; another one would be a freeze
	local n
	for n in "$@"; do
		epoch_of "$n"
	done
}

nodestate_has() {
	on "$1" vxclustadm nodestate | tee /dev/stderr | grep -Eq "$2"
}

logged() {
	on "$1" grep -Eq "$2" /var/log/vxha/vxclustd.log
}

# not_joined NODE REASON COMMAND...: what is changed by COMMAND keeps NODE out, and its members see nothing of it.
not_joined() {
	local node=$1 reason=$2 others before
	others=$(others_of "$node")
	# shellcheck disable=SC2086
	before=$(epochs $others)
	check "$node is refused: $reason" output_has \
		"^vxha vxclustadm ERROR V-80-2-2005 this node did not join the cluster: $reason" on "$node" sh -c '! vxclustadm startnode 2>&1'
	check "... vxclustadm nodestate says so" nodestate_has "$node" "^reason: $reason"
	check "... and its log" logged "$node" "$reason"
	# shellcheck disable=SC2086
	check_is "... and no member got another view" "$before" "$(epochs $others)"
}

holds() {	# holds NODE FILE: a process on NODE has the volume open; its pid is in FILE there
	on "$1" rm -f "$2"
	on "$1" sh -c "exec 3<>$DEVICE; echo \$\$ >$2; exec sleep 600 3<&3" >/dev/null 2>&1 </dev/null &
	wait_for 10 "a process on $1 has the volume open" on "$1" test -s "$2"
}

waits_open() {	# waits_open FILE COUNT: so many lines say who has the volume open
	[ "$(grep -c "^	$GROUP/$VOLUME: open by pid [0-9]* (sh) since [0-9]* s$" "$1")" -ge "$2" ]
}

refused_with() {	# refused_with NODE TEXT: a change that is typed there
	output_has "$2" on "$1" sh -c "! vxassist -g $GROUP make odd 1m 2>&1"
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
m=$(master_node)
b=$(slave_nodes | head -n 1) c=$(slave_nodes | tail -n 1)
typed a "pcs property set maintenance-mode=true"

echo "# joiners that cannot take part"
typed "$c" "vxclustadm stopnode"
wait_for 20 "the others run without it" runs_with 2 "$m" "$b"
check "$c does not see d2" lab disk-fail "$c" d2
not_joined "$c" "cannot find disk on slave node: disk group $GROUP, disk d2"
check "... and the master's log has it" logged "$m" "is refused: cannot find disk on slave node"
check "$c sees d2" lab disk-heal "$c" d2
check "vxconfigd of $c is disabled" on "$c" vxdctl disable
not_joined "$c" "vxconfigd is not enabled"
check "... and enabled" on "$c" vxdctl enable
before=$(epochs "$m" "$b")
check "vxconfigd of the master is disabled" on "$m" vxdctl disable
on "$c" vxclustadm startnode >"$WORK/start" 2>&1 </dev/null &
start=$!
wait_for 20 "$c is refused, and says so while it tries again" nodestate_has "$c" "^reason: connection refused by master: vxconfigd of node $m"
wait_for 10 "... more than once" output_has '^[2-9]' on "$c" grep -c "tries again to join" /var/log/vxha/vxclustd.log
check_is "... no member got another view" "$before" "$(epochs "$m" "$b")"
check "a change that a slave forwards is told what is wrong" refused_with "$b" "vxconfigd of node $m: not possible in state disabled"
check "the master's is enabled" on "$m" vxdctl enable
check "$c joins by itself" wait "$start"
wait_for 20 "and is a member as all are" all_members
check "vxconfigd of $b is disabled" on "$b" vxdctl disable
check "a change is told what is wrong there" refused_with "$m" "refused by node $b: vxconfigd is disabled there"
check "... and enabled" on "$b" vxdctl enable

echo "# a leave that waits"
holds "$c" /run/holder1
holds "$c" /run/holder2
on "$c" vxclustadm stopnode >"$WORK/stop" 2>&1 </dev/null &
stop=$!
wait_for 10 "stopnode names both, one a line" waits_open "$WORK/stop" 2
before=$(epochs "$m" "$b")
check "who waits to leave is not made master" output_has "node $c was not made master: it is leaving the cluster" \
	on "$b" sh -c "! vxclustadm setmaster $c 2>&1"
check_is "... and nobody stood still" "$before" "$(epochs "$m" "$b")"
check "$b aborts in between, and does not join with a vxclustd that ends" output_has "about to end|not running" \
	on "$b" sh -c 'vxclustadm abortnode "a test" && ! vxclustadm startnode 2>&1'
wait_for 30 "the others run without it" runs_with 2 "$m" "$c"
wait_for 20 "... and know why" logged "$m" "aborts: a test"
wait_for 20 "$c waits as before" output_has "open by pid" on "$c" vxclustadm nodestate
check "a change is made meanwhile" change "$m" "while $c waits"
check "the leave is cancelled" on "$c" vxclustadm stopnode --cancel
check "... the command that waited has failed" not wait "$stop"
check "... and says so" grep -q "did not leave the cluster: cancelled" "$WORK/stop"
check "$c is a member" is_member "$c"
wait_for 10 "vxclustd of $b ends, and is started" on "$b" vxclustd
check "$b joins again" on "$b" vxclustadm startnode
check "$c can be made master now" on "$b" vxclustadm setmaster "$c"
check "... and $m again" on "$b" vxclustadm setmaster "$m"
check "$c closes the volume" on "$c" sh -c 'kill $(cat /run/holder1 /run/holder2)'

echo "# vxconfigd is stopped, and comes back"
check "reset is refused in a cluster" output_has "vxconfigd: reset is refused: this node is in a cluster" \
	on "$b" sh -c '! vxconfigd -k -r reset 2>&1'
check "... and its vxconfigd runs on" output_has "^mode: enabled" on "$b" vxdctl mode
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
check "vxconfigd of the master is stopped" on "$m" vxdctl -k stop
check "vxconfigd of $b is stopped, too" on "$b" vxdctl -k stop
refused "$c" "vxassist -g $GROUP make vol9 10m"
check "a change is refused at once, and why" grep -q "vxconfigd is not running on node $m: nothing was changed" <<<"$OUT"
check "vxdg list on $b shows the group disabled" output_has "^$GROUP +disabled" on "$b" sh -c '! vxdg list 2>/dev/null'
check "I/O goes on everywhere" writers_grow a b c
check "vxconfigd of the master is started" on "$m" vxconfigd
wait_for 30 "the new view starts the one of $b" output_has "^mode: enabled" on "$b" vxdctl mode
wait_for 30 "the group is enabled on all nodes" group_enabled
wait_for 30 "changes work again" change "$b" "both are back"
check "one that runs is replaced" on "$m" vxconfigd -k
wait_for 30 "the group is enabled on all nodes" group_enabled
wait_for 30 "changes work again" change "$b" "replaced"
check "the configuration is the same everywhere" same_config
writers_stop a b c
check "every acknowledged write is there" stamps_good "$b"

echo "# all leave at once, and come back"
typed a "pcs property set maintenance-mode=false"
check "the resource is stopped on all nodes at once" on a pcs resource disable vxclust --wait=120
for n in $NODES; do
	check "$n has left, by its administrator's wish" nodestate_has "$n" '^reason: user initiated stop$'
	check "... and no daemon of it is left" not on "$n" pgrep vxiod
done
check "... and started" on a pcs resource enable vxclust --wait=120
wait_for 150 "all nodes are members again" all_back
check "everybody left cleanly: no resync" resync_count_is "$(master_node)" 0

echo "# TECH16284: recovered, and then the master of the recovery dies"
lab autoboot off
m=$(master_node) c=$(slave_nodes | tail -n 1)
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
check "node $c loses power" lab crash "$c"
wait_writers "$c"
# shellcheck disable=SC2046
wait_for 60 "the others go on" writers_grow $(others_of "$c")
# shellcheck disable=SC2046
writers_stop $(others_of "$c")
wait_for 60 "what $c had left is recovered" volume_synced
check "the master, $m, loses power" lab crash "$m"
check "$c is switched on" lab boot "$c"
wait_for 150 "$c is a member again" is_member "$c"
wait_for 150 "all nodes are members again" all_back
wait_for 60 "no resync is running" volume_synced
check "both plexes are equal on the disks" plexes_equal
for n in $NODES; do
	check "every acknowledged write is there, seen from $n" stamps_good "$n"
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done

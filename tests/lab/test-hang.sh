#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A vxconfigd hangs while a change is typed: the utility says which one it waits for, Ctrl-C ends it, and what it
# says at its end is the truth.
#
#	master: takes the changes     slave: where they are typed     third: the other slave
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

# In the background; what it says on the standard error in $WORK/said, its exit status in $WORK/status.
type_on() {	# type_on NODE COMMAND
	rm -f "$WORK/status"
	{
		local status=0
		on "$1" sh -c "$2" 2>"$WORK/said" </dev/null >/dev/null || status=$?
		echo "$status" >"$WORK/status"
	} &
}

said() {
	cat "$WORK/said"
	grep -Eq -- "$1" "$WORK/said"
}

not_said() {
	! said "$1"
}

ended_with() {
	cat "$WORK/said" "$WORK/status"
	[ "$(cat "$WORK/status")" = "$1" ]
}

txid_said() {
	grep -oE '[0-9a-f]{32}' "$WORK/said" | tail -n 1
}

outcome_is() {	# outcome_is NODE TXID OUTCOME
	[ "$(on "$1" vxdctl outcome "$2")" = "$3" ]
}

runs_without() {	# runs_without GONE NODE...
	local gone=$1 n
	shift
	for n in "$@"; do
		on "$n" vxclustadm nidmap | grep -q "^$gone .*Out of Cluster" && is_settled "$n" || return 1
	done
}

is_settled() {
	on "$1" vxclustadm nodestate --json | jq -e '.reconfigurations[-1].done' >/dev/null
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need group
master=$(master_node) slave=$(slave_nodes | head -n 1) third=$(slave_nodes | tail -n 1)
typed a "pcs property set maintenance-mode=true"

echo "# the master's vxconfigd hangs"
check "vxconfigd of $master hangs" lab pause "$master" vxconfigd
type_on "$slave" "vxassist -g $GROUP make v1 10m"
wait_for 20 "the utility says for whom it waits" \
	said "^vxha vxassist NOTICE V-80-1-1069 waits for vxconfigd of node $master, the master, which does not answer$"
check "Ctrl-C" lab kill "$slave" vxassist INT
wait_for 5 "ends it, with the exit code of what is not known" ended_with 6
check "... and the way to know" said "WARNING V-80-1-1109 interrupted; .*vxdctl outcome [0-9a-f]{32} tells"
txid=$(txid_said)
type_on "$slave" "vxassist -g $GROUP make v2 10m"
wait_for 20 "another one waits as well" said "V-80-1-1069 waits for vxconfigd of node $master"
check "vxconfigd of $master goes on" lab cont "$master" vxconfigd
wait_for 20 "the second change succeeds" ended_with 0
wait_for 20 "the first one was not called back, as it was said" outcome_is "$slave" "$txid" committed
check "both volumes are there" on "$slave" vxprint -g "$GROUP" v1 v2

for n in $NODES; do
	check "node $n tells who made the second one" output_has "^[0-9: -]+ $GROUP +committed $slave +root +[0-9]+ vxassist -g $GROUP make v2 10m$" \
		on "$n" vxdctl -g "$GROUP" audit
done

echo "# another slave's vxconfigd hangs"
check "vxconfigd of $third hangs" lab pause "$third" vxconfigd
type_on "$slave" "vxassist -g $GROUP make v3 10m"
wait_for 20 "the utility says whose vote is missing" said "V-80-1-1069 waits for the vote of node $third$"
wait_for 40 "it ends with an error" ended_with 8
check "no other node was accused" not_said "waits for vxconfigd of node"
check "... that names the node" said "ERROR V-80-1-1043 Disk group $GROUP: refused by node $third: gave no vote in time"
check "nothing was changed" vol_missing "$slave" v3
check "vxconfigd of $third goes on" lab cont "$third" vxconfigd
wait_for 20 "changes work again" on "$slave" vxassist -g "$GROUP" make v3 10m

echo "# the node's own vxconfigd hangs"
check "vxconfigd of $master hangs" lab pause "$master" vxconfigd
type_on "$slave" "vxassist -g $GROUP make v4 10m"
wait_for 20 "the utility waits for the master" said "V-80-1-1069 waits for vxconfigd of node $master"
check "then vxconfigd of $slave hangs too" lab pause "$slave" vxconfigd
wait_for 20 "the utility sees it" said "NOTICE V-80-1-1136 waits for vxconfigd of this node, which says nothing"
check "Ctrl-C" lab kill "$slave" vxassist INT
wait_for 5 "ends it" ended_with 6
txid=$(txid_said)
type_on "$slave" "vxassist -g $GROUP make v5 10m"
wait_for 20 "one that was not connected says it too" said "NOTICE V-80-1-1136 waits for vxconfigd of this node"
check "Ctrl-C" lab kill "$slave" vxassist INT
wait_for 5 "ends it: nothing was asked" ended_with 20
check "... as it says" said "WARNING V-80-1-1137 interrupted before vxconfigd was asked: nothing was changed"
type_on "$slave" "vxdg list"
wait_for 30 "a question ends by itself" ended_with 4
check "... and says why" said "ERROR V-80-1-1127 vxconfigd of this node does not take the connection: it hangs or was paused"
check "vxconfigd of $slave goes on" lab cont "$slave" vxconfigd
check "vxconfigd of $master goes on" lab cont "$master" vxconfigd
wait_for 20 "the change that was under way came about" outcome_is "$slave" "$txid" committed
check "what was not asked did not" vol_missing "$slave" v5

echo "# a slave's vxconfigd hangs when the cluster changes"
fences=$(fenced_count "$master" "$third")
check "vxconfigd of $third hangs" lab pause "$third" vxconfigd
check "node $slave leaves" on "$slave" vxclustadm stopnode
wait_for 20 "the others go on without it, with a new vxconfigd on $third" runs_without "$slave" "$master" "$third"
check "... which says why" output_has "vxconfigd .pid [0-9]*. hangs" lab logs "$third"
check "nobody was fenced" test "$(fenced_count "$master" "$third")" = "$fences"
check "changes work" on "$third" vxassist -g "$GROUP" make v6 10m
check "node $slave joins" on "$slave" vxclustadm startnode
wait_for 20 "the configuration is the same everywhere" same_config
typed a "pcs property set maintenance-mode=false"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Another member is made master (vxclustadm setmaster), at three nodes with Pacemaker, while all write:
#	- there and back again, typed on a third node and on the master; changes of the configuration at once afterwards
#	- refused, and nothing is changed: no such node, no member, a vxconfigd that does not run, a change under way
#	- the named node loses power in the middle: the old master stays, the command says so
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

is_master() {	# is_master NODE: all members say so
	local n
	for n in ${2:-$NODES}; do
		on "$n" vxdctl -c mode | tee /dev/stderr | grep -qx "master: $1" || return 1
		on "$n" vxclustadm nidmap | tee /dev/stderr | grep -Eq "^$1 .* Joined: Master$" || return 1
		[ "$(on "$n" vxclustadm nidmap | grep -c 'Joined: Master$')" = 1 ] || return 1
	done
	[ "$(role_of "$1")" = MASTER ]
}

switch_to() {	# switch_to NODE AT
	local node=$1 at=$2 n freeze
	check "node $node is made master, typed on $at" on "$at" vxclustadm setmaster "$node"
	check_is "... which knows it at once" "$node" "$(on "$at" vxclustadm nodestate --json | jq -r .master)"
	check "a change is made at once" change "$at" "master $node"
	wait_for 5 "all nodes say that $node is the master, and no other" is_master "$node"
	for n in $NODES; do
		check "a change is made, typed on $n" change "$n" "master $node, from $n"
		freeze=$(on "$n" vxclustadm nodestate --json | jq '.reconfigurations[-1].freeze_ms')
		echo "# I/O of $n stood still for $freeze ms"
	done
	# shellcheck disable=SC2086
	wait_for 15 "all writers make progress" writers_grow $NODES
}

not_made() {	# not_made NODE AT REASON
	local node=$1 at=$2 reason=$3 epoch
	epoch=$(epoch_of "$at")
	check "refused: $reason" output_has "^vxha vxclustadm ERROR V-80-2-2019 node $node was not made master: .*$reason" \
		on "$at" sh -c "! vxclustadm setmaster $node 2>&1"
	check_is "... and nothing was changed" "$epoch" "$(epoch_of "$at")"
}

switching() {
	on "$1" vxclustadm nodestate | tee /dev/stderr | grep -qx 'state: master switching in progress'
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
first=$(master_node)
b=$(slave_nodes | head -n 1) c=$(slave_nodes | tail -n 1)
fences=$(fenced_count "$first" "$c")
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
switch_to "$c" "$b"
switch_to "$first" "$c"
switch_to "$b" "$b"
switch_to "$first" "$first"

not_made nobody "$b" "the cluster has no such node"
check "the master already: nothing to do" output_has "^node $first: it is the master already$" on "$b" vxclustadm setmaster "$first"
check "vxconfigd of $c ends" on "$c" vxdctl stop
not_made "$c" "$b" "its vxconfigd is not enabled"
not_made "$c" "$c" "its vxconfigd is not enabled"
check "... and is started" on "$c" vxconfigd
wait_for 20 "a change is made again" change "$b" "vxconfigd is back"
check "vxconfigd of $b hangs" lab pause "$b" vxconfigd
on "$first" vxvol -g "$GROUP" set comment="slow" "$VOLUME" &
change_pid=$!
wait_for 5 "a change waits for it" on "$first" grep -q "begins: .*comment=slow" /var/log/vxha/vxconfigd.log
not_made "$c" "$c" "a transaction is in progress"
check "vxconfigd of $b goes on" lab cont "$b" vxconfigd
check "the change is made" wait "$change_pid"
check_is "nobody was fenced" "$fences" "$(fenced_count "$first" "$c")"

lab autoboot off
check "vxconfigd of $c is slow" lab pause "$c" vxconfigd
on "$b" sh -c "vxclustadm setmaster $c 2>&1" >"$WORK/switch" &
switch_pid=$!
wait_for 5 "the switch is under way, seen from $first" switching "$first"
check "... and from $b" switching "$b"
check "node $c loses power" lab crash "$c"
wait_writers "$c"
wait_for 60 "the others go on, and $first is the master" is_master "$first" "$first $b"
check "the command has failed" not wait "$switch_pid"
check "... and says who is master" grep -q "node $c was not made master: .*node $first is master" "$WORK/switch"
not_made "$c" "$b" "it is not a member of the cluster"
# shellcheck disable=SC2086
wait_for 15 "the others' writers make progress" writers_grow "$first" "$b"
check "a change is made" change "$b" "without $c"
# shellcheck disable=SC2086
writers_stop "$first" "$b"
wait_for 150 "all nodes are members again" all_back
check "the old master is the master" is_master "$first"
wait_for 60 "no resync is running" volume_synced
check "the configuration is the same everywhere" same_config
for n in $NODES; do
	check "every acknowledged write is there, seen from $n" stamps_good "$n"
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done
check "both plexes are equal on the disks" plexes_equal

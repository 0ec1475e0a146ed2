#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A rolling upgrade, at three nodes with Pacemaker: all begin with the program of protocol 10 (make PROTOCOL_MAX=10 stage), and
# get the newer one, one node after the other, while the others write
#	- the cluster runs 10 until "vxdctl upgrade", which is refused as long as a node cannot
#	- what protocols 11, 13 and 14 brought (vxclustadm setmaster, attaching plexes, longer mirrors) is refused before, and
#	  works after; changes share transactions (12) only after
#	- then a node with the older program cannot join: it says why, and so do the others; they go on
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"
export LAB_BUILD=build-p10
newest=$(sed -n 's/^#define VX_PROTOCOL_MAX //p' "$TEST_DIR/../../base/limits.h")

protocol_is() {	# protocol_is VERSION NODE...
	local version=$1 n
	shift
	for n in "$@"; do
		on "$n" vxdctl protocolversion | tee /dev/stderr | grep -qx "Cluster running at protocol $version" || return 1
	done
}

typed_wait() {	# typed_wait COUNT: as vxtask shows it on a
	on a vxtask --json list 2>/dev/null | jq '[.tasks[] | select(.type == "CHANGE")] | length' | grep -x "$1"
}

# together PREFIX: six changes that wait for c together; $transactions: how many they became.
together() {
	local i pids=()
	check "vxconfigd of c stands still" lab pause c vxconfigd
	for i in 1 2 3 4 5 6; do
		on a vxassist -g "$GROUP" make "$1$i" 1m 2>/dev/null &
		pids+=($!)
	done
	wait_for 14 "six changes wait" typed_wait 6
	check "vxconfigd of c goes on" lab cont c vxconfigd
	check "all are made" wait "${pids[@]}"
	transactions=$(on a vxdctl audit -g "$GROUP" --json |
		jq -r ".changes[] | select(.command | test(\" make $1[0-9] 1m$\")) | .seq" | sort -u | wc -l)
}

# Out, switched off, on with the other program, in.
replace() {
	local node=$1 others
	others=$(others_of "$node")
	writers_stop "$node"
	check "node $node goes to standby" on "$node" pcs node standby "$node"
	# shellcheck disable=SC2086
	wait_for 100 "it has left" runs_with 2 $others
	check "node $node is switched off" lab crash "$node"
	check "... gets the newer program" lab product "$node" build
	check "... and is switched on" lab boot "$node"
	wait_for 60 "Pacemaker is there again" output_has "Standby|standby" on "$node" crm_mon -1
	check "node $node comes back" on "$node" pcs node unstandby "$node"
	# shellcheck disable=SC2086
	wait_for 150 "all are members" runs_with 3 $NODES
	wait_for 60 "with the group and the device" story_ready
	check "it speaks 10 to $newest" output_has "^minprotoversion: 10, maxprotoversion: $newest\$" on "$node" vxdctl protocolrange
	# shellcheck disable=SC2086
	check "the cluster runs 10" protocol_is 10 $NODES
	check "a change is made on the newer program" change "$node" "newer program on $node"
}

story_ready() {
	group_enabled && device_there
}

refused_upgrade() {	# refused_upgrade NODE OLD-NODE
	check "no upgrade as long as $2 cannot" output_has \
		"^vxha vxdctl ERROR V-80-1-1071 The protocol was not raised: the cluster runs protocol 10, no higher one is spoken by node $2$" \
		on "$1" sh -c '! vxdctl upgrade 2>&1'
}

[ -d "$TEST_DIR/../../build-p10/root/usr" ] || skip "make PROTOCOL_MAX=10 stage"
lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
# shellcheck disable=SC2086
check "the cluster runs 10" protocol_is 10 $NODES
check "nothing is to be raised" output_has '^Cluster running at protocol 10$' on b vxdctl upgrade
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
replace c
refused_upgrade c '(a, b|b, a)'
together old
check_is "each has its own transaction" 6 "$transactions"
check "setmaster needs protocol 11" output_has 'node c was not made master: the cluster runs protocol 10, this needs 11' \
	on c sh -c '! vxclustadm setmaster c 2>&1'
check "a mirror needs protocol 13" output_has 'V-80-1-1080 Volume vol1: the cluster runs protocol 10, this needs 13' \
	on c sh -c "! vxassist -g $GROUP mirror $VOLUME 2>&1"
check "to grow needs protocol 14" output_has 'V-80-1-1080 Volume vol1: the cluster runs protocol 10, this needs 14' \
	on c sh -c "! vxassist -g $GROUP growby $VOLUME 1m 2>&1"
wait_for 15 "the writers of the others make progress" writers_grow a b
replace b
refused_upgrade b a
wait_for 15 "the writers of the last one make progress" writers_grow a
replace a
check "vxdctl upgrade, typed on a slave" output_has "^Cluster running at protocol $newest\$" on "$(slave_nodes | head -n 1)" vxdctl upgrade
# shellcheck disable=SC2086
wait_for 10 "all nodes say so" protocol_is "$newest" $NODES
for line in 'vxconfigd_vrsn: *1' 'dg_minimum: *1' 'dg_maximum: *1' 'kernel: *1' 'protocol_minimum: *10' \
	"protocol_maximum: *$newest" "protocol_current: *$newest"; do
	check "vxdctl support: $line" output_has "^ *$line\$" on a vxdctl support
done
together new
check "they share transactions" [ "$transactions" -lt 6 ]
check "setmaster works" on a vxclustadm setmaster b
check "a mirror is detached" on c vxplex -g "$GROUP" det vol1-02
check "... and attached" on a vxplex -g "$GROUP" att "$VOLUME" vol1-02
wait_for 60 "it is a mirror again" volume_synced
check "the volume grows" on c vxassist -g "$GROUP" growby "$VOLUME" 1m
check "a change is made" change c "protocol $newest"

writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
writers_stop c
check "node c goes to standby" on c pcs node standby c
wait_for 100 "it has left" runs_with 2 a b
check "the older program comes to c" on c sh -c "mount --bind $TREE/build-p10/root/usr/sbin/vxclustd /usr/sbin/vxclustd"
check "node c comes back" on c pcs node unstandby c
wait_for 100 "it is refused, says vxclustadm" output_has \
	"^reason: protocol version out of range: the cluster runs $newest, this node speaks 10 to 10\$" on c vxclustadm nodestate
wait_for 30 "... and Pacemaker" output_has 'vxclust.*start.*on c .*protocol version out of range' on a crm_mon -1 --exclude=all --include=failures
check "... and the log of c" on c grep -q 'protocol version out of range' /var/log/vxha/vxclustd.log
check "... and the log of the master" on b grep -q 'is refused: protocol version out of range' /var/log/vxha/vxclustd.log
check "the others are members" runs_with 2 a b
wait_for 15 "... whose writers make progress" writers_grow a b
writers_stop a b
check "a change is made" change a "without c"
check "the configuration is the same" same_config a b
for n in a b; do
	check "every acknowledged write is there, seen from $n" stamps_good "$n"
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_8_title="The dead come back; one node leaves cleanly"
story_8() {
	local node pid finished other
	story_need volume
	prove "every node has the same configuration" same_config
	node=$(slave_nodes | head -n 1)
	other=$(others_of "$node" | head -n 1)
	say "A clean leave waits for open volumes and says who has what open. Pacemaker is told to look away first."
	typed a "pcs property set maintenance-mode=true"
	finished=$(resync_count "$other")
	on "$node" rm -f /run/holder
	on "$node" sh -c "exec 3<>$DEVICE; echo \$\$ >/run/holder; exec sleep 600 3<&3" >/dev/null 2>&1 </dev/null &
	local holder=$!
	await 10 "a process on $node has the volume open" on "$node" test -s /run/holder
	pid=$(on "$node" cat /run/holder)
	on "$node" vxclustadm stopnode >"$WORK/stop.out" 2>&1 </dev/null &
	local stop=$!
	await 20 "stopnode waits and names process $pid" grep -q "pid $pid " "$WORK/stop.out"
	show "$node# vxclustadm stopnode" "$(cat "$WORK/stop.out")" "(waits)"
	prove "node $node is a member as long as it waits" node_joined "$other" "$node"
	on "$node" sh -c "rm -f /run/written; dd if=/dev/urandom of=$DEVICE bs=1M seek=180 count=4 conv=notrunc oflag=direct &&
		: >/run/written" >/dev/null 2>&1 </dev/null &
	await 20 "... and its volume works" on "$node" test -e /run/written
	on "$node" kill "$pid"
	wait "$holder" 2>/dev/null || true
	await 30 "it leaves when the volume is closed" process_over "$stop"
	prove "with success" wait "$stop"
	typed "$node" "vxclustadm nodestate"
	prove "node $node is out, by the user's wish" grep -q 'user initiated stop' <<<"$OUT"
	await 20 "two nodes are left" view_without "$node"
	typed "$other" "vxclustadm nidmap"
	prove "no resync followed" resync_count_is "$other" "$finished"
	typed "$node" "vxclustadm startnode"
	await 60 "it is back" all_members
	typed a "pcs property set maintenance-mode=false"
}

process_over() {
	! kill -0 "$1" 2>/dev/null
}

resync_count() {
	on "$1" vxtask --all --json list | jq '.tasks | length'
}

resync_count_is() {
	[ "$(resync_count "$1")" = "$2" ]
}

node_joined() {	# node_joined NODE OTHER: as NODE sees it
	on "$1" vxclustadm nidmap | grep -q "^$2 .*Joined"
}

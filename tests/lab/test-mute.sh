#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon of one node hangs (SIGSTOP), at three nodes with Pacemaker and the disk group as a resource:
#	- vxconfigd: the resources are degraded, I/O goes on, nobody is fenced; nor when the node stops meanwhile, nor is
#	  another one that stops meanwhile
#	- vxclustd, vxiod: the resource says which one it is, the node is fenced and comes back; the others go on
#	- vxiod, while Pacemaker looks away (maintenance), and another node dies: its node asks by itself to be fenced, and
#	  does not wait for that vxiod twice
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

# What Pacemaker shows of the operations that did not end well: "RESOURCE OPERATION on NODE returned ...".
failures() {
	on "$(others_of "$1" | head -n 1)" crm_mon -1 --exclude=all --include=failures
}

says() {	# says NODE RESOURCE REGEX
	failures "$1" | tee /dev/stderr | grep -E "$2 .*on $1 .*$3" >/dev/null
}

degraded() {	# degraded NODE RESOURCE
	says "$1" "$2" "OCF_DEGRADED.*vxconfigd \\(process [0-9]+\\) does not answer"
}

all_started() {
	local status
	status=$(on "$1" crm_mon -1 --exclude=all --include=resources)
	echo "$status"
	[ "$(grep -c 'Started: \[ a b c \]' <<<"$status")" = 2 ] && ! grep -E 'FAILED|Stopp|Starting' <<<"$status"
}

stopped_on() {	# the resources of NODE, and no others, are stopped
	local status
	status=$(on "$(others_of "$1" | head -n 1)" crm_mon -1 --exclude=all --include=resources)
	echo "$status"
	[ "$(grep -cF "Started: [ $(others_of "$1" | xargs) ]" <<<"$status")" = 2 ] && ! grep -E 'FAILED|Stopping' <<<"$status"
}

stopped_on_at_least() {
	! on a crm_mon -1 --exclude=all --include=resources | grep -E "(Started|Stopping).* $1( |$)|FAILED"
}

not_fenced() {
	check_is "nobody was fenced" "$FENCED" "$(fenced_sum)"
}

fenced_sum() {
	local n sum=0
	for n in $NODES; do
		sum=$((sum + $(fenced_count a "$n")))
	done
	echo "$sum"
}

all_back() {
	all_members && group_enabled && device_there
}

configd_hangs() {
	local node=$1 other fences
	FENCED=$(fenced_sum)
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	check "vxconfigd of $node hangs" lab pause "$node" vxconfigd
	wait_for 60 "the group's resource is degraded" degraded "$node" vxdg-data
	wait_for 60 "the node's resource is degraded" degraded "$node" vxclust
	check "no resource is restarted" all_started a
	# shellcheck disable=SC2086
	wait_for 15 "all writers make progress" writers_grow $NODES
	check "vxconfigd of $node goes on" lab cont "$node" vxconfigd
	wait_for 60 "nothing is degraded any more" not says "$node" vx DEGRADED
	check "all resources are started" all_started a
	# shellcheck disable=SC2086
	writers_stop $NODES
	not_fenced

	check "vxconfigd of $node hangs again" lab pause "$node" vxconfigd
	check "node $node goes to standby" on a pcs node standby "$node"
	wait_for 150 "its resources are stopped" stopped_on "$node"
	check "... and comes back" on a pcs node unstandby "$node"
	wait_for 150 "all resources are started" all_started a
	not_fenced

	other=$(slave_nodes | grep -vx "$node" | head -n 1)
	fences=$(fenced_count a "$other")
	CLUSTD=$(pid_of "$node" vxclustd) CONFIGD=$(pid_of "$node" vxconfigd)
	check "vxconfigd of $node hangs once more" lab pause "$node" vxconfigd
	check "node $other goes to standby" on a pcs node standby "$other"
	wait_for 150 "its resources are stopped" stopped_on_at_least "$other"
	check_is "it was not fenced for what hangs on $node" "$fences" "$(fenced_count a "$other")"
	wait_for 60 "no change of membership waits for $node: its vxconfigd is replaced" configd_is_new "$node"
	check_is "... and it stays a member" "$CLUSTD" "$(pid_of "$node" vxclustd)"
	check "node $other comes back" on a pcs node unstandby "$other"
	wait_for 150 "all nodes are members, with group and device" all_back
	wait_for 60 "all resources are started" all_started a
}

configd_is_new() {
	local pid
	pid=$(pid_of "$1" vxconfigd) && [ -n "$pid" ] && [ "$pid" != "$CONFIGD" ] && is_member "$1"
}

pid_of() {	# pid_of NODE DAEMON
	on "$1" vxclustadm daemons --json | jq -r ".daemons[] | select(.name == \"$2\") | .pid // empty"
}

# A hang that is the end of the node: named, fenced, back.
fatal_hang() {
	local daemon=$1 node=$2 other fences
	other=$(others_of "$node" | head -n 1)
	fences=$(fenced_count "$other" "$node")
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	check "$daemon of $node hangs" lab pause "$node" "$daemon"
	wait_for 60 "the resource names it" says "$node" vxclust "$daemon \\(process [0-9]+\\) does not answer"
	wait_for 400 "the node is fenced" fenced_more_than "$other" "$node" "$fences"
	wait_writers "$node"
	# shellcheck disable=SC2046
	wait_for 60 "the others' writers make progress" writers_grow $(others_of "$node")
	# shellcheck disable=SC2046
	writers_stop $(others_of "$node")
	wait_for 150 "all nodes are members again" all_members
	wait_for 150 "all resources are started" all_started "$other"
	wait_for 60 "the resync is finished" volume_synced
	check "every acknowledged write is there" stamps_good "$other"
}

log_since() {	# log_since NODE LINE: what its vxclustd said after that line
	on "$1" tail -n "+$(($2 + 1))" /var/log/vxha/vxclustd.log
}

log_has() {	# log_has NODE LINE REGEX
	log_since "$1" "$2" | tee /dev/stderr | grep -E "$3" >/dev/null
}

# The others wait for the stop of a node whose vxiod hangs.
hang_and_loss() {
	local node=$1 dead=$2 other fences line
	other=$(others_of "$node" | grep -vx "$dead")
	fences=$(fenced_count "$other" "$node")
	line=$(on "$node" sh -c 'wc -l </var/log/vxha/vxclustd.log')
	typed "$other" "pcs property set maintenance-mode=true"
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	check "vxiod of $node hangs" lab pause "$node" vxiod
	check "node $dead loses its power" lab crash "$dead"
	wait_for 60 "node $node cannot go on" log_has "$node" "$line" "node=$node aborts: .*vxiod makes no progress \\(step 1[:)]"
	wait_for 150 "it is fenced" fenced_more_than "$other" "$node" "$fences"
	check "it asked for that itself" log_has "$node" "$line" "node=$node pacemaker: asked to fence it"
	check "... and did not wait for its vxiod once more" not log_has "$node" "$line" "no progress \\(step 11[:)]"
	wait_writers "$node" "$dead"
	wait_for 150 "the writers of $other make progress" writers_grow "$other"
	writers_stop "$other"
	typed "$other" "pcs property set maintenance-mode=false"
	wait_for 150 "all nodes are members again" all_members
	wait_for 150 "all resources are started" all_started "$other"
	wait_for 60 "the resync is finished" volume_synced
	check "every acknowledged write is there" stamps_good "$other"
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
check "the group becomes a resource" on a sh "$TREE/crm-examples/10-vxclust-demo.pcs.sh" data
wait_for 60 "all resources are started" all_started a
check "a stop that cannot succeed shall not take two minutes" on a pcs resource update vxdg-data op stop timeout=50s
wait_for 60 "all resources are started again" all_started a
configd_hangs "$(slave_nodes | tail -n 1)"
fatal_hang vxclustd "$(slave_nodes | head -n 1)"
fatal_hang vxiod "$(slave_nodes | head -n 1)"
slaves=$(slave_nodes)
hang_and_loss "$(head -n 1 <<<"$slaves")" "$(tail -n 1 <<<"$slaves")"

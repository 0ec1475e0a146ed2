#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vxconfigd ends while all write, at three nodes with Pacemaker (R16):
#	- one that died, on a slave or on the master, comes back by itself, and changes work again
#	- one that was stopped stays so until somebody starts it, and everybody is told
#	- one that dies again and again is left alone: on a slave I/O goes on, a master leaves its place to another one
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

pid_of() {	# pid_of NODE
	on "$1" vxclustadm daemons --json | jq -r '.daemons[] | select(.name == "vxconfigd") | .pid // empty'
}

is_back() {	# is_back NODE PID: another one runs, and is ready
	local pid
	pid=$(pid_of "$1") && [ -n "$pid" ] && [ "$pid" != "$2" ] && group_enabled "$1"
}

why_not() {	# why_not NODE TEXT: it does not run, and vxclustadm says why
	output_has "^vxconfigd - .*$2" on "$1" vxclustadm daemons
}

pacemaker_says() {	# pacemaker_says NODE TEXT
	on "$(others_of "$1" | head -n 1)" crm_mon -1 --exclude=all --include=failures | tee /dev/stderr |
		grep -E "vxclust .*on $1 .*OCF_DEGRADED.*$2" >/dev/null
}

starts_of() {	# starts_of NODE: how often vxclustd started it
	on "$1" grep -c "vxconfigd does not run: starting it" /var/log/vxha/vxclustd.log || true
}

views_of() {
	on "$1" vxclustadm -v nodestate --json | jq .epoch
}

# shellcheck disable=SC2086 # a list of nodes
died() {	# died NODE SIGNAL
	local node=$1 pid epoch
	pid=$(pid_of "$node") epoch=$(views_of "$node")
	check "vxconfigd of $node dies ($2)" lab kill "$node" vxconfigd "$2"
	wait_for 30 "it comes back by itself" is_back "$node" "$pid"
	wait_for 30 "the group is enabled on all nodes" group_enabled
	[ "$node" = "$M" ] || check_is "... and nobody stood still" "$epoch" "$(views_of "$node")"
	wait_for 15 "all writers make progress" writers_grow $NODES
	wait_for 30 "a change is made elsewhere" change "$(others_of "$node" | head -n 1)" "after the death"
	wait_for 30 "... and there" change "$node" "and there"
}

stays_stopped() {	# stays_stopped NODE
	local node=$1 other starts
	other=$(others_of "$node" | head -n 1) starts=$(starts_of "$node")
	shift
	check "vxconfigd of $node is stopped: $*" "$@"
	wait_for 20 "vxclustadm says that it was" why_not "$node" "it was stopped"
	wait_for 60 "so does Pacemaker" pacemaker_says "$node" "vxconfigd is not running"
	refused "$node" "vxdg list"
	check "vxdg list there shows the group disabled" grep -Eq "^$GROUP +disabled" <<<"$OUT"
	refused "$other" "vxassist -g $GROUP make vol3 10m"
	check "a change elsewhere fails at once and names node $node" \
		grep -q "vxconfigd is not running on node $node: nothing was changed" <<<"$OUT"
	# shellcheck disable=SC2086
	wait_for 15 "all writers make progress" writers_grow $NODES
	check "it is still stopped" why_not "$node" "it was stopped"
	check_is "nobody tried to start it" "$starts" "$(starts_of "$node")"
	check "an administrator starts it" on "$node" vxconfigd
	wait_for 30 "the group is enabled on all nodes" group_enabled
	wait_for 30 "a change is made" change "$other" "after the stop"
}

# Kills it whenever it runs, until the command is true.
killed_until() {	# killed_until NODE COMMAND...
	local node=$1
	shift
	"$@" && return 0
	[ -z "$(pid_of "$node")" ] || lab kill "$node" vxconfigd || true
	return 1
}

out_of_cluster() {	# out_of_cluster NODE: the others run without it
	local n
	for n in $(others_of "$1"); do
		on "$n" vxclustadm nidmap | grep -Eq "^$1 .*Out of Cluster" || return 1
	done
}

all_back() {
	all_members && group_enabled && device_there
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
M=$(master_node)
S=$(slave_nodes | head -n 1)
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked

echo "# it dies"
died "$S" KILL
died "$S" SEGV
died "$M" KILL
died "$M" SEGV

echo "# it is stopped"
stays_stopped "$S" on "$S" vxdctl stop
stays_stopped "$S" lab kill "$S" vxconfigd TERM
stays_stopped "$M" on "$M" vxdctl stop

echo "# it dies again and again, on a slave"
epoch=$(views_of "$M")
wait_for 180 "it is given up, and that is said" killed_until "$S" why_not "$S" "is not started again"
check "... in the log, too" on "$S" grep -q "vxconfigd does not run: .* is not started again" /var/log/vxha/vxclustd.log
wait_for 60 "... by Pacemaker, too" pacemaker_says "$S" "vxconfigd is not running"
# shellcheck disable=SC2086
wait_for 15 "all writers make progress" writers_grow $NODES
check_is "nobody stood still" "$epoch" "$(views_of "$M")"
refused "$M" "vxassist -g $GROUP make vol3 10m"
check "a change fails and names node $S" grep -q "node $S" <<<"$OUT"
check "an administrator starts it" on "$S" vxconfigd
wait_for 30 "the group is enabled on all nodes" group_enabled
wait_for 30 "a change is made" change "$M" "after the repair"

echo "# it dies again and again, on the master"
wait_for 240 "the others go on without it" killed_until "$M" out_of_cluster "$M"
wait_writers "$M"
# shellcheck disable=SC2046
wait_for 60 "their writers make progress" writers_grow $(others_of "$M")
check "it was said why" output_has "vxconfigd is not enabled: .* is not started again" on "$M" cat /var/log/vxha/vxclustd.log
wait_for 200 "all nodes are members again" all_back
# shellcheck disable=SC2046
writers_stop $(others_of "$M")
wait_for 60 "the resync is finished" volume_synced
check "the configuration is the same everywhere" same_config
for n in $NODES; do
	check "every acknowledged write is there, seen from $n" stamps_good "$n"
done
check "both plexes are equal on the disks" plexes_equal

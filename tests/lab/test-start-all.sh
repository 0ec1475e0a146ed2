#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vxvol startall with a volume that cannot be started: one node does not see the only disk of vol1. The others are started, vol1 is
# told with the node and the disk; Pacemaker's resource is there on all nodes, degraded, until vol1 is started.
#
#	vol1: d2 only     vol2: d1 and d3     vol3: d1     d2 fails on one node that is no master
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

RESOURCE=vxdg-$GROUP

states() {	# states WORD...: the kernel states of vol1, vol2, vol3, as every node prints them
	local node
	for node in $NODES; do
		[ "$(on "$node" vxprint -g "$GROUP" -ht | awk '$1 == "v" { print $4 }' | tr '\n' ' ')" = "$* " ] || return 1
	done
}

started() {	# the resource runs on all nodes; while it is degraded crm_mon says "Monitoring"
	local status
	status=$(on a crm_mon -1 --exclude=all --include=resources)
	echo "$status"
	[ "$(grep -c 'Started: \[ a b c \]' <<<"$status")" = 2 ]
}

failures() {	# what did not end well: "RESOURCE OPERATION on NODE returned ..."
	on a crm_mon -1 --exclude=all --include=failures
}

degraded() {	# on every node, which says why
	local node said
	said=$(failures)
	echo "$said"
	for node in $NODES; do
		grep -E "$RESOURCE .*on $node .*OCF_DEGRADED.*volume vol1 is not started: .*refused by node $blind: does not see disk d2 " \
			<<<"$said" || return 1
	done
}

start_all() {	# exit code 26, one line for vol1
	local status=0 said
	said=$(on "$1" vxvol -g "$GROUP" ${2:-} startall 2>&1) || status=$?
	echo "$status: $said"
	[ $status = 26 ] && [ "$(grep -c " ERROR " <<<"$said")" = 1 ] &&
		grep -E "V-80-1-1140 Volume vol1: not started: .*refused by node $blind: does not see disk d2 " <<<"$said"
}

lab_start 3 --pacemaker --disks 3 --size 512
story_need group
read -r blind other <<<"$(slave_nodes | tr '\n' ' ')"
check "volumes on d2 only" on a vxassist -g "$GROUP" make vol1 10m d2
check "... and beside it" on a sh -c "vxassist -g $GROUP make vol2 10m layout=mirror init=active d1 d3 && vxassist -g $GROUP make vol3 10m d1"
check "the resource is made" on a sh -c "pcs resource create $RESOURCE ocf:vxha:vxdg diskgroup=$GROUP activation=sw \
	op monitor interval=5s timeout=30s start timeout=120s stop timeout=120s --disabled &&
	pcs resource clone $RESOURCE meta interleave=true &&
	pcs constraint order start vxclust-clone then $RESOURCE-clone &&
	pcs constraint colocation add $RESOURCE-clone with vxclust-clone"
check "all volumes are stopped" on a vxvol -g "$GROUP" stopall
check "one node does not see d2" lab disk-fail "$blind" d2

check "a dry run says so" output_has "V-80-1-1140 Volume vol1: not started: .*does not see disk d2 " \
	on "$other" sh -c "! vxvol -n -g $GROUP startall 2>&1"
check "it started nothing" states DISABLED DISABLED DISABLED
check "the others are started, vol1 is told" start_all "$other"
wait_for 10 "so every node says" states DISABLED ENABLED ENABLED
check "the same again" start_all "$blind"
check "they are stopped again" on a vxvol -g "$GROUP" stopall

check "the resource is enabled" on a pcs resource enable "$RESOURCE"
wait_for 60 "it runs degraded on all nodes" degraded
check "vol2 and vol3 are started" states DISABLED ENABLED ENABLED
for n in $NODES; do
	check "node $n can use vol2" on "$n" dd if="/dev/vx/dsk/$GROUP/vol2" of=/dev/null bs=4096 count=1 iflag=direct
done

check "the disk is back" lab disk-heal "$blind" d2
check "vol1 is started" on "$other" vxvol -g "$GROUP" startall
wait_for 60 "nothing is degraded any more" started
check "a volume that is stopped on purpose" on "$other" vxvol -g "$GROUP" stop vol1
check "is no trouble" on "$other" sh -c "OCF_ROOT=/usr/lib/ocf OCF_RESKEY_diskgroup=$GROUP OCF_RESKEY_CRM_meta_interval=5000 \
	OCF_RESKEY_CRM_meta_timeout=30000 /usr/lib/ocf/resource.d/vxha/vxdg monitor"

# ---- volumes=: these or none ----

check "the resource is disabled" on a pcs resource disable "$RESOURCE" --wait=60
check "volumes that are to be started are named" on a pcs resource update "$RESOURCE" volumes="vol1 vol2"
check "the resource is enabled: some are started already" on a pcs resource enable "$RESOURCE"
wait_for 60 "it runs on all nodes" started
check "both are started" states ENABLED ENABLED ENABLED

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# pacemaker.sh - the part of lab up that concerns Pacemaker
#
# The first configuration is made with pcs before Pacemaker starts, while Corosync forms its ring.
# So the first DC finds the fence device and a short dc-deadtime at once. Nothing is switched off
# for speed: startup-fencing stays on, so all nodes must be in the ring before Pacemaker starts.

# Runs on node $1 with the node names as further arguments; prints the configuration.
# shellcheck disable=SC2016
PRESET_SCRIPT='
set -eu
cib=/tmp/cib.xml id=0 nodes= map=
for name in "$@"; do
	id=$((id + 1))
	nodes="$nodes<node id=\"$id\" uname=\"$name\"/>"
done
cibadmin --empty | sed "s|<nodes/>|<nodes>$nodes</nodes>|" >$cib
# Two nodes that lose each other: whoever wants to shoot the first one waits, so that one survives.
[ $# != 2 ] || map="pcmk_delay_base=$1:3s;$2:0s"
pcs -f $cib property set stonith-enabled=true no-quorum-policy=freeze dc-deadtime=2s \
	cluster-recheck-interval=60s >&2
pcs -f $cib stonith create fence fence_vxlab pcmk_host_list="$*" pcmk_host_check=static-list $map \
	op monitor interval=30s >&2
cat $cib
'

pacemaker_preset() {
	local name dir

	enter "$1" bash -c "$PRESET_SCRIPT" preset "$@" >"$LAB_STATE/cib.xml" \
		2>"$LAB_STATE/pcs.log" ||
		fatal "pcs could not make the first configuration: $(cat "$LAB_STATE/pcs.log")"
	for name in "$@"; do
		dir=$LAB_STATE/rack/nodes/$name/var/lib/pacemaker/cib
		enter rack install -o hacluster -g haclient -m 600 "$LAB_STATE/cib.xml" "$dir/cib.xml"
	done
}

# Node $1 says: the other arguments are online, there is a DC, the fence device runs.
pacemaker_ready() {
	local node=$1 status
	shift

	status=$(enter "$node" crm_mon -1 -r 2>/dev/null) || return 1
	[[ $status == *"Online: [ $* ]"* && $status == *"Started"* &&
		$status != *"DC: NONE"* ]]
}

pacemaker_start() {
	local name

	for name in "$@"; do
		enter rack touch "$LAB_STATE/rack/nodes/$name/var/lib/vxlab/go"
	done
	for name in "$@"; do
		poll 900 - pacemaker_ready "$name" "$@" ||
			fatal "Pacemaker on node $name is not ready after 90 s: $(
				enter "$name" crm_mon -1 2>&1)"
	done
}

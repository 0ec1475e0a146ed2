#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-examples.sh - the configurations in crm-examples/, loaded into files and simulated
#
# Runs in a mount namespace of its own, in which the agents of this tree look installed. What
# Pacemaker would do is compared with golden/*.txt; UPDATE=1 writes these files anew.
# shellcheck disable=SC2317 # functions are called by check
set -u
if [ "${VXHA_EXAMPLES:-}" != inside ]; then
	export VXHA_EXAMPLES=inside
	if [ "$(id -u)" = 0 ]; then
		unshare -m true 2>/dev/null && exec unshare -m "$0" "$@"
	else
		unshare -rm true 2>/dev/null && exec unshare -rm "$0" "$@"
	fi
	echo "ok - examples # SKIP no mount namespace can be made here"
	exit 77
fi
# shellcheck source=tests/ocf/lib.sh
. "${0%/*}/lib.sh"

golden=$here/golden
examples=$tree/crm-examples
nodes="a b c"

# Pacemaker's programs find agents in fixed folders: cover these with copies that hold ours as well.
# Only copies: nothing of the machine may be mounted into the work folder, which is removed at the end.
cover() {
	mkdir "$work/agents" "$work/sbin" &&
		cp -a /usr/lib/ocf/resource.d/. "$work/agents" &&
		rm -rf "$work/agents/vxha" && cp -a "$tree/ocf" "$work/agents/vxha" &&
		cp -a /usr/sbin/. "$work/sbin" &&
		cp -a "$tree/tests/lab/fence_vxlab" "$work/sbin/" &&
		mount --bind "$work/agents" /usr/lib/ocf/resource.d &&
		mount --bind "$work/sbin" /usr/sbin
}

# A cluster of three nodes with nothing in it.
empty_cib() {
	id=0
	list=
	for node in $nodes; do
		id=$((id + 1))
		list="$list<node id=\"$id\" uname=\"$node\"/>"
	done
	cibadmin --empty | sed -e "s|<nodes/>|<nodes>$list</nodes>|" -e 's|<cib |<cib have-quorum="1" |' >"$1"
}

# simulate OUT-CIB IN-CIB OPTION...: what Pacemaker would do, and the cluster after it.
simulate() {
	out=$1 in=$2
	shift 2
	crm_simulate -x "$in" -S -O "$out" --quorum true "$@" >"$work/simulated" 2>&1 || {
		cat "$work/simulated"
		return 1
	}
	sed -n '/^Transition Summary:/,/^$/p' "$work/simulated"
}

# same NAME: standard input is the golden file NAME.
same() {
	cat >"$work/got.$1"
	[ -z "${UPDATE:-}" ] || cp "$work/got.$1" "$golden/$1.txt"
	diff -u "$golden/$1.txt" "$work/got.$1"
}

all_up() {
	up=
	for node in $nodes; do
		up="$up --node-up $node"
	done
	# shellcheck disable=SC2086 # words
	simulate "$@" $up
}

# ---- loading ----

pcs_loads() {
	empty_cib "$work/pcs.xml"
	export PCS="pcs -f $work/pcs.xml"
	if ! { sh "$examples/10-vxclust-demo.pcs.sh" && sh "$examples/10-vxclust-demo.pcs.sh" data; } \
		>"$work/pcs.out" 2>&1; then
		cat "$work/pcs.out"
		return 1
	fi
	# what pcs has to complain about is not fit for an example (a machine without systemd is)
	! grep -v 'detect init system' "$work/pcs.out" | grep -iE 'warning|deprecated|error'
}

crm_loads() {
	empty_cib "$work/crm.xml"
	if ! CIB_file=$work/crm.xml crm -F configure load update "$examples/10-vxclust-demo.crm" \
		>"$work/crm.out" 2>&1; then
		cat "$work/crm.out"
		return 1
	fi
	! grep -iE 'warning|error' "$work/crm.out" &&
		CIB_file=$work/crm.xml crm -F resource start vxdg-data-clone
}

starts() {
	all_up "$work/$1.running.xml" "$work/$1.xml" | same start &&
		crm_verify -x "$work/$1.running.xml"
}

# ---- what is in them ----

# attribute CIB XPATH
attribute() {
	xmllint --xpath "string($2)" "$1"
}

settings() {
	for agent in vxclust vxdg-data; do
		clone="//clone[primitive/@id='$agent']"
		equal "$agent interleave" "$(attribute "$1" "$clone/meta_attributes/nvpair[@name='interleave']/@value")" true || return
		for action in start stop monitor; do
			timeout=$(attribute "$1" "$clone//op[@name='$action']/@timeout")
			[ "${timeout%s}" -ge 30 ] || { echo "$agent $action: time-out '$timeout'"; return 1; }
		done
		equal "$agent deep monitor" \
			"$(attribute "$1" "$clone//op[.//nvpair[@name='OCF_CHECK_LEVEL' and @value='10']]/@name")" monitor || return
	done
	equal fencing "$(attribute "$1" "//nvpair[@name='stonith-enabled']/@value")" true &&
		equal quorum "$(attribute "$1" "//nvpair[@name='no-quorum-policy']/@value")" freeze &&
		equal order "$(attribute "$1" "//rsc_order/@first") $(attribute "$1" "//rsc_order/@then")" \
			"vxclust-clone vxdg-data-clone" &&
		equal colocation "$(attribute "$1" "//rsc_colocation/@rsc") $(attribute "$1" "//rsc_colocation/@score")" \
			"vxdg-data-clone INFINITY"
}

# ---- drills: from the running cluster, the same for both tools ----

drill() {
	tool=$1 name=$2
	shift 2
	simulate "$work/after.xml" "$work/$tool.running.xml" "$@" | same "$name"
}

# A stop that fails can only be healed by fencing: in the transition after it.
stop_fails() {
	simulate "$work/after.xml" "$work/$1.running.xml" --op-inject vxdg-data_monitor_20000@b=1 \
		--op-fail vxdg-data_stop_0@b=1 >"$work/summary" || return
	simulate "$work/fenced.xml" "$work/after.xml" | same stop-fails
}

# Applications first, then the group, then the membership: that is the order of the actions.
standby() {
	cp "$work/$1.running.xml" "$work/standby.xml"
	CIB_file=$work/standby.xml crm_attribute -t nodes -N b -n standby -v on &&
		simulate "$work/after.xml" "$work/standby.xml" | same standby &&
		equal order "$(sed -n 's/.* Resource action: \(v[a-z]*\).* stop on b/\1/p' "$work/simulated" | tr '\n' ' ')" \
			"vxdg vxclust "
}

cover || { echo "ok - examples # SKIP the agents' folders cannot be covered"; exit 77; }
mkdir -p "$golden"
for tool in pcs crm; do
	if ! command -v "$tool" >/dev/null; then
		skip "the example for $tool" "$tool is not installed"
		continue
	fi
	check "$tool: the example loads without a complaint" "${tool}_loads"
	check "$tool: it has what every example needs" settings "$work/$tool.xml"
	check "$tool: all starts on three nodes, in order" starts "$tool"
	check "$tool: vxclustd fails on b: only b's part restarts" \
		drill "$tool" monitor-fails --op-inject vxclust_monitor_10000@b=1
	check "$tool: the group fails on b: only the group on b restarts" \
		drill "$tool" group-fails --op-inject vxdg-data_monitor_20000@b=1
	check "$tool: a degraded group: nothing happens" \
		drill "$tool" group-degraded --op-inject vxdg-data_monitor_120000@b=190
	check "$tool: node c dies: it is fenced, a and b go on" drill "$tool" node-dies --node-fail c
	check "$tool: the group cannot be stopped on b: b is fenced" stop_fails "$tool"
	check "$tool: b goes standby: its group first, then its membership" standby "$tool"
	check "$tool: no quorum: nothing is stopped, nobody is fenced" \
		drill "$tool" no-quorum --quorum false --node-fail c
done
finish

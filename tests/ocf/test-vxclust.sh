#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-vxclust.sh - the resource agent vxclust against played commands
# shellcheck disable=SC2317 # functions are called by check
set -u
# shellcheck source=tests/ocf/lib.sh
. "${0%/*}/lib.sh"

started() {
	new_node
	run vxclust start 0 || return
	recurring
}

life() {
	new_node
	run vxclust monitor 7 &&
		run vxclust start 0 &&
		run vxclust monitor 0 &&
		equal mark "$(head -n 1 "$VXHA_RUN_DIR/resource")" rsc &&
		run vxclust start 0 &&
		called "vxclustadm startnode --join-timeout 180" &&
		run vxclust stop 0 &&
		run vxclust stop 0 &&
		run vxclust monitor 7 || return
	[ ! -e "$VXHA_RUN_DIR/resource" ] || return
	equal order "$(grep -E '^vx(iod|configd|clustd) ' "$FAKE/calls" | head -n 3 | tr -d '\n')" "vxiod vxconfigd vxclustd "
}

configuration() {
	new_node
	: >"$work/node/my.conf"
	OCF_RESKEY_config=$work/node/my.conf OCF_RESKEY_join_timeout=33
	export OCF_RESKEY_config OCF_RESKEY_join_timeout
	run vxclust start 0 && called "vxclustadm startnode --join-timeout 33" || return
	equal conf "$(sort -u "$FAKE/conf" | tr '\n' ' ')" \
		"vxclustd conf=$work/node/my.conf vxconfigd conf=$work/node/my.conf vxiod conf=$work/node/my.conf " || return
	rm "$work/node/my.conf"
	run vxclust start 2 "cannot read"
}

fencing_disabled() {
	new_node
	echo 'stonith-enabled="false"' >"$FAKE/options"
	run vxclust start 1 "fencing is disabled" && not_called vxiod || return
	echo 'fencing-enabled="false" stonith-enabled="true"' >"$FAKE/options"
	run vxclust start 1 "fencing is disabled" || return
	echo 'maintenance-mode="false"' >"$FAKE/options"
	run vxclust start 1 "fencing is enabled: crm_mon does not show the option" || return
	echo '124 late' >"$FAKE/fail.crm_mon"
	run vxclust start 1 "fencing is enabled: late; crm_mon: no answer within 20 s" || return
	echo "102 $(cat "$here/golden/crm_mon-not-connected.xml")" >"$FAKE/fail.crm_mon"
	run vxclust start 1 "fencing is enabled: error: Could not connect to launcher: Connection refused; crm_mon: \
Connection to cluster failed: Connection refused" || return
	OCF_RESKEY_allow_fencing_disabled=true
	export OCF_RESKEY_allow_fencing_disabled
	run vxclust start 0
}

# vxclustadm nodestate tells it as well: nobody else could.
start_fails() {
	new_node
	mkdir "$VXHA_STATE_DIR"
	echo "user initiated stop" >"$VXHA_STATE_DIR/last-reason"
	echo '21 vxconfigd: cannot start: the file is damaged' >"$FAKE/fail.vxconfigd"
	run vxclust start 1 "vxconfigd did not start: the file is damaged" || return
	not_called "vxclustd " || return
	equal "last reason" "$(cat "$VXHA_STATE_DIR/last-reason")" "vxconfigd did not start: the file is damaged" || return
	echo 'stonith-enabled="false"' >"$FAKE/options"
	rm -r "$VXHA_STATE_DIR"
	run vxclust start 1 "fencing is disabled" || return
	equal "last reason" "$(cut -d : -f 1 "$VXHA_STATE_DIR/last-reason")" "fencing is disabled" || return
	new_node
	echo '1 vxha vxclustadm ERROR V-80-2-2005 this node did not join the cluster: no quorum' >"$FAKE/fail.startnode"
	run vxclust start 1 "ocf-exit-reason:this node did not join the cluster: no quorum"
}

daemons_die() {
	started && rm "$FAKE/run.vxiod" && run vxclust monitor 1 "vxiod is not running" || return
	not_called attrd_updater || return
	started && rm "$FAKE/run.vxclustd" && run vxclust monitor 1 "vxclustd is not running" || return
	not_called attrd_updater || return
	started && rm "$FAKE"/run.* && run vxclust monitor 1 "vxclustd is not running" || return
	run vxclust stop 0 && run vxclust monitor 7
}

# Survivors wait for the fencing of a node whose vxclustd died with volumes mapped.
dies_with_volumes() {
	started && mkdir -p "$VXHA_DEVICE_DIR/dsk/data/vol1" && rm "$FAKE/run.vxclustd" || return
	run vxclust monitor 1 "vxclustd is not running" && called "attrd_updater -n terminate -U true"
}

vxconfigd_missing() {
	started && rm "$FAKE/run.vxconfigd" && run vxclust monitor 190 "vxconfigd is not running; volumes work" || return
	echo " it was stopped" >"$FAKE/why.vxconfigd"
	run vxclust monitor 190 "vxconfigd is not running: it was stopped; volumes work" || return
	rm "$FAKE/why.vxconfigd"
	started || return
	OCF_CHECK_LEVEL=10
	export OCF_CHECK_LEVEL
	run vxclust monitor 0 || return
	echo '3 mode: not-running' >"$FAKE/fail.vxdctl"
	run vxclust monitor 190 "vxconfigd is not enabled" || return
	printf 'state: cluster member\nreconfig: master update\n' >"$FAKE/state"
	run vxclust monitor 0
}

# Each is named, and no question waits for it.
daemons_hang() {
	for level in 0 10; do
		started || return
		OCF_RESKEY_CRM_meta_timeout=30000
		export OCF_CHECK_LEVEL=$level
		: >"$FAKE/mute.vxconfigd"
		run vxclust monitor 190 "vxconfigd (process 4711) does not answer" || return
		: >"$FAKE/mute.vxiod"
		run vxclust monitor 1 "vxiod (process 4711) does not answer" || return
		: >"$FAKE/mute.vxclustd"
		run vxclust monitor 1 "vxclustd (process 4711) does not answer" || return
	done
	unset OCF_RESKEY_CRM_meta_interval
	run vxclust monitor 1 "vxclustd (process 4711) does not answer" || return
	rm "$VXHA_RUN_DIR/resource"
	run vxclust monitor 7
}

# They hang only now.
daemons_begin_to_hang() {
	started || return
	OCF_RESKEY_CRM_meta_timeout=12000
	: >"$FAKE/hang.nodestate"
	run vxclust monitor 1 "vxclustadm: no answer within" || return
	rm "$FAKE/hang.nodestate"
	: >"$FAKE/hang.vxdctl"
	OCF_CHECK_LEVEL=10 run vxclust monitor 190 "vxconfigd is not enabled: vxdctl: no answer within"
}

start_while_one_hangs() {
	for daemon in vxiod vxconfigd vxclustd; do
		started || return
		: >"$FAKE/mute.$daemon"
		run vxclust start 1 "$daemon (process 4711) does not answer" || return
	done
	started || return
	OCF_RESKEY_CRM_meta_timeout=12000
	: >"$FAKE/hang.startnode"
	run vxclust start 1 "vxclustadm: no answer within" || return
	started && rm "$FAKE/run.vxiod" && : >"$FAKE/hang.vxiod" || return
	OCF_RESKEY_CRM_meta_timeout=12000
	run vxclust start 1 "vxiod did not start: no answer within"
}

states() {
	started || return
	echo "state: joining" >"$FAKE/state"
	run vxclust monitor 0 || return
	printf 'state: cluster aborting\nreason: klog update failed\n' >"$FAKE/state"
	run vxclust monitor 1 "state: cluster aborting; reason: klog update failed" || return
	printf 'state: out of cluster\nreason: user initiated stop\n' >"$FAKE/state"
	run vxclust monitor 1 "out of the cluster: user initiated stop" || return
	echo '1 vxha vxclustadm ERROR V-80-2-2004 no answer of vxclustd: timed out' >"$FAKE/fail.nodestate"
	run vxclust monitor 1 "no answer of vxclustd: timed out"
}

# vxiod for private groups, or started by hand: not ours, so it is not running.
foreign_daemons() {
	new_node
	: >"$FAKE/run.vxiod"
	run vxclust monitor 7 || return
	: >"$FAKE/run.vxclustd"
	echo "state: out of cluster" >"$FAKE/state"
	run vxclust monitor 7 || return
	echo "state: cluster member" >"$FAKE/state"
	run vxclust monitor 190
}

not_installed() {
	new_node
	rm "$work"/node/bin/vx*
	run vxclust monitor 7 && run vxclust stop 0 && run vxclust start 5 "is not installed" || return
	recurring
	run vxclust monitor 5 "vxclustadm is not installed"
}

stop_aborts() {
	started || return
	echo '1 vxha vxclustadm ERROR V-80-2-2008 this node still waits' >"$FAKE/fail.stopnode"
	run vxclust stop 0 && grep -qE '^vxclustadm abortnode --timeout (90|8.) resource stop timed out$' "$FAKE/calls" || return
	started || return
	echo '1 waits' >"$FAKE/fail.stopnode"
	echo '1 vxha vxclustadm ERROR V-80-2-2009 the abort failed' >"$FAKE/fail.abortnode"
	run vxclust stop 1 "neither stop nor abort" || return
	[ ! -e "$FAKE/run.vxiod" ]
}

stop_time() {
	started || return
	OCF_RESKEY_CRM_meta_timeout=200000
	run vxclust stop 0 || return
	grep -qE '^vxclustadm stopnode --timeout 1(40|3.)$' "$FAKE/calls" || return
	OCF_RESKEY_CRM_meta_timeout=1000
	run vxclust start 0 && run vxclust stop 0 && called "vxclustadm stopnode --timeout 1"
}

# At boot the clock of the day is set: that is no time that passed.
clock_is_set() {
	started || return
	cat >"$work/node/bin/date" <<'DATE'
#!/bin/sh
echo >>"$FAKE/clock"
echo $(($(wc -l <"$FAKE/clock") * 100000))
DATE
	chmod 755 "$work/node/bin/date"
	OCF_RESKEY_CRM_meta_timeout=200000
	run vxclust stop 0 && grep -qE '^vxclustadm stopnode --timeout 1(40|3.)$' "$FAKE/calls"
}

daemon_stays() {
	started || return
	echo '1 vxha vxclustadm ERROR V-80-2-2014 vxiod (process 7) cannot be ended: timed out' >"$FAKE/fail.daemons.--stop"
	run vxclust stop 1 "vxiod (process 7) cannot be ended"
}

# ... is proof for nobody that its node writes no more.
io_stays() {
	started || return
	echo '1 vxiod: I/O of a vxiod that was killed may not be over: /dev/sdb: I/O is in flight' >"$FAKE/fail.vxiod.--settle"
	echo /dev/sdb >"$VXHA_RUN_DIR/vxiod.disks"
	run vxclust stop 1 "may not be over: /dev/sdb" && [ -e "$VXHA_RUN_DIR/resource" ] || return
	echo '127' >"$FAKE/fail.vxiod.--settle"
	run vxclust stop 1 "vxiod --settle cannot be run"
}

# A vxiod that cannot be started opened no disk: nobody is fenced for it, again and again.
broken_vxiod() {
	started || return
	echo '127' >"$FAKE/fail.vxiod.--settle"
	run vxclust stop 0 && [ ! -e "$VXHA_RUN_DIR/resource" ]
}

fake_cluster_name() {
	printf '#!/bin/sh\necho "totem.cluster_name (str) = %s"\n' "$1" >"$work/node/bin/corosync-cmapctl"
	chmod +x "$work/node/bin/corosync-cmapctl"
}

validate() {
	new_node
	run vxclust validate-all 0 || return
	[ ! -e "$FAKE/calls" ] || return
	OCF_RESKEY_join_timeout=soon run vxclust validate-all 6 join_timeout || return
	OCF_RESKEY_join_timeout=0 run vxclust validate-all 6 join_timeout || return
	OCF_RESKEY_join_timeout=99999999999999999999 run vxclust validate-all 6 join_timeout || return
	OCF_CHECK_LEVEL=abc run vxclust validate-all 0 || return
	OCF_RESKEY_allow_fencing_disabled=maybe run vxclust validate-all 6 allow_fencing_disabled || return
	OCF_RESKEY_config=relative run vxclust validate-all 6 config || return
	OCF_CHECK_LEVEL=10 run vxclust validate-all 0 || return
	fake_cluster_name "$(printf '%063d' 0)"
	OCF_CHECK_LEVEL=10 run vxclust validate-all 0 || return
	fake_cluster_name "$(printf '%064d' 0)"
	OCF_CHECK_LEVEL=10 run vxclust validate-all 6 "totem.cluster_name" || return
	run vxclust start 6 "totem.cluster_name" && not_called vxclustd || return
	rm "$work/node/bin/vxiod"
	OCF_CHECK_LEVEL=10 run vxclust validate-all 5 "vxiod is not installed"
}

unknown_action() {
	new_node
	run vxclust promote 3 && run vxclust "" 3 && run vxclust usage 0
}

check "start, monitor, stop, each twice" life
check "parameters reach the daemons and the join" configuration
check "no start where fencing is disabled or not known" fencing_disabled
check "a start that fails says why" start_fails
check "a daemon that died is a failure, not a stop" daemons_die
check "vxclustd dead with volumes mapped: asks for fencing" dies_with_volumes
check "without vxconfigd the node is degraded, not failed" vxconfigd_missing
check "a daemon that hangs: named; vxconfigd is no failure" daemons_hang
check "a daemon that begins to hang after it answered" daemons_begin_to_hang
check "start beside a daemon that hangs fails and says which" start_while_one_hangs
check "states of the node" states
check "daemons that the agent did not start" foreign_daemons
check "without the programs: not running, not installed" not_installed
check "a stop that takes too long aborts, and fails only if that fails" stop_aborts
check "stop keeps within its time-out" stop_time
check "... also when the clock is set meanwhile" clock_is_set
check "a daemon that cannot be ended fails the stop" daemon_stays
check "I/O of a killed vxiod that does not end fails the stop" io_stays
check "a vxiod that cannot be started fails no stop" broken_vxiod
check "validate-all looks at the parameters, at level 10 at the node" validate
check "unknown actions" unknown_action
finish

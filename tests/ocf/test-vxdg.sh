#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-vxdg.sh - the resource agent vxdg against played commands
# shellcheck disable=SC2317 # functions are called by check
set -u
# shellcheck source=tests/ocf/lib.sh
. "${0%/*}/lib.sh"

# A node whose cluster runs, with the group data imported.
member() {
	new_node
	for daemon in vxiod vxconfigd vxclustd; do
		: >"$FAKE/run.$daemon"
	done
	echo "state: cluster member" >"$FAKE/state"
	echo off >"$FAKE/mode.data"
	OCF_RESKEY_diskgroup=data
	export OCF_RESKEY_diskgroup
}

started() {
	member
	run vxdg start 0 || return
	recurring
}

life() {
	member
	run vxdg monitor 7 &&
		run vxdg start 0 &&
		called "vxdg -g data set activation=sw" &&
		called "vxvol -g data startall" &&
		run vxdg monitor 0 &&
		run vxdg start 0 &&
		run vxdg stop 0 &&
		called "vxdg -g data set activation=off" &&
		run vxdg stop 0 &&
		run vxdg monitor 7 || return
	not_called "import" && not_called "deport"
}

imports() {
	member
	rm "$FAKE/mode.data"
	run vxdg monitor 7 && run vxdg start 0 && called "vxdg -s import data" && run vxdg monitor 0
}

import_fails() {
	member
	rm "$FAKE/mode.data"
	echo '20 vxha vxdg ERROR V-80-1-1045 Cluster reconfiguration in progress: try again' >"$FAKE/fail.import"
	OCF_RESKEY_CRM_meta_timeout=12000
	run vxdg start 1 "is not imported: Cluster reconfiguration in progress"
}

# A group that was destroyed: not the whole time-out.
import_hopeless() {
	member
	rm "$FAKE/mode.data"
	echo '9 vxha vxdg ERROR V-80-1-1008 Disk group data: import failed: node b sees no disk of it' >"$FAKE/fail.import"
	run vxdg start 1 "is not imported: Disk group data: import failed: node b sees no disk of it" || return
	equal "looks at the disks" "$(grep -cx 'vxdg -s import data' "$FAKE/calls")" 10
}

# A group that is disabled: the reason, and not the whole time-out. While vxconfigd comes back it is waited for.
import_disabled() {
	member
	echo disabled >"$FAKE/groupstate"
	echo '20 vxha vxdg ERROR V-80-1-1037 data: not possible in state disabled: 1 of 3 configuration copies can be used, 2 are needed' \
		>"$FAKE/fail.activation.sw"
	OCF_RESKEY_CRM_meta_timeout=3600000
	run vxdg start 1 "is not imported: data: not possible in state disabled: 1 of 3 configuration copies can be used" || return
	equal "looks" "$(grep -cx 'vxdg -g data set activation=sw' "$FAKE/calls")" 10 || return
	echo '20 vxha vxdg ERROR V-80-1-1037 data: not possible in state disabled: vxconfigd was started again and waits for the master' \
		>"$FAKE/fail.activation.sw"
	: >"$FAKE/calls"
	# shellcheck disable=SC2016 # it is for the other shell
	timeout 60 sh -c 'until [ "$(grep -cx "vxdg -g data set activation=sw" "$FAKE/calls")" -gt 11 ]; do sleep 0.1; done
		rm "$FAKE/fail.activation.sw" "$FAKE/groupstate"' &
	run vxdg start 0
}

parameters() {
	member
	OCF_RESKEY_activation=ro OCF_RESKEY_volumes="v1 v2"
	export OCF_RESKEY_activation OCF_RESKEY_volumes
	run vxdg start 0 && called "vxdg -g data set activation=ro" && called "vxvol -g data start v1" &&
		called "vxvol -g data start v2" &&
		run vxdg monitor 0 || return
	OCF_RESKEY_start_volumes=0
	export OCF_RESKEY_start_volumes
	: >"$FAKE/calls"
	run vxdg stop 0 && run vxdg start 0 && not_called vxvol || return
	OCF_RESKEY_deport_on_stop=1
	export OCF_RESKEY_deport_on_stop
	run vxdg stop 0 && called "vxdg deport data" || return
	run vxdg start 0 || return
	echo '31 vxha vxdg ERROR V-80-1-1043 Disk group data: refused by node b: volume vol1 is open: fio (pid 7)' >"$FAKE/fail.deport"
	run vxdg stop 0
}

# On a clone's second node the first one has started them.
named_volumes() {
	member
	OCF_RESKEY_volumes="v1 v2"
	export OCF_RESKEY_volumes
	echo '25 vxha vxvol ERROR V-80-1-1039 Volume v1: is started already' >"$FAKE/fail.vxvol"
	run vxdg start 0 && called "vxvol -g data start v2" || return
	echo '20 vxha vxvol ERROR V-80-1-1043 Disk group data: refused by node b: does not see disk d2' >"$FAKE/fail.vxvol"
	run vxdg start 1 "volume v1 of disk group data cannot be started: Disk group data: refused by node b"
}

# What vxvol says of volumes of which three cannot be started.
not_all_start() {
	cat >"$FAKE/fail.vxvol" <<'SAID'
26 vxha vxvol ERROR V-80-1-1140 Volume vol1: not started: Disk group data: refused by node b: does not see disk d2
vxha vxvol ERROR V-80-1-1140 Volume vol2: not started: Disk group data: refused by node b: does not see disk d2
vxha vxvol ERROR V-80-1-1052 Volume vol3: cannot be started: no plex holds its data completely
SAID
	cat >"$FAKE/plexes" <<'PLEXES'
v   vol1     fsgen    DISABLED CLEAN   2288    SELECT   -
v   vol2     fsgen    DISABLED CLEAN   2288    SELECT   -
v   vol3     fsgen    DISABLED CLEAN   2288    SELECT   -
v   vol4     fsgen    DISABLED CLEAN   2288    SELECT   -
PLEXES
}

# The group is used without them, and the monitor says so until they were started once.
volumes_left() {
	member
	not_all_start
	run vxdg start 0 && called "vxdg -g data set activation=sw" && not_called activation=off || return
	recurring
	run vxdg monitor 190 "volume vol1 is not started: Disk group data: refused by node b: does not see disk d2; volume vol2" &&
		run vxdg monitor 190 "; volume vol3 is not started: no plex holds its data completely (" || return
	case $reason in
	*vol4*) echo "$reason"; return 1 ;;
	esac
	OCF_CHECK_LEVEL=10 run vxdg monitor 190 "volume vol1 is not started" || return
	OCF_CHECK_LEVEL=10 OCF_RESKEY_io_test=vol2 run vxdg monitor 190 "volume vol1 is not started" || return
	sed -i -e '/vol1/d' -e '/vol2/s/DISABLED/ENABLED /' "$FAKE/plexes"
	run vxdg monitor 190 "without: volume vol3 is not started" || return
	sed -i '/vol3/s/DISABLED/ENABLED /' "$FAKE/plexes"
	run vxdg monitor 0 || return
	sed -i 's/ENABLED /DISABLED/' "$FAKE/plexes"
	run vxdg monitor 0
}

# They are tried again by a reload and a start; those of the last one count.
volumes_left_again() {
	member
	not_all_start
	run vxdg start 0 || return
	recurring
	run vxdg monitor 190 "volume vol1 is not started" || return
	rm "$FAKE/fail.vxvol"
	run vxdg reload-agent 0 && run vxdg monitor 0 || return
	not_all_start
	run vxdg reload-agent 0 && run vxdg monitor 190 "volume vol1 is not started" || return
	run vxdg stop 0 && run vxdg monitor 7 || return
	[ -z "$(ls "$VXHA_RUN_DIR")" ]
}

# No volume is to blame: as ever.
startall_fails() {
	member
	echo '20 vxha vxvol ERROR V-80-1-1045 Cluster reconfiguration in progress: try again' >"$FAKE/fail.vxvol"
	run vxdg start 1 "Cluster reconfiguration in progress"
}

activation_off() {
	member
	OCF_RESKEY_activation=off
	export OCF_RESKEY_activation
	run vxdg start 0 && not_called vxvol && run vxdg monitor 0 && run vxdg stop 0
}

reload() {
	started || return
	OCF_RESKEY_activation=sr
	export OCF_RESKEY_activation
	run vxdg monitor 1 "activated as shared-write, not as shared-read" &&
		run vxdg reload-agent 0 && called "vxdg -g data set activation=sr" && run vxdg monitor 0
}

activation_refused() {
	member
	echo '13 vxha vxdg ERROR V-80-1-1050 Disk group data: activation sw conflicts with ew on node b' \
		>"$FAKE/fail.activation.sw"
	run vxdg start 1 "activation sw conflicts with ew on node b"
}

deactivated() {
	started || return
	echo off >"$FAKE/mode.data"
	run vxdg monitor 1 "is not activated" || return
	rm "$FAKE/mode.data"
	run vxdg monitor 1 "is not imported" || return
	unset OCF_RESKEY_CRM_meta_interval
	run vxdg monitor 7
}

disabled() {
	started || return
	echo disabled >"$FAKE/groupstate"
	run vxdg monitor 1 "disk group data is disabled" || return
	printf 'state: cluster member\nreconfig: x\n' >"$FAKE/state"
	run vxdg monitor 0
}

# I/O goes on without vxconfigd, and so does the resource.
without_vxconfigd() {
	started && rm "$FAKE/run.vxconfigd" && run vxdg monitor 190 "vxconfigd is not running" || return
	run vxdg stop 0 && called "vxconfigd -k" && called "vxdg -g data set activation=off" || return
	started && echo '8 timed out' >"$FAKE/fail.list" && run vxdg monitor 190 "not known: timed out" || return
	rm -r "$VXHA_DEVICE_DIR/dsk/data"
	run vxdg monitor 1 "no volume of disk group data is there"
}

# The same when it hangs: nobody waits for it, not even one that hangs only now.
mute_vxconfigd() {
	started || return
	OCF_RESKEY_CRM_meta_timeout=30000
	: >"$FAKE/calls"
	: >"$FAKE/mute.vxconfigd"
	run vxdg monitor 190 "vxconfigd (process 4711) does not answer" && not_called "vxdg " || return
	OCF_CHECK_LEVEL=10 run vxdg monitor 190 "vxconfigd (process 4711) does not answer" || return
	rm "$FAKE/mute.vxconfigd"
	: >"$FAKE/hang.list"
	run vxdg monitor 190 "not known: vxdg: no answer within" || return
	equal "questions" "$(grep -c '^vxdg list' "$FAKE/calls")" 1 || return
	rm "$FAKE/hang.list"
	run vxdg monitor 0
}

mute_others() {
	started || return
	OCF_RESKEY_CRM_meta_timeout=12000
	: >"$FAKE/mute.vxclustd"
	run vxdg monitor 0 || return
	: >"$FAKE/mute.vxconfigd"
	run vxdg monitor 190 "vxconfigd (process 4711) does not answer" || return
	: >"$FAKE/mute.vxiod"
	run vxdg monitor 1 "vxiod (process 4711) does not answer" || return
	unset OCF_RESKEY_CRM_meta_interval
	run vxdg monitor 1 "vxiod (process 4711) does not answer"
}

# Said at once: the time-out is longer than the test may take.
mute_start() {
	for daemon in vxiod vxconfigd vxclustd; do
		member
		OCF_RESKEY_CRM_meta_timeout=3600000
		: >"$FAKE/mute.$daemon"
		run vxdg start 1 "cannot be activated: $daemon (process 4711) does not answer" || return
	done
}

# One that hangs is replaced, then all is as ever.
mute_stop() {
	started && : >"$FAKE/mute.vxconfigd" && run vxdg stop 0 && called "vxconfigd -k" &&
		called "vxdg -g data set activation=off"
}

# No change is possible, here or because of another node: what vxiod says counts.
stop_by_vxiod() {
	for trouble in mute.vxclustd fail.vxconfigd fail.activation.off; do
		started || return
		OCF_RESKEY_CRM_meta_timeout=14000
		echo '20 vxha vxdg ERROR V-80-1-1043 Disk group data: refused by node b: gave no vote in time' \
			>"$FAKE/$trouble"
		echo "fio (pid 7)" >"$FAKE/open"
		[ $trouble != fail.vxconfigd ] || rm "$FAKE/run.vxconfigd"
		run vxdg stop 1 "open: data/vol1: fio (pid 7)" || return
		case $trouble:$reason in
		fail.vxconfigd:*"vxconfigd did not start: Disk group data: refused"*) ;;
		fail.vxconfigd:*) echo "$reason"; return 1 ;;
		esac
		rm "$FAKE/open"
		run vxdg stop 0 || return
	done
	started || return
	OCF_RESKEY_CRM_meta_timeout=14000
	: >"$FAKE/mute.vxiod"
	run vxdg stop 1 "vxiod does not say which volumes are open"
}

# A group that stays disabled: nothing can be changed, and half of the time is not waited for.
stop_disabled() {
	started || return
	echo disabled >"$FAKE/groupstate"
	echo '20 vxha vxdg ERROR V-80-1-1037 data: not possible in state disabled: too few copies' >"$FAKE/fail.activation.off"
	OCF_RESKEY_CRM_meta_timeout=3600000
	run vxdg stop 0 && equal "tries" "$(grep -c activation=off "$FAKE/calls")" 3
}

# Just started again, vxconfigd does not know the group yet: that is no stop.
stop_too_early() {
	started && mv "$FAKE/mode.data" "$FAKE/later" || return
	(sleep 1 && mv "$FAKE/later" "$FAKE/mode.data") &
	run vxdg stop 0 && called "vxdg -g data set activation=off"
}

without_vxiod() {
	started && rm "$FAKE/run.vxiod" && run vxdg monitor 1 "vxiod is not running" || return
	run vxdg stop 0 && not_called activation=off && run vxdg monitor 7
}

without_vxclustd() {
	started && rm "$FAKE/run.vxclustd" && run vxdg stop 0 && not_called activation=off
}

io_test() {
	started || return
	OCF_CHECK_LEVEL=10
	export OCF_CHECK_LEVEL
	run vxdg monitor 0 || return
	OCF_RESKEY_io_test=nosuch run vxdg monitor 1 "volume nosuch of disk group data cannot be read" || return
	printf 'state: cluster member\nreconfig: x\n' >"$FAKE/state"
	OCF_RESKEY_io_test=nosuch run vxdg monitor 0 || return
	OCF_CHECK_LEVEL=0 OCF_RESKEY_io_test=nosuch run vxdg monitor 0
}

# As dd in the kernel: nothing ends it, so timeout waits for it, and it keeps open what it writes its errors to.
stuck_read() {
	started || return
	cat >"$work/node/bin/timeout" <<'TIMEOUT'
#!/bin/sh
case "$*" in
*" dd "*)
	echo $$ >"$FAKE/stuck"
	exec sleep 300
	;;
esac
exec /usr/bin/timeout "$@"
TIMEOUT
	chmod 755 "$work/node/bin/timeout"
	OCF_RESKEY_CRM_meta_timeout=12000
	OCF_CHECK_LEVEL=10 run vxdg monitor 1 "cannot be read: no answer"
	status=$?
	kill "$(cat "$FAKE/stuck")" || return # it was there all the time
	return $status
}

degraded() {
	started || return
	cat >"$FAKE/plexes" <<'PLEXES'
v   vol1     fsgen    ENABLED ACTIVE    2288    SELECT   -
pl  vol1-01  vol1     ENABLED ACTIVE    2288    CONCAT   -        RW
pl  vol1-02  vol1     DETACHED IOFAIL   2288    CONCAT   -        RW
PLEXES
	run vxdg monitor 0 && OCF_CHECK_LEVEL=10 run vxdg monitor 190 "detached: vol1-02"
}

open_volumes() {
	started || return
	echo '31 vxha vxdg ERROR V-80-1-1043 Disk group data: refused by node b: volume vol1 is open: fio (pid 7)' \
		>"$FAKE/fail.activation.off"
	echo "fio (pid 7)" >"$FAKE/open"
	OCF_RESKEY_CRM_meta_timeout=13000
	run vxdg stop 1 "volume vol1 is open: fio (pid 7)" || return
	[ "$(grep -c activation=off "$FAKE/calls")" -ge 2 ] || return
	OCF_RESKEY_CRM_meta_timeout=60000
	(sleep 1 && rm "$FAKE/fail.activation.off") &
	run vxdg stop 0
}

# The node left the cluster while the stop waited: there is nothing to deactivate any more.
left_meanwhile() {
	started || return
	echo '20 vxha vxdg ERROR V-80-1-1040 Node a is not in a cluster' >"$FAKE/fail.activation.off"
	echo "state: out of cluster" >"$FAKE/state"
	rm -r "$VXHA_DEVICE_DIR/dsk/data"
	run vxdg stop 0
}

not_installed() {
	member
	rm "$work"/node/bin/vx*
	run vxdg monitor 7 && run vxdg stop 0 && run vxdg start 5 "is not installed"
}

validate() {
	member
	run vxdg validate-all 0 || return
	[ ! -e "$FAKE/calls" ] || return
	OCF_RESKEY_diskgroup='' run vxdg validate-all 6 diskgroup || return
	OCF_RESKEY_diskgroup='a/b' run vxdg validate-all 6 diskgroup || return
	OCF_RESKEY_diskgroup=-x run vxdg validate-all 6 diskgroup || return
	OCF_RESKEY_diskgroup=a1234567890123456789012345678901 run vxdg validate-all 6 diskgroup || return
	OCF_RESKEY_activation=rw run vxdg validate-all 6 activation || return
	OCF_RESKEY_activation=ew run vxdg validate-all 0 || return
	OCF_RESKEY_activation=ew OCF_RESKEY_CRM_meta_clone_max=3 run vxdg validate-all 6 "is a clone" || return
	OCF_RESKEY_start_volumes=x run vxdg validate-all 6 start_volumes || return
	OCF_RESKEY_volumes='v1 ../v2' run vxdg validate-all 6 "volumes: '../v2'" || return
	OCF_RESKEY_volumes='*' run vxdg validate-all 6 "volumes: '*'"
}

unknown_action() {
	member
	run vxdg promote 3 && run vxdg usage 0
}

check "start, monitor, stop, each twice" life
check "imports a group that no node has imported" imports
check "an import that fails says why before the time-out" import_fails
check "a group without any disk is not waited for longer than ten looks" import_hopeless
check "a disabled group is not waited for longer than ten looks, and the reason is told" import_disabled
check "parameters" parameters
check "volumes that are named: all, or the start fails" named_volumes
check "volumes that cannot be started do not keep the others from being used" volumes_left
check "they are tried again by reload and start" volumes_left_again
check "volumes that cannot be asked for are a failure" startall_fails
check "activation=off: imported only" activation_off
check "a new activation mode without a restart" reload
check "an activation that is refused" activation_refused
check "deactivated or deported behind our back is a failure" deactivated
check "a disabled group is a failure, not during a reconfiguration" disabled
check "without vxconfigd the group is degraded, and stop starts vxconfigd" without_vxconfigd
check "vxconfigd hangs: degraded, and nobody waits for it" mute_vxconfigd
check "other daemons hang: vxiod is a failure, vxclustd is another resource's" mute_others
check "start says at once who hangs" mute_start
check "stop replaces a vxconfigd that hangs" mute_stop
check "a stop that can change nothing: vxiod says whether it is one" stop_by_vxiod
check "the stop of a disabled group that nobody has open" stop_disabled
check "a group that is out of sight is no stopped one" stop_too_early
check "a read that cannot be ended does not hold the monitor up" stuck_read
check "without vxiod" without_vxiod
check "without vxclustd the gate is shut: stop is done" without_vxclustd
check "the I/O test, at level 10 only, not during a reconfiguration" io_test
check "a detached plex is degraded" degraded
check "stop waits for open volumes and names who has them open" open_volumes
check "stop after the node has left" left_meanwhile
check "without the programs: not running, not installed" not_installed
check "validate-all" validate
check "unknown actions" unknown_action
finish

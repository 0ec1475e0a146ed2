# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lib.sh - what the tests of the resource agents share; read with "." after `set -u`
#
# A test is a function that is called with `check "what holds" function`; each prints one line
# ok or not ok. `finish` ends the script.

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/vxha-ocf.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP
failed=0

# Never when something is mounted in there: what was removed then would be somebody else's files.
remove_work() {
	if grep -qF " $work/" /proc/self/mountinfo; then
		echo "not ok - $work is left behind: something is mounted in it" >&2
		return
	fi
	rm -rf --one-file-system "$work"
}

check() {
	what=$1
	shift
	if said=$("$@" 2>&1); then
		echo "ok - $what"
	else
		echo "not ok - $what"
		echo "$said" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

skip() {
	echo "ok - $1 # SKIP $2"
}

finish() {
	[ "$failed" = 0 ]
	exit
}

# equal WHAT GOT WANT
equal() {
	[ "$2" = "$3" ] && return
	echo "$1: got '$2', want '$3'"
	return 1
}

# A fresh node of fakes: nothing runs.
new_node() {
	rm -rf "$work/node"
	mkdir -p "$work/node/bin" "$work/node/fake" "$work/node/dev"
	for tool in vxclustadm vxiod vxconfigd vxclustd vxdg vxvol vxprint vxdctl crm_mon attrd_updater; do
		ln -s "$here/fake-vx" "$work/node/bin/$tool"
	done
	FAKE=$work/node/fake
	PATH=$work/node/bin:$clean_path
	VXHA_RUN_DIR=$work/node/run
	VXHA_DEVICE_DIR=$work/node/dev
	VXHA_STATE_DIR=$work/node/state
	HA_RSCTMP=$work/node/rsctmp
	HA_LOGFILE=$work/node/log
	HA_DEBUGLOG=$work/node/log
	HA_LOGFACILITY=none
	OCF_ROOT=${OCF_ROOT:-/usr/lib/ocf}
	OCF_RESKEY_CRM_meta_timeout=120000
	unset OCF_CHECK_LEVEL OCF_RESKEY_CRM_meta_interval
	export FAKE PATH VXHA_RUN_DIR VXHA_DEVICE_DIR VXHA_STATE_DIR HA_RSCTMP HA_LOGFILE HA_DEBUGLOG HA_LOGFACILITY OCF_ROOT
	export OCF_RESKEY_CRM_meta_timeout
}
clean_path=/usr/sbin:/usr/bin:/sbin:/bin

# run AGENT ACTION WANT [TEXT]: runs the action; its exit code must be WANT, its exit reason have TEXT.
# As Pacemaker it kills an action that takes longer than its time-out (exit code 124).
run() {
	reason=$(OCF_RESOURCE_INSTANCE=rsc timeout -k 1 $((OCF_RESKEY_CRM_meta_timeout / 1000)) "$tree/ocf/$1" "$2" 2>&1)
	equal "exit code of $1 $2 ($reason)" $? "$3" || return
	case $reason in
	*"${4:-}"*) return 0 ;;
	esac
	echo "$1 $2: '$reason' does not say '$4'"
	return 1
}

called() {
	grep -qxF -- "$1" "$FAKE/calls" && return
	echo "'$1' was not called, but:"
	cat "$FAKE/calls"
	return 1
}

not_called() {
	! grep -F -- "$1" "$FAKE/calls"
}

# As Pacemaker: a monitor that is repeated has an interval, a probe has none.
recurring() {
	OCF_RESKEY_CRM_meta_interval=10000
	export OCF_RESKEY_CRM_meta_interval
}

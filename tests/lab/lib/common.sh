# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# common.sh - what all scripts of the lab share

fatal() {
	echo "lab: $*" >&2
	exit 1
}

# poll TENTHS PID COMMAND...: tries COMMAND ten times a second until it is true. Gives up after
# TENTHS tries or when process PID (or - for none) is gone.
poll() {
	local left=$1 pid=$2
	shift 2

	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		[ "$pid" = - ] || kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.1
	done
}

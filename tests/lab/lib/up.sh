# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# up.sh - lab up and lab down

ALL_NAMES=(a b c d e f g h i j k l m n o p)

# True while some rack holds the lock of this lab.
is_up() {
	[ -e "$LAB_STATE/lock" ] && ! flock -n "$LAB_STATE/lock" true
}

not_up() {
	! is_up
}

ask() {
	"$LAB_BIN/labctl" ask "$LAB_STATE/power.sock" "$@"
}

enter() {
	"$LAB_BIN/labctl" enter "$LAB_STATE/power.sock" "$@"
}

check_number() {
	case $2 in
	'' | *[!0-9]*) usage_error "$1: '$2' is not a number" ;;
	esac
	if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
		usage_error "$1: $2 is not between $3 and $4"
	fi
}

check_machine() {
	local command missing=

	[ "$(id -u)" = 0 ] || fatal "the lab needs root"
	for command in corosync corosync-cmapctl corosync-quorumtool ip flock \
		${pacemaker:+pacemakerd crm_mon pcs}; do
		command -v "$command" >/dev/null || missing="$missing $command"
	done
	[ -z "$missing" ] || fatal "missing on this machine:$missing ('make deps' installs it)"
	for command in labrack labpower labctl labdisk labsyslog; do
		[ -x "$LAB_BIN/$command" ] ||
			fatal "$LAB_BIN/$command is missing ('make build' makes it)"
	done
}

write_conf() {
	local name value

	for name in LAB LAB_TREE LAB_BUILD LAB_DIR LAB_BIN LAB_CLUSTER LAB_NET LAB_DISKS \
		LAB_SIZE LAB_POST LAB_MARK; do
		value=${!name}
		printf '%s=%q\n' "$name" "$value"
	done
	printf 'LAB_NODES=(%s)\n' "${names[*]}"
	echo "LAB_PACEMAKER=$pacemaker"
}

# How many members node $1 sees; 0 when it does not answer.
members() {
	enter "$1" corosync-quorumtool -l 2>/dev/null | grep -cE '^ +[0-9]+ +[0-9]+ ' || true
}

sees_members() {
	[ "$(members "$1")" = "$2" ]
}

# The lab's own copy of what is installed: files are replaced by others when it is installed anew, so
# links to them are enough (5 ms; 26 ms where there are no links).
copy_product() {	# copy_product BUILD-FOLDER TO
	[ -d "$1/root/usr" ] || return 0
	cp -al "$1/root/usr" "$2" 2>/dev/null ||
		cp -a "$1/root/usr/." "$2"
}

# Undoes a start that failed or was interrupted.
up_failed() {
	local status=$?

	trap - EXIT
	trap '' INT TERM HUP
	[ "$status" != 0 ] || status=1
	echo "lab: the start failed; what the rack said:" >&2
	tail -n 20 "$LAB_STATE/rack.log" >&2 2>/dev/null || true
	[ -z "${LAB_DEBUG:-}" ] || exit "$status"
	lab_down >/dev/null
	exit "$status"
}

lab_up() {
	local count='' pacemaker='' autoboot=on started=$EPOCHREALTIME name
	local names
	local -x LAB_DISKS=0 LAB_SIZE=256 LAB_POST=2 LAB_CLUSTER=vxlab LAB_NET=10.77.0 LAB_MARK

	while [ $# -gt 0 ]; do
		case $1 in
		--pacemaker) pacemaker=1 ;;
		--no-autoboot) autoboot=off ;;
		--disks | --size)
			[ $# -gt 1 ] || usage_error "$1 needs a number"
			check_number "$1" "$2" 1 65536
			if [ "$1" = --disks ]; then LAB_DISKS=$2; else LAB_SIZE=$2; fi
			shift
			;;
		--post)
			[ $# -gt 1 ] || usage_error "$1 needs a number"
			check_number "$1" "$2" 0 3600
			LAB_POST=$2
			shift
			;;
		-*) usage_error "up: unknown option $1" ;;
		*)
			[ -z "$count" ] || usage_error "up: one number of nodes, please"
			count=$1
			;;
		esac
		shift
	done
	count=${count:-3}
	check_number "number of nodes" "$count" 1 "${#ALL_NAMES[@]}"
	names=("${ALL_NAMES[@]:0:count}")
	LAB_MARK=vxlab-${EPOCHREALTIME/[.,]/}-$$
	check_machine
	! is_up ||
		fatal "lab '$LAB' is up already ('lab down' removes it; LAB=other is a second one)"
	trap up_failed EXIT
	trap 'exit 130' INT TERM HUP
	rm -rf --one-file-system "$LAB_STATE"
	mkdir -p "$LAB_STATE/rack"
	copy_product "$LAB_BUILD" "$LAB_STATE/product" || fatal "$LAB_BUILD/root/usr cannot be copied"
	write_conf >"$LAB_STATE/conf"
	"$LAB_BIN/labrack" "$LAB_STATE" "$LAB_DIR/lib" "$LAB_BIN" "${names[@]}" \
		</dev/null >"$LAB_STATE/rack.log" 2>&1 || fatal "the rack did not start"
	[ ! -e "$LAB_STATE/warning" ] || echo "lab: warning: $(cat "$LAB_STATE/warning")" >&2
	ask autoboot "$autoboot"
	for name in "${names[@]}"; do
		[ -z "$pacemaker" ] ||
			enter rack touch "$LAB_STATE/rack/nodes/$name/var/lib/vxlab/pacemaker"
		ask on "$name"
	done
	[ -z "$pacemaker" ] || pacemaker_preset "${names[@]}"
	for name in "${names[@]}"; do
		poll 300 - sees_members "$name" "$count" ||
			fatal "node $name does not see $count members after 30 s"
	done
	[ -z "$pacemaker" ] || pacemaker_start "${names[@]}"
	trap - EXIT INT TERM HUP
	echo "lab '$LAB' is up after $(seconds_since "$started") s: nodes ${names[*]}, $LAB_DISKS disks$(
		[ -z "$pacemaker" ] || echo ", Pacemaker with fencing")"
}

seconds_since() {
	local now=$EPOCHREALTIME us

	us=$((${now/[.,]/} - ${1/[.,]/}))
	printf '%d.%d' $((us / 1000000)) $((us / 100000 % 10))
}

# The lock is free before the kernel has killed what was in the rack; only then the process ends.
rack_gone() {
	local stat

	! is_up || return 1
	stat=$(cat "/proc/$(cat "$LAB_STATE/pid" 2>/dev/null || echo none)/stat" 2>/dev/null) || return 0
	[[ $stat != *"(labpower)"* || $stat == *"(labpower) Z"* || $stat == *"(labpower) X"* ]]
}

# Loop devices clear themselves when the rack is gone; what is left of them is tidied up.
loops_gone() {
	# shellcheck disable=SC1091
	awk '{ print $3, $4 }' "$LAB_STATE/disks" |
		xargs "$LAB_BIN/labdisk" forget "$(. "$LAB_STATE/conf" && echo "$LAB_MARK")"
}

lab_down() {
	if is_up; then
		ask down >/dev/null 2>&1 || true
		# The lock is held, so the number in the file is the rack's.
		poll 200 - not_up || kill -KILL "$(cat "$LAB_STATE/pid")" || true
	elif [ ! -e "$LAB_STATE" ]; then
		echo "lab '$LAB' is not up"
		return
	fi
	poll 100 - rack_gone || fatal "the rack (process $(cat "$LAB_STATE/pid")) does not die"
	if [ -e "$LAB_STATE/disks" ]; then
		poll 100 - loops_gone || fatal "loop devices are still in use, see 'losetup -a'"
	fi
	rm -rf --one-file-system "$LAB_STATE"
	rmdir --ignore-fail-on-non-empty "$LAB_TREE/build/lab"
	echo "lab '$LAB' is down"
}

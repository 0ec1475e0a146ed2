# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# verbs.sh - the verbs for a lab that is up

# Reads what 'lab up' chose; LAB_NODES and the like are known afterwards.
need_lab() {
	is_up || fatal "lab '$LAB' is not up"
	# shellcheck disable=SC1091
	. "$LAB_STATE/conf"
}

# Sets node to the name of what the user calls $1: a name or an id.
need_node() {
	local name id=0

	need_lab
	for name in "${LAB_NODES[@]}"; do
		id=$((id + 1))
		if [ "$1" = "$name" ] || [ "$1" = "$id" ]; then
			node=$name
			return
		fi
	done
	fatal "no node '$1' (there are: ${LAB_NODES[*]})"
}

need_on() {
	need_node "$1"
	[ "$(ask status "$node")" = on ] || fatal "node $node is off"
}

lab_run() {
	local node

	(need_node "$1") || exit 125
	need_node "$1"
	shift
	exec "$LAB_BIN/labctl" enter "$LAB_STATE/power.sock" "$node" "$@"
}

lab_crash() {
	local node

	need_on "$1"
	ask off "$node"
}

lab_boot() {
	local node

	need_node "$1"
	[ "$(ask status "$node")" = off ] || fatal "node $node is on"
	ask on "$node"
}

lab_product() {
	local node folder=$2

	need_node "$1"
	[[ $folder == /* ]] || folder=$LAB_TREE/$folder
	[ -d "$folder/root/usr" ] || fatal "$folder/root/usr is not there (make stage)"
	[ ! -d "$LAB_STATE/product-$node" ] || fatal "node $node has got a product of its own already"
	copy_product "$folder" "$LAB_STATE/product-$node"
}

lab_autoboot() {
	need_lab
	case $1 in
	on | off) ask autoboot "$1" ;;
	*) usage_error "autoboot is 'on' or 'off'" ;;
	esac
}

lab_fence() {
	local node other

	need_on "$1"
	[ -n "$LAB_PACEMAKER" ] || fatal "this lab has no Pacemaker (lab up --pacemaker)"
	for other in "${LAB_NODES[@]}"; do
		if [ "$other" != "$node" ] && [ "$(ask status "$other")" = on ]; then
			enter "$other" stonith_admin --reboot "$node" --timeout 60
			return
		fi
	done
	fatal "no other node is on that could fence $node"
}

lab_cable() {
	local node

	need_node "$1"
	enter rack ip link set "v$node" "$2"
}

lab_disk() {
	local verb=$1 node

	need_node "$2"
	[ -e "$LAB_STATE/disks" ] || fatal "this lab has no disks on loop devices"
	grep -q "^$node $3 " "$LAB_STATE/disks" ||
		fatal "no disk '$3' (there are d1 to d$LAB_DISKS)"
	enter rack "$LAB_BIN/labdisk" "$verb" "$LAB_STATE/rack/disks/table" \
		"$LAB_STATE/rack/disks/dev" "$node" "$3"
}

lab_signal() {
	local node

	need_on "$1"
	enter "$node" "$LAB_DIR/lib/signal" "$2" "$3"
}

lab_wait_for() {
	local limit=$1 deadline
	shift

	check_number "wait-for" "$limit" 1 86400
	deadline=$((SECONDS + limit))
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "lab: not true after $limit s: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

disks_of() {
	[ ! -e "$LAB_STATE/disks" ] || awk -v n="$1" '$1 == n { print $2 }' "$LAB_STATE/disks"
}

lab_logs() {
	local node

	need_lab
	if [ $# -gt 0 ]; then
		need_node "$1"
		set -- "$node"
	else
		set -- "${LAB_NODES[@]}"
		echo "===== power switch ====="
		cat "$LAB_STATE/rack.log"
	fi
	for node in "$@"; do
		enter rack "$LAB_DIR/lib/node-logs" "$node" "$LAB_STATE/rack/nodes/$node"
	done
}

lab_status() {
	local name id=0 power cable seen failed disk

	if ! is_up; then
		echo "lab '$LAB' is not up"
		return 1
	fi
	need_lab
	printf '%-5s %-3s %-6s %-6s %-8s %s\n' NODE ID POWER CABLE MEMBERS 'FAILED DISKS'
	for name in "${LAB_NODES[@]}"; do
		id=$((id + 1))
		power=$(ask status "$name")
		cable=ok failed='' seen=-
		enter rack ip -o link show "v$name" | grep -q '[<,]UP[,>]' || cable="cut"
		[ "$power" = off ] || seen=$(members "$name")
		for disk in $(disks_of "$name"); do
			[ "$(enter rack "$LAB_BIN/labdisk" state "$LAB_STATE/rack/disks/table" \
				"$LAB_STATE/rack/disks/dev" "$name" "$disk")" = ok ] ||
				failed="$failed $disk"
		done
		printf '%-5s %-3s %-6s %-6s %-8s %s\n' "$name" "$id" "$power" "$cable" "$seen" \
			"${failed:- -}"
	done
	echo "autoboot is $(ask list | sed 's/^autoboot=\([^ ]*\).*/\1/');" \
		"disks: $LAB_DISKS of $LAB_SIZE MiB"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# story.sh - the main job, step by step: shared by `make demo` (which tells it) and by the lab tests (which check it)
#
# A step is a function story_N in step-N.sh. It uses only what a user has: pcs, the utilities, the devices.
#	say "text"			what happens and why (demo only)
#	typed NODE "command"		runs it in the node, shows command and output, keeps the output in $OUT; must succeed
#	refused NODE "command"		the same for a command that must fail
#	prove "what" command...		a check: one line; the first that fails ends everything
#	await SECONDS "what" command...	the same, but it has some time to become true
#	story_need THING		makes what earlier steps made, if it is not there: cluster, group, volume
# shellcheck disable=SC2034,SC2048,SC2086,SC2120  # variables serve the steps; lists of nodes are split on purpose

STORY_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$(cd "$STORY_DIR/../.." && pwd)
NODES="a b c"
GROUP=data VOLUME=vol1
DEVICE=/dev/vx/dsk/$GROUP/$VOLUME
NBD="nbd+unix:///$GROUP/$VOLUME?socket=/run/vxha/nbd.sock"
# shellcheck disable=SC2089 # typed in a node's shell
CONFIGURE="mkdir -p /etc/vxha && echo 'disks = /dev/vxdisk/*' >/etc/vxha/vxha.conf"
STAMP=$TREE/build/tests/stamp
OUT=''
WORK=$TREE/build/story-$$
mkdir -p "$WORK"
for step_file in "$STORY_DIR"/step-*.sh; do
	# shellcheck source=/dev/null
	. "$step_file"
done

on() {	# on NODE COMMAND...: quietly
	lab run "$@"
}

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# What the node says it is: MASTER, SLAVE or something else.
role_of() {
	on "$1" vxdctl -c mode 2>/dev/null | sed -n 's/^mode: enabled: cluster active - //p'
}

master_node() {
	local n
	for n in $NODES; do
		if [ "$(role_of "$n" 2>/dev/null)" = MASTER ]; then
			echo "$n"
			return 0
		fi
	done
	return 1
}

slave_nodes() {
	local n
	for n in $NODES; do
		if [ "$(role_of "$n" 2>/dev/null)" = SLAVE ]; then
			echo "$n"
		fi
	done
	return 0
}

is_member() {
	on "$1" vxclustadm nodestate 2>/dev/null | grep -qx 'state: cluster member'
}

all_members() {
	local n
	for n in ${*:-$NODES}; do
		is_member "$n" || return 1
	done
}

epoch_of() {	# of the view of NODE
	on "$1" vxclustadm nodestate --json | jq .epoch
}

view_is() {	# view_is JQ COUNT NODE...: of each node, and its view has so many members
	local filter=$1 count=$2 n
	shift 2
	for n in "$@"; do
		on "$n" vxclustadm nodestate --json | tee /dev/stderr |
			jq -e --argjson n "$count" "$filter and (.members | length) == \$n" >/dev/null || return 1
	done
}

runs_with() {	# runs_with COUNT NODE...: they are members of a view of so many that runs
	view_is .view_open "$@"
}

settled() {	# settled COUNT NODE...: ... and nothing is under way
	view_is '.view_open and .detail == null' "$@"
}

one_master_rest_slaves() {
	local n masters=0 slaves=0
	for n in ${*:-$NODES}; do
		case $(role_of "$n") in
		MASTER) masters=$((masters + 1)) ;;
		SLAVE) slaves=$((slaves + 1)) ;;
		*) return 1 ;;
		esac
	done
	[ "$masters" = 1 ] && [ "$slaves" -ge 1 ]
}

# The configuration as each node prints it is the same, and not empty. Nodes are asked one after the
# other, and the end of a resync may come between: what differs each time is a difference.
same_config() {
	local i
	for i in 1 2 3; do
		same_print "$@" && return 0
	done
	return 1
}

same_print() {
	local n first='' text
	for n in ${*:-$NODES}; do
		text=$(on "$n" vxprint -g "$GROUP" -ht) || return 1
		[ -n "$text" ] || return 1
		[ -n "$first" ] || first=$text
		[ "$text" = "$first" ] || { diff <(echo "$first") <(echo "$text"); return 1; }
	done
}

group_state() {	# group_state NODE: the STATE column of vxdg list
	on "$1" vxdg list 2>/dev/null | awk -v g="$GROUP" '$1 == g { print $2 }'
}

group_enabled() {
	local n
	for n in ${*:-$NODES}; do
		[ "$(group_state "$n")" = enabled,shared ] || return 1
	done
}

device_there() {
	local n
	for n in ${*:-$NODES}; do
		on "$n" test -f "$DEVICE" || return 1
		[ "$(on "$n" stat -c %s "$DEVICE")" -gt 0 ] || return 1
	done
}

# No resync is running anywhere, and the volume is ACTIVE.
volume_synced() {
	local n
	n=$(master_node) || return 1
	[ "$(on "$n" vxprint -g "$GROUP" --json "$VOLUME" | jq -r '[.. | objects | select(.name? == "'"$VOLUME"'") | .state?] | map(select(. != null)) | .[0]')" = ACTIVE ] || return 1
	[ -z "$(on "$n" vxtask -q list)" ]
}

plexes_equal() {	# below the program: the bytes on the disks
	on "$(master_node)" "$TREE/tests/tools/plexcmp" "$GROUP" "$VOLUME" "$@"
}

story_conf() {
	local n
	for n in $NODES; do
		on "$n" sh -c "$CONFIGURE"
	done
}

story_need() {
	case $1 in
	cluster)
		all_members 2>/dev/null && return 0
		story_boot_all
		await 60 "Pacemaker answers" on a crm_resource --list
		if ! on a crm_resource -r vxclust-clone -W >/dev/null 2>&1; then
			story_conf
			prove "the cluster is made as in the example" story_pcs
		fi
		await 150 "all nodes are members" all_members
		;;
	group)
		story_need cluster
		if ! on a vxprint -g "$GROUP" >/dev/null 2>&1; then
			prove "disks are set up" on a vxdisk setup d1 d2 d3
			prove "the disk group is made" on a vxdg -s init "$GROUP" d1=d1 d2=d2 d3=d3
		fi
		await 20 "the disk group is enabled on all nodes" group_enabled
		;;
	volume)
		story_need group
		if ! on a vxprint -g "$GROUP" "$VOLUME" >/dev/null 2>&1; then
			prove "the volume is made" on a vxassist -g "$GROUP" make "$VOLUME" 200m layout=mirror nmirror=2 logtype=drl
		fi
		await 30 "the device is there on all nodes" device_there
		await 60 "the mirrors are in sync" volume_synced
		;;
	esac
}

story_boot_all() {
	local n
	lab autoboot on
	for n in $NODES; do
		lab boot "$n" >/dev/null 2>&1 || true # it is on already
	done
}

# Powers on who is off; true when all are well. For wait_for; steps say story_all_back.
all_back() {
	story_boot_all
	all_members && group_enabled && device_there
}

# change NODE WORDS: of the configuration, typed on NODE
change() {
	on "$1" timeout 20 vxvol -g "$GROUP" set comment="$2" "$VOLUME"
}

# pcs, as a user types it: the example's own file.
story_pcs() {
	on a sh "$TREE/crm-examples/10-vxclust-demo.pcs.sh"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# break.sh - the words by which the table of `tests/story/faults` breaks the product or its lab
#
#	broken NAME PROGRAM FILE OLD NEW [FILE OLD NEW]...
#		a build of PROGRAM from a source in which OLD, a text that is there just once, is NEW. A resource
#		agent (ocf/NAME) is such a program too, and needs no build
#	use NODES NAME		these nodes run that program; its daemon is ended and started for it
#	wrap NODES PROGRAM SCRIPT
#		a shell script in the place of PROGRAM; "$real" is the real one
#	spent			what was done cannot be undone: the lab is not used again
#	undo COMMAND...		when the fault is over
#
# NODES: names, or master, first (slave), last (slave), with commas between them.
# shellcheck disable=SC2154,SC2178

declare -A BROKEN_PROGRAM
BROKEN=$TREE/build/faults/$LAB_NAME

nodes_of() {
	local word
	for word in ${1//,/ }; do
		case $word in
		master) master_node ;;
		first) slave_nodes | head -n 1 ;;
		last) slave_nodes | tail -n 1 ;;
		*) echo "$word" ;;
		esac
	done
}

spent() {
	: >"$SEEN/spent"
}

undo() {
	echo "$*" >>"$SEEN/undo"
}

# over NODE PATH FILE: PATH of the node is FILE until the node boots, or until it is undone.
over() {
	on "$1" mount --bind "$3" "$2"
	undo on "$1" umount "$2"
}

wrap() {
	local n path script
	for n in $(nodes_of "$1"); do
		path=$(on "$n" which "$2")
		script=$SEEN/$2.$n
		printf '#!/bin/bash\nreal=/run/fault/%s\n%s\n' "$2" "$3" >"$script"
		chmod 755 "$script"
		on "$n" sh -c "mkdir -p /run/fault && touch /run/fault/$2 && mount --bind $path /run/fault/$2"
		undo on "$n" umount "/run/fault/$2"
		over "$n" "$path" "$script"
	done
}

# ---- programs built from a broken source ----

broken() {
	local name=$1
	BROKEN_PROGRAM[$name]=$2
	shift 2
	declare -ga "BROKEN_${name//-/_}"
	local -n changes=BROKEN_${name//-/_}
	changes=("$@")
}

# Prints what the file is with all changes of this build; 1 when a change does not fit any more.
broken_text() {	# broken_text NAME FILE
	local -n changes=BROKEN_${1//-/_}
	local i text rest
	text=$(cat "$TREE/$2" && echo .)
	for ((i = 0; i < ${#changes[@]}; i += 3)); do
		[ "${changes[i]}" = "$2" ] || continue
		rest=${text#*"${changes[i + 1]}"}
		if [ "$rest" = "$text" ] || [ "${rest#*"${changes[i + 1]}"}" != "$rest" ]; then
			echo "faults: broken $1: $2 does not have this text just once: ${changes[i + 1]}" >&2
			return 1
		fi
		text=${text/"${changes[i + 1]}"/"${changes[i + 2]}"}
	done
	printf %s "${text%.}"
}

broken_files() {
	local -n changes=BROKEN_${1//-/_}
	local i
	for ((i = 0; i < ${#changes[@]}; i += 3)); do
		echo "${changes[i]}"
	done | sort -u
}

broken_path() {
	echo "$BROKEN/program/$1/${BROKEN_PROGRAM[$1]##*/}"
}

# Builds it, if it is not there or older than the good one. One at a time: they share a tree.
broken_build() {
	local name=$1 program=${BROKEN_PROGRAM[$1]} file path tree=$BROKEN/tree
	local -n changes=BROKEN_${name//-/_}
	path=$(broken_path "$name")
	mkdir -p "${path%/*}"
	if [[ $program == ocf/* ]]; then
		broken_text "$name" "$program" >"$path" && chmod 755 "$path"
		return
	fi
	if [ "$path" -nt "$TREE/build/bin/$program" ] &&
		[ "$(cat "${path%/*}/changes" 2>/dev/null)" = "${changes[*]}" ]; then
		return
	fi
	(
		flock 9
		for file in $(broken_files "$name"); do
			broken_text "$name" "$file" >"$tree/$file" || exit 1
		done
		make -s -C "$tree" "build/bin/$program" >"${path%/*}/log" 2>&1 || { cat "${path%/*}/log" >&2; exit 1; }
		cp "$tree/build/bin/$program" "$path"
		echo "${changes[*]}" >"${path%/*}/changes"
		for file in $(broken_files "$name"); do
			cp "$TREE/$file" "$tree/$file"
		done
	) 9>"$BROKEN/tree.lock"
}

# The tree in which they are built begins as a copy of the good one with all that is built.
broken_tree() {
	local tree=$BROKEN/tree
	rm -rf "$tree"
	mkdir -p "$tree/build"
	(cd "$TREE" && cp -a --parents -t "$tree" Makefile ./*/*.[ch] ./*/*/*.[ch] base/vxha.proto)
	cp -a -t "$tree/build" "$TREE"/build/{obj,lib,schema}
}

# ---- running them ----

use() {
	local name=$2 program nodes n
	program=${BROKEN_PROGRAM[$name]}
	nodes=$(nodes_of "$1")
	broken_build "$name"
	spent
	case $program in
	vxconfigd)
		use_over "$nodes" "$name"
		for n in $nodes; do
			! runs "$n" vxconfigd || on "$n" vxconfigd -k
		done
		! runs a vxclustd || until_true 15 story_is_whole || true
		;;
	vxiod | vxclustd) use_restart "$nodes" "$name" ;;
	*) use_over "$nodes" "$name" ;;
	esac
}

use_over() {
	local path=/usr/sbin/${BROKEN_PROGRAM[$2]} n
	case ${BROKEN_PROGRAM[$2]} in
	ocf/*) path=/usr/lib/ocf/resource.d/vxha/${BROKEN_PROGRAM[$2]#*/} ;;
	esac
	for n in $1; do
		over "$n" "$path" "$(broken_path "$2")"
	done
}

# The nodes leave, and join again with the broken program; Pacemaker looks away meanwhile.
use_restart() {
	local n were=''
	on a crm_attribute --quiet --name maintenance-mode --update true
	for n in $1; do
		runs "$n" vxclustd || continue
		were="$were $n"
		on "$n" vxclustadm stopnode
		on "$n" vxclustadm daemons --stop
	done
	use_over "$1" "$2"
	for n in $were; do
		on "$n" sh -c 'vxiod && vxconfigd && vxclustd'
	done
	for n in $were; do
		on "$n" vxclustadm startnode &
	done
	[ -z "$were" ] || until_true 15 story_is_whole || true
	on a crm_attribute --quiet --name maintenance-mode --delete
}

runs() {
	on "$1" vxclustadm daemons | grep -q "^$2 [0-9]"
}

until_true() {	# until_true SECONDS COMMAND...: quietly
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

# As far as the steps before made it: members, group, device.
story_is_whole() {
	all_members && { [ "$STEP" -le 2 ] || group_enabled; } && { [ "$STEP" -le 3 ] || device_there; }
}

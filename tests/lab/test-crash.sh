#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon comes to a point of the protocols (base/fault.h) and stops there; then something is killed, cut off or paused.
# Three nodes, Pacemaker, all write. After each: the same configuration everywhere, the utility was told what came about,
# no acknowledged write is lost, the mirrors are equal, all nodes are members.
#
#	test-crash.sh			the rows of tests/crash/matrix that are marked "check"
#	test-crash.sh "ROW" ...		these: "P8_WRITE master change power"
# shellcheck disable=SC2046,SC2086 # lists of nodes are split on purpose
export LAB_BUILD=build-faults
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

MATRIX=$TEST_DIR/../crash/matrix

daemon_of() {	# daemon_of POINT: which daemon comes there
	sed -n "s/^\tX($1, \([a-z]*\), .*/\1/p" "$TEST_DIR/../../base/fault.h"
}

# ---- what leads to the point ----

# A change that quiesces a volume that is loaded everywhere: one of its two plexes goes.
SMALL=small

small_plexes() {	# small_plexes NODE
	on "$1" vxprint -g "$GROUP" -ht | awk -v v="$SMALL" '$1 == "pl" && $3 == v' | wc -l
}

change_prepare() {
	if [ "$(small_plexes a)" = 1 ]; then
		check "the small volume is removed" on a vxassist -g "$GROUP" remove volume "$SMALL"
	fi
	if [ "$(small_plexes a)" = 0 ]; then
		check "the small volume is made" on a vxassist -g "$GROUP" make "$SMALL" 4m layout=mirror nmirror=2
	fi
}

# A group of its own on the disk that is left: it is made, or it ends.
SPARE=spare

spare_there() {	# spare_there NODE
	on "$1" vxdg list | grep -q "^$SPARE "
}

spare_make() {
	! on a vxdisk list | grep -q '^d4 .*invalid' || on a vxdisk setup d4 || return 1
	on a vxdg -s init "$SPARE" s1=d4
}

spare_prepare() {	# spare_prepare TRIGGER
	if ! spare_there a && ! on a vxdg -s import "$SPARE" >/dev/null 2>&1; then
		check "the spare group is made" spare_make
	fi
	[ "$1" != init ] || check "... and destroyed: its disk is free" on a vxdg destroy "$SPARE"
}

# Where the group ended vxiod does not run it; its log says what it did last, since it was started.
spare_runs_as_found() {	# spare_runs_as_found TRIGGER
	local n
	[ "$(change_found "$1")" = committed ] || return 0
	for n in $NODES; do
		! on "$n" cat /var/log/vxha/vxiod.log |
			awk -v dg="dg=$SPARE: " '/ serves with / { last = "" } index($0, dg) { last = $0 } END { print last }' |
			grep "loaded," || return 1
	done
}

is_change() {
	case $1 in
	change | destroy | deport | init) ;;
	*) return 1 ;;
	esac
}

change_begin() {	# change_begin COMMAND...: on the last slave
	rm -f "$WORK/status"
	{
		status=0
		on "$OTHER" "$@" >"$WORK/said" 2>&1 </dev/null || status=$?
		echo "$status" >"$WORK/status"
	} &
	CHANGE_PID=$!
}

# What is found: committed or aborted.
change_found() {	# change_found TRIGGER
	local n there=''
	case $1 in
	change)
		case $(small_plexes a) in
		1) echo committed ;;
		2) echo aborted ;;
		esac
		return
		;;
	esac
	for n in $NODES; do
		there+=$(spare_there "$n" && echo 1 || echo 0)
	done
	case $1-$there in
	init-111 | destroy-000 | deport-000) echo committed ;;
	init-000 | destroy-111 | deport-111) echo aborted ;;
	esac
}

trigger() {
	case $1 in
	change) change_begin vxplex -g "$GROUP" -o rm dis "$SMALL-02" ;;
	init) change_begin vxdg -s init "$SPARE" s1=d4 ;;
	destroy | deport) change_begin vxdg "$1" "$SPARE" ;;
	lost) lab crash "$OTHER" ;;
	abort) on "$OTHER" vxclustadm abortnode ;; # V8: its writers end
	leave)
		lab kill "$OTHER" stamp TERM # it waits until nobody has the volume open
		on "$OTHER" sh -c "vxclustadm stopnode >/dev/null 2>&1 &"
		;;
	esac
}

is_there() {
	on "$ARMED" test -e /run/vxha/fault.hit
}

# ---- what happens there ----

gone_by_fence() {	# the others run without the armed node
	fenced_more_than "$OTHER" "$ARMED" "$FENCED"
}

strike() {
	local n
	case $1 in
	power) lab crash "$ARMED" ;;
	kill) lab kill "$ARMED" "$DAEMON" ;;
	pause) sleep 5 ;; # that long, and not until something is true
	cut) FENCED=$(fenced_count "$OTHER" "$ARMED") && lab cut "$ARMED" ;;
	clustd) lab kill "$ARMED" vxclustd ;;
	configd) lab kill "$ARMED" vxconfigd ;;
	iod) lab kill "$ARMED" vxiod ;;
	master) lab crash "$MASTER" ;;
	all)
		for n in $NODES; do
			lab crash "$n" || return 1
		done
		;;
	esac
	lab cont "$ARMED" "$DAEMON" || true # it may be gone
}

# ---- what must be true then ----

all_back() {
	story_boot_all
	all_members && group_enabled && device_there && later_view
}

# What was struck is noticed: the good state is not the one before.
later_view() {
	[ "$(on a vxclustadm nodestate --json | jq .epoch)" -gt "$EPOCH" ]
}

change_ended() {
	[ -e "$WORK/status" ] || ! kill -0 "$CHANGE_PID"
}

# What the utility said is what is found. It may not know; then vxdctl must.
told_the_truth() {	# told_the_truth TRIGGER
	local status txid
	OUTCOME=$(change_found "$1")
	status=$(cat "$WORK/status" 2>/dev/null || echo none)
	echo "said, with exit status $status:"
	cat "$WORK/said"
	echo "found: $OUTCOME"
	[ -n "$OUTCOME" ] || return 1
	txid=$(grep -oE '\b[0-9a-f]{32}\b' "$WORK/said" | tail -n 1)
	case $status in
	0) [ "$OUTCOME" = committed ] ;;
	6)
		OUTCOME="not told, $OUTCOME"
		[ -n "$txid" ] && [ "$(on "$OTHER" vxdctl outcome "$txid")" = "${OUTCOME#*, }" ]
		;;
	none) [ "$STRIKE" = all ] && OUTCOME="node died, $OUTCOME" ;; # nobody was there to be told
	*) [ "$OUTCOME" = aborted ] || [ "$STRIKE" = all ] ;;
	esac
}

row() {	# row POINT ROLE TRIGGER ACTION
	local point=$1 role=$2 what=$3 n began=$SECONDS freeze
	STRIKE=$4 OUTCOME=- EPOCH=0
	DAEMON=$(daemon_of "$point")
	MASTER=$(master_node) OTHER=$(slave_nodes | tail -n 1)
	ARMED=$MASTER
	[ "$role" = master ] || ARMED=$(slave_nodes | head -n 1)
	echo "# ---- $*: master $MASTER, armed $ARMED, the other $OTHER"
	case $STRIKE-$DAEMON in
	kill-vxconfigd | configd-* | pause-*) ;; # no new view, or the one that was on its way
	*) EPOCH=$(on "$MASTER" vxclustadm nodestate --json | jq .epoch) ;;
	esac
	case $what in
	change) change_prepare ;;
	*) ! is_change "$what" || spare_prepare "$what" ;;
	esac
	writers_start
	wait_for 30 "all six writers have acknowledged writes" writers_acked
	check "$point is armed on $ARMED" on "$ARMED" sh -c "rm -f /run/vxha/fault.hit; echo $point >/run/vxha/fault"
	trigger "$what" >"$TEST_OUTPUT" 2>&1
	wait_for 60 "$DAEMON of $ARMED comes there ($what)" is_there
	check "$STRIKE" strike "$STRIKE"
	if [ "$STRIKE" = cut ]; then
		wait_for 60 "$ARMED is fenced" gone_by_fence
		check "its network is plugged in" lab heal "$ARMED"
	fi
	[ "$what" != leave ] || on "$OTHER" sh -c 'vxclustadm startnode >/dev/null 2>&1 &' || true
	wait_for 150 "all nodes are members, with the group and the device" all_back
	if is_change "$what"; then
		wait_for 90 "the utility ends" change_ended
		case $what in
		destroy | deport) wait_for 20 "no vxiod runs a group that ended" spare_runs_as_found "$what" ;;
		esac
		told_the_truth "$what" >"$TEST_OUTPUT" 2>&1 && status=0 || status=$?
		report "$status" "it said what came about ($OUTCOME)" told_the_truth
	fi
	wait_for 60 "no resync is running" volume_synced
	writers_stop a b c
	check "the configuration is the same everywhere" same_config
	check "every acknowledged write is there" stamps_good "$(master_node)"
	check "both plexes are equal on the disks" plexes_equal
	for n in $NODES; do
		check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
	done
	freeze=$(on "$(master_node)" vxclustadm nodestate --json | jq '[.reconfigurations[].freeze_ms] | max')
	printf '# row: %-13s %-7s %-7s %-8s %-20s %6s ms %4s s\n' "$point" "$role" "$what" "$STRIKE" "$OUTCOME" "$freeze" $((SECONDS - began))
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
if [ $# = 0 ]; then
	mapfile -t rows < <(sed -n 's/[[:space:]]*check$//p' "$MATRIX" | grep -v '^#')
	set -- "${rows[@]}"
fi
for chosen in "$@"; do
	row $chosen
done

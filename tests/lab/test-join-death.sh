#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A joiner dies in mid-join, again and again, in a cluster with many volumes: the members go on, none of them is ended for
# what was asked of it for the joiner's sake, and changes of the configuration go on.
#
#	a (master), b	members for the whole test		ROUNDS=n	deaths at random moments (20)
#	c		joins, dies, joins			VOLUMES=n	volumes of the group (220)
#
# Without Pacemaker (fencing = unsafe-none): a round takes a second, and nothing that c wrote is at stake.
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"
ROUNDS=${ROUNDS:-20} VOLUMES=${VOLUMES:-220}

# join NODE: in the background, until it is a member or vxclustd ends.
join() {
	on "$1" vxclustadm startnode --join-timeout 60 >/dev/null 2>&1 &
}

doing() {	# doing NODE WORDS: what its vxclustd does now
	on "$1" vxclustadm nodestate --json | tee /dev/stderr | jq -e --arg words "$2" '.detail == $words'
}

change() {	# a change of the configuration, typed on a member
	on b timeout 20 vxvol -g data set comment="$1" v1
}

pid_of() {
	on "$1" cat /run/vxha/vxclustd.pid
}

members_pids() {
	echo "$(pid_of a) $(pid_of b)"
}

passed_since() {	# passed_since SECONDS_THEN SECONDS
	[ $((SECONDS - $1)) -gt "$2" ]
}

die() {
	check "c dies while $1" lab kill c vxclustd
	wait "$join_pid" || true
}

asked_to_join() {
	on a grep -c "node=c asks to join" /var/log/vxha/vxclustd.log
}

asked_more_than() {
	[ "$(asked_to_join)" -gt "$1" ]
}

# dies_while WHAT: c joins, the master comes to WHAT and stays there (its vxconfigd is paused), c dies.
dies_while() {
	local what=$1
	if [ "$what" = LOOK ]; then # R22: nobody has stopped for it yet
		asked=$(asked_to_join)
		check "vxconfigd of the master is slow" lab pause a vxconfigd
		on c vxclustd
		join c
		join_pid=$!
		wait_for 20 "the master is asked whether c may join" asked_more_than "$asked"
		check "... and runs" settled 2 a b
	else # the master has stopped and waits for b's HELLO; then its own vxconfigd gets slow
		check "vxconfigd of b is slow" lab pause b vxconfigd
		on c vxclustd
		join c
		join_pid=$!
		wait_for 20 "the master waits for hello" doing a "coordinating: HELLO"
		check "vxconfigd of the master is slow" lab pause a vxconfigd
		check "vxconfigd of b goes on" lab cont b vxconfigd
		wait_for 20 "the master is at $what" doing a "coordinating: $what"
	fi
	die "the master is at $what"
	check "vxconfigd of the master goes on" lab cont a vxconfigd
	wait_for 20 "the members run a view without c" settled 2 a b
	check "a change of the configuration is made" change "after $what"
}

lab_start 3 --disks 4 --size 512
for n in a b c; do
	check "the daemons of $n start" daemons_start "$n"
done
join a
join b
wait_for 60 "a and b are members" settled 2 a b
check "a disk group of $VOLUMES volumes" on a bash -ec 'for d in d1 d2 d3; do vxdisk setup $d; done
	vxdg -s init data d1=d1 d2=d2 d3=d3
	for v in $(seq '"$VOLUMES"'); do vxassist -g data make v$v 1m layout=mirror nmirror=2; done'
pids=$(members_pids)
join c
wait_for 60 "c joins" settled 3 a b c
join_ms=$(on a vxclustadm nodestate --json | jq '.reconfigurations[-1].freeze_ms + 300')

began=$SECONDS
check "c dies" lab kill c vxclustd
wait_for 20 "the members run a view without c" settled 2 a b
dies_while LOOK
dies_while SURVEY
for round in $(seq "$ROUNDS"); do
	moment_ms=$((RANDOM % join_ms))
	on c vxclustd
	join c
	join_pid=$!
	sleep "$(printf '%d.%03d' $((moment_ms / 1000)) $((moment_ms % 1000)))"
	lab kill c vxclustd
	wait "$join_pid" || true
	wait_for 30 "round $round: the members run a view without c" settled 2 a b
	check "round $round: a change of the configuration is made" change "round $round"
done
# What was asked in vain, and is still waited for, would end a member by now.
wait_for 60 "a local part's time-out is over" passed_since "$began" 35
check_is "no member was ended" "$pids" "$(members_pids)"
for n in a b; do
	check "no local part of $n was too slow" on "$n" sh -c '! grep -E "makes no progress|aborts" /var/log/vxha/vxclustd.log'
done
on c vxclustd
join c
wait_for 60 "c joins at last" settled 3 a b c
check_is "... and runs the configuration of the others" "$(on a vxprint -g data -ht)" "$(on c vxprint -g data -ht)"
for n in a b c; do
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-lab.sh - the lab itself, without Pacemaker: nodes apart, disks shared, nothing left behind
#
#	lab 1:  a --- b --- c     disks d1, d2, each reached by every node on its own path
#	lab 2:  a --- b           at the same time, disk d1 of its own
# shellcheck source=tests/lab/testlib.sh
. "$(dirname "$0")/testlib.sh"

DISK=/dev/vxdisk

second() {
	LAB=$LAB-2 "$TEST_DIR/lab" "$@"
}

# What a lab must not change on the machine.
machine_state() {
	ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/' | sort
	sed 's/^[0-9]* [0-9]* [^ ]* /mount /' /proc/self/mountinfo | sort
	ls /run/netns 2>/dev/null || true
	ls -d /dev/vx /dev/vxdisk /etc/vxha /var/lib/vxha 2>/dev/null || true
	find /etc/corosync /var/lib/corosync /var/lib/pacemaker /var/log/cluster -newer "$stamp" \
		2>/dev/null || true
	hostname
}

# Numbers of the loop devices of the lab named $1.
loops_of_lab() {
	awk '{ print $3; print $4 }' "$TEST_DIR/../../build/lab/$1/disks"
}

# Which of the loop devices given are bound; not those that another lab took meanwhile.
loops_bound() {
	local minor

	for minor in "$@"; do
		grep -qs . "/sys/block/loop$minor/loop/backing_file" || continue
		grep -q /build/lab/ "/sys/block/loop$minor/loop/backing_file" || echo "$minor"
	done
}

loops_unbound() {
	[ -z "$(loops_bound "$@")" ]
}

# Which of the loop devices given are free, but read-only for the next who takes them.
loops_spoilt() {
	local minor

	for minor in "$@"; do
		[ -e "/sys/block/loop$minor/loop" ] || grep -lsx 1 "/sys/block/loop$minor/ro" || true
	done
}

# Processes in the PID namespaces that $1 lists.
processes_in() {
	local link ns

	for link in /proc/[0-9]*/ns/pid; do
		ns=$(readlink "$link" 2>/dev/null) || continue
		case $1 in
		*"$ns"*) echo "$link" ;;
		esac
	done
}

status_of() {
	local status=0

	"$@" >"$TEST_OUTPUT" 2>&1 </dev/null || status=$?
	echo "$status"
}

# stamp NODE DISK TEXT SECTOR: writes TEXT into a 4 KiB block, past all caches.
stamp_block() {
	printf '%-4096s' "$3" | lab run "$1" dd of="$DISK/$2" bs=4096 seek="$4" count=1 \
		iflag=fullblock oflag=direct conv=notrunc status=none
}

read_block() {
	lab run "$1" dd if="$DISK/$2" bs=4096 skip="$3" count=1 iflag=direct status=none |
		tr -d ' \0'
}

# What dd with these arguments complains about on node b: the text of the error.
dd_error() {
	lab run b dd bs=4096 count=1 "$@" 2>&1 | sed -n 's/^dd: .*: //p'
}

test_cleanup() {
	second down >/dev/null 2>&1
	rm -rf "$stamp" "$product"
}

stamp=$(mktemp)
product=$TEST_DIR/../../build/lab/$LAB-product
before=$(machine_state)

# --- usage
check_is "no verb is a usage error" 2 "$(status_of lab)"
check_is "an unknown verb is a usage error" 2 "$(status_of lab frobnicate)"
check_is "a number that is none is a usage error" 2 "$(status_of lab up three)"
check_is "a command in a lab that is not up fails as the lab's" 125 "$(status_of lab run a true)"

lab_start 3 --disks 2 --size 16
check_is "a second 'lab up' of the same lab is refused" 1 "$(status_of lab up)"
for node in a b c; do
	check "node $node sees 3 members" sees_members "$node" 3
done

# --- run
check_is "run: the command's exit status passes through" 7 "$(status_of lab run a sh -c 'exit 7')"
check_is "run: a signal shows as 128 + number" 137 "$(status_of lab run a sh -c 'kill -9 $$')"
check_is "run: no such command" 127 "$(status_of lab run a no-such-command)"
check_is "run: no such node" 125 "$(status_of lab run z true)"
check_is "run: standard input passes through" "hello b" "$(echo "hello b" | lab run 2 cat)"
check_is "run: standard error is apart" "" "$(lab run a sh -c 'echo oops >&2' 2>/dev/null)"

# --- apart
check_is "a node knows its name" b "$(lab run b hostname)"
check_is "nodes resolve each other" "10.77.0.3" "$(lab run a getent hosts c | awk '{ print $1 }')"
for ns in net mnt pid uts ipc; do
	check_is "three nodes and the machine have 4 $ns namespaces" 4 "$(
		{
			readlink "/proc/self/ns/$ns"
			for node in a b c; do lab run "$node" readlink "/proc/self/ns/$ns"; done
		} | sort -u | wc -l)"
done
lab run a sh -c 'touch /run/mark /dev/shm/mark /etc/mark /var/lib/vxha/mark'
check "what a node writes in /run, /dev/shm, /etc, /var another does not see" \
	not lab run b sh -c 'ls /run/mark || ls /dev/shm/mark || ls /etc/mark || ls /var/lib/vxha/mark'
check "nor the machine" \
	not sh -c 'ls /run/mark || ls /dev/shm/mark || ls /etc/mark || ls /var/lib/vxha/mark'
check "a node cannot write to the machine's file system" not lab run a touch /opt/mark
check "nor to the kernel's settings" not lab run a sh -c 'echo 1 >/proc/sys/kernel/panic'
check "a node has /dev/fuse" lab run a sh -c 'exec 3<>/dev/fuse'
check "a node has no watchdog of the machine" not lab run a sh -c 'ls /dev/watchdog*'

# --- disks
stamp_block a d1 "from-a" 3
check_is "what a writes to a disk, b reads" from-a "$(read_block b d1 3)"
stamp_block c d1 "from-c" 3
check_is "what c writes over it, a and b read" \
	"from-c from-c" "$(read_block a d1 3) $(read_block b d1 3)"
check_is "another disk is another disk" "" "$(read_block a d2 3)"
check_is "a disk has 512-byte sectors" 512 "$(lab run a blockdev --getss $DISK/d1)"

# b has its disks open since before the failure.
# shellcheck disable=SC2016
lab run b bash -c 'exec 5<>/dev/vxdisk/d1 6<>/dev/vxdisk/d2; touch /run/open
	until [ -e /run/go ]; do sleep 0.05; done
	{
		dd iflag=direct of=/dev/null bs=4096 count=1 <&5 2>&1 | sed "s/^/read: /"
		dd if=/dev/zero oflag=direct bs=4096 count=1 2>&1 >&5 | sed "s/^/write: /"
		dd iflag=direct of=/dev/null bs=4096 count=1 <&6 2>&1 | sed "s/^/other: /"
	} >/run/result.new; mv /run/result.new /run/result' &
holder=$!
wait_for 10 "b holds its disks open" lab run b test -e /run/open
lab disk-fail b d1
check_is "disk-fail: a read on b's path is EIO" "Input/output error" \
	"$(dd_error if=$DISK/d1 of=/dev/null iflag=direct)"
check_is "disk-fail: a write on b's path is EIO" "Input/output error" \
	"$(dd_error if=/dev/zero of=$DISK/d1 oflag=direct conv=notrunc)"
lab run b touch /run/go
wait_for 10 "b tried the disks that it had open" lab run b test -e /run/result
wait "$holder" || true
check "disk-fail: EIO for a read of one who had it open" \
	lab run b grep -q '^read:.*Input/output error' /run/result
check "disk-fail: EIO for a write of one who had it open" \
	lab run b grep -q '^write:.*Input/output error' /run/result
check "disk-fail: b's other disk, open as well, works" \
	lab run b grep -q '^other: 4096 bytes' /run/result
check_is "disk-fail: a and c still read that disk" \
	"from-c from-c" "$(read_block a d1 3) $(read_block c d1 3)"
stamp_block c d1 "meanwhile" 4
check "lab status shows the failed disk" output_has '^b .* d1$' lab status
lab disk-heal b d1
check_is "disk-heal: b reads what c wrote meanwhile" meanwhile "$(read_block b d1 4)"
stamp_block b d1 "healed" 4
check_is "disk-heal: b writes again" healed "$(read_block a d1 4)"
check_is "disk-fail: no such disk" 1 "$(status_of lab disk-fail b d9)"

# --- network, processes
lab cut c
wait_for 10 "cut: a no longer sees c" sees_members a 2
wait_for 10 "cut: c is alone" sees_members c 1
lab heal c
for node in a b c; do
	wait_for 20 "heal: $node sees 3 members" sees_members "$node" 3
done
lab pause b corosync
wait_for 10 "pause: a corosync that stands still is lost to a" sees_members a 2
lab cont b corosync
wait_for 20 "cont: it comes back" sees_members a 3
check_is "kill: no such process" 1 "$(status_of lab kill b no-such-process)"
lab kill b corosync
wait_for 10 "kill: b's corosync is gone, a sees it" sees_members a 2
check "kill: only b's" lab run c corosync-cfgtool -s

# --- power
# c writes as fast as it can; when 'crash' returns nothing more of it may arrive.
# shellcheck disable=SC2016
lab run c bash -c 'for job in 1 2 3 4; do
	(i=0; while :; do i=$((i + 1)); printf "%-4096s" "$job-$i" |
		dd of=/dev/vxdisk/d2 bs=4096 seek=$job oflag=direct conv=notrunc iflag=fullblock status=none
	done) & done; sleep 1; touch /run/writing; wait' &
writer=$!
wait_for 10 "c writes" lab run c test -e /run/writing
inits=$(for node in a b c; do lab run $node readlink /proc/1/ns/pid; done)
check "crash" lab crash c
first=$(for i in 1 2 3 4; do read_block a d2 $i; done)
wait "$writer" || true
check_is "crash: no process of the node is left" "" "$(processes_in "$(echo "$inits" | tail -n 1)")"
check "crash: it had written" test -n "$first"
sleep 0.5
check_is "crash: nothing arrives afterwards" "$first" "$(for i in 1 2 3 4; do read_block a d2 $i; done)"
check_is "crash: commands say that the node is off" 125 "$(status_of lab run c true)"
lab crash a
check "boot" lab boot a
check "boot: /etc and /var are kept" lab run a sh -c 'ls /etc/mark /var/lib/vxha/mark'
check "boot: /run and /dev/shm are fresh" not lab run a sh -c 'ls /run/mark || ls /dev/shm/mark'
check_is "boot: refused for a node that is on" 1 "$(status_of lab boot a)"
lab boot c
wait_for 20 "boot: Corosync runs again by itself" sees_members c 2
check "logs: of all nodes" output_has 'c: /var/log/cluster/corosync.log' lab logs
lab run c logger -t mark "written to syslog"
check "logs: what a node wrote to syslog" output_has 'mark: written to syslog' lab logs c

# --- a second lab
check "a second lab with the same names at the same time" second up 2 --disks 1 --size 16
check_is "the second has its own members" 2 "$(LAB=$LAB-2 members_of a)"
check_is "the first keeps its own" 2 "$(members_of c)"
check_is "the second has its own disks" "" "$(LAB=$LAB-2 read_block a d1 3)"
check "down: the second" second down
check_is "down: the first is untouched" "from-c" "$(read_block a d1 3)"

# A build folder with one program and one agent installed.
mkdir -p "$product"/root/usr/{sbin,lib/ocf/resource.d/vxha}
ln -s "$TEST_DIR/../../${LAB_BUILD:-build}/tests" "$product/tests"
printf '#!/bin/sh\necho product\n' >"$product/root/usr/sbin/vxlab-product"
chmod 755 "$product/root/usr/sbin/vxlab-product"
touch "$product/root/usr/lib/ocf/resource.d/vxha/agent"
export LAB_BUILD=build/lab/$LAB-product
check "up again, with a product installed" second up 1 --disks 1 --size 16
unset LAB_BUILD
check_is "a node runs what is installed in build/root" product "$(second run a vxlab-product)"
check "and sees it beside the machine's own" second run a sh -c 'cd /usr/lib/ocf/resource.d &&
	ls vxha/agent pacemaker/Dummy heartbeat/Dummy'
check "the machine does not" not ls /usr/sbin/vxlab-product
printf '#!/bin/sh\necho newer\n' >"$product/newer"
install -m 755 "$product/newer" "$product/root/usr/sbin/vxlab-product"
check_is "what is installed anew does not reach a lab that runs" product "$(second run a vxlab-product)"
rm -r "$product/root"
second crash a
check "... nor when a node boots" second boot a
check_is "... also if it is gone" product "$(second run a vxlab-product)"
mapfile -t loops < <(loops_of_lab "$LAB-2")
kill -KILL "$(cat "$TEST_DIR/../../build/lab/$LAB-2/pid")"
wait_for 10 "killed with SIGKILL: its loop devices vanish" loops_unbound "${loops[@]}"
check_is "killed with SIGKILL: it is not up" 1 "$(status_of second status)"
check "killed with SIGKILL: up works again" second up 1 --disks 1 --size 16
check "killed with SIGKILL: and down" second down
check_is "interrupted while it starts: exit status" 130 "$(status_of timeout -s INT --preserve-status 0.6 \
	env LAB="$LAB-2" "$TEST_DIR/lab" up 3 --disks 2)"
check "interrupted while it starts: nothing is left" not ls "$TEST_DIR/../../build/lab/$LAB-2"

# --- down
inits=$(for node in a b c; do lab run $node readlink /proc/1/ns/pid; done)
check "there are processes to get rid of" test -n "$(processes_in "$inits")"
mapfile -t loops < <(loops_of_lab "$LAB")
check "there are loop devices to get rid of" ls -d "${loops[@]/#//sys/block/loop}"
lab disk-fail a d2
rm -rf "$product"
check "down" lab down
TEST_OWN_LAB=
check_is "down: no process is left" "" "$(processes_in "$inits")"
check_is "down: no loop device is left" "" "$(loops_bound "${loops[@]}")"
check_is "down: nor one spoilt by disk-fail" "" "$(loops_spoilt "${loops[@]}")"
check "down: no state folder is left" not ls "$TEST_DIR/../../build/lab/$LAB"
check "down: once more does no harm" lab down
check_is "down: links, mounts, /dev, /etc, /var of the machine are as before" "$before" "$(machine_state)"

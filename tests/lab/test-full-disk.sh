#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The node's own disk gets full, then read-only, below /var/lib/vxha and /var/log/vxha: nothing hangs, nothing is
# half-applied, and who is refused is told node, file and reason.
#
#	a (master), c	healthy			b	small file systems of its own for state and log
#
# Without Pacemaker (fencing = unsafe-none): what c and b do when they leave is not at stake here.
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"
STATE=/var/lib/vxha LOG=/var/log/vxha

config_of() {
	local n
	for n in "$@"; do
		on "$n" vxprint -g data -l
	done
}

same_config() {	# same_config NODE...
	local n first
	first=$(config_of "$1")
	for n in "$@"; do
		[ -n "$first" ] && [ "$(config_of "$n")" = "$first" ] || return 1
	done
}

fill() {	# fill FOLDER: to the last byte
	on b sh -c "dd if=/dev/zero of=$1/filler bs=4k 2>/dev/null; dd if=/dev/zero of=$1/filler2 bs=1 2>/dev/null; ! echo x >$1/probe"
}

io_works() {
	on "$1" dd if=/dev/urandom of=$DEVICE bs=4k count=16 oflag=direct conv=notrunc
}

change() {	# change NODE TEXT
	on "$1" timeout 60 vxvol -g data set comment="$2" vol1
}

rejoin() {	# rejoin NODE: leaves and joins
	on "$1" vxclustadm stopnode && on "$1" vxclustadm startnode
}

lab_start 3 --disks 3 --size 256
check "b has small file systems for state and log" on b sh -ec "for d in $STATE $LOG; do
	mkdir -p \$d; mount -t tmpfs -o size=256k,mode=750 tmpfs \$d; done"
for n in a b c; do
	check "the daemons of $n start" daemons_start "$n"
done
for n in a b c; do
	on "$n" vxclustadm startnode >/dev/null &
done
wait_for 60 "all are members" settled 3 a b c
check "a group with a volume" on a sh -ec 'for d in d1 d2 d3; do vxdisk setup $d; done
	vxdg -s init data d1=d1 d2=d2 d3=d3; vxassist -g data make vol1 20m layout=mirror nmirror=2 logtype=drl'
wait_for 20 "b has the device" on b test -f $DEVICE

echo "# the file systems of b are full"
check "$LOG on b is full" fill $LOG
check "$STATE on b is full" fill $STATE
check "a change typed on a is made" change a one
check "a change typed on b is made" change b two
check "all have the same configuration" same_config a b c
check "c leaves and joins: b takes part in the new views" rejoin c
wait_for 20 "all are members" settled 3 a b c
check "b leaves, its daemons end, start again, and b joins" on b sh -c 'vxclustadm stopnode &&
	vxclustadm daemons --stop && vxiod && vxconfigd && vxclustd && vxclustadm startnode'
wait_for 20 "all are members" settled 3 a b c
check "b does I/O" io_works b
check "a change is made" change c three
check "all have the same configuration" same_config a b c

echo "# the file system of b is read-only"
check "$STATE on b is read-only" on b mount -o remount,ro $STATE
before=$(config_of a b c)
for n in a b; do
	check "a change typed on $n is refused" not change "$n" four
	OUT=$(change "$n" four 2>&1 || true)
	check "... with node, file and reason: $OUT" grep -Eq "node b.*$STATE/groups.*[Rr]ead-only" <<<"$OUT"
done
check_is "nothing was changed anywhere" "$before" "$(config_of a b c)"
check "b does I/O" io_works b
check "c leaves" on c vxclustadm stopnode
wait_for 30 "b cannot take part in a view that it cannot remember, a goes on without" settled 1 a
check "... and b says why" on b grep -E "aborts: $STATE/vxclustd.state.*[Rr]ead-only" /var/log/syslog
check "a does I/O" io_works a
check "c joins" on c vxclustadm startnode

echo "# b starts with a disk that it cannot write to"
on b sh -c 'vxclustadm daemons --stop >/dev/null 2>&1; vxiod && vxconfigd && vxclustd' || true
check "b does not join" not on b timeout 100 vxclustadm startnode
OUT=$(on b timeout 100 vxclustadm startnode 2>&1 || true)
check "... and says why: $OUT" grep -Eq "$STATE/.*[Rr]ead-only" <<<"$OUT"
check "the disk is well again" on b sh -c "mount -o remount,rw $STATE; rm $STATE/filler* $LOG/filler*"
check "b joins" on b vxclustadm startnode
wait_for 30 "all are members" settled 3 a b c
check "a change is made" change b five
check "all have the same configuration" same_config a b c
check "b logs again" on b grep -q comment=five $LOG/vxconfigd.log
for n in a b c; do
	check "no daemon of $n met an impossible state" on "$n" sh -c "! ls $STATE/*.blackbox"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-vxiod.sh - the I/O daemon alone, driven as vxconfigd would: no cluster, a private group
#
#	node a: vxiod <- iodctl     volume g/v: plexes on d1, d2; logs on d1, d2
# shellcheck source=tests/lab/testlib.sh
. "$(dirname "$0")/testlib.sh"

TOOLS=$(cd "$TEST_DIR/../../build/tests" && pwd)
SOURCE=$(cd "$TEST_DIR/../tools" && pwd)
D1=/dev/vxdisk/d1 D2=/dev/vxdisk/d2 D3=/dev/vxdisk/d3
SECTORS=262144 # 128 MiB
FILE=/dev/vx/dsk/g/v
URI="nbd+unix:///g/v?socket=/run/vxha/nbd.sock"

on() {
	lab run a "$@"
}

ctl() {
	on timeout 60 "$TOOLS/iodctl" "$@"
}

load() {
	ctl load --disk $D1 --disk $D2 --len $SECTORS "$@"
}

vol_has() {	# vol_has FIELD=VALUE
	ctl query | grep '^vol ' | tee /dev/stderr | grep -qE " $1( |\$)"
}

no_resync() {
	! ctl query | grep '^task ' && vol_has recover=0
}

# Below the program: the data is behind 2 MiB on each disk.
plexes_equal() {
	local other=${1:-$D2}

	on sh -c "blockdev --flushbufs $D1; blockdev --flushbufs $other
		cmp -n $((SECTORS * 512)) -i $((4096 * 512)) $D1 $other"
}

statistics_add_up() {	# statistics_add_up PLEXES SUBDISKS DISKS: each with reads and writes
	ctl stats | tee /dev/stderr | awk -v plexes="$1" -v subdisks="$2" -v disks="$3" '
		$1 != "stat" || $2 == "vol" { next }
		{
			split($4 $5 $6 $7 $8 $9, n, /[a-z_]+=/)
			count[$2]++
			for (i = 2; i <= 7; i++) {
				none += !(n[i] > 0)
				left += $2 == "plex" ? n[i] : $2 == "subdisk" ? -n[i] : 0
			}
		}
		END { exit !(count["plex"] == plexes && count["subdisk"] == subdisks && count["disk"] == disks && !none && !left) }'
}

write_for() {	# write_for SECONDS NAME: in the background, checked when it is waited for
	on timeout 120 fio --name="$2" --ioengine=nbd --uri="$URI" --rw=randwrite --bs=4k --iodepth=16 --size=64m \
		--time_based --runtime="$1" --verify=crc32c --verify_state_save=0 --verify_backlog=512 --verify_fatal=1 >"$TEST_OUTPUT.fio" 2>&1 &
	writer=$!
}

writer_had_no_error() {
	wait "$writer" || { cat "$TEST_OUTPUT.fio"; return 1; }
}

begin() {	# begin NAME COMMAND...: on the node, its pid in /run/NAME.pid
	on sh -c 'echo $$ >/run/$0.pid; exec "$@"' "$@" >/dev/null 2>&1 &
}

test_cleanup() {
	rm -f "$TEST_OUTPUT.fio" "$TEST_OUTPUT.said"
}

# What a daemon that cannot start says to whoever starts it: one line with its name and the reason.
refused() {	# refused REGEX COMMAND...
	local regex=$1
	shift

	on "$@" >"$TEST_OUTPUT.said" 2>&1 && return 1
	cat "$TEST_OUTPUT.said"
	grep -v ' warning: ' "$TEST_OUTPUT.said" | tee /dev/stderr | grep -Ex "$regex" >/dev/null &&
		[ "$(grep -vc ' warning: ' "$TEST_OUTPUT.said")" = 1 ]
}

lab_start 1 --disks 3 --size 256
echo "# who cannot start says why"
for daemon in vxiod vxconfigd vxclustd; do
	check "$daemon: a mistake in the configuration" \
		refused "$daemon: /run/bad.conf:1: .*discs.*" sh -c "echo discs = x >/run/bad.conf; VXHA_CONF=/run/bad.conf $daemon"
	check "$daemon: something is in the way of its pid file" \
		refused "$daemon: cannot start: /run/vxha/$daemon.pid: Is a directory" \
		sh -c "mkdir -p /run/vxha/$daemon.pid; $daemon"
	check "$daemon: not root" refused "$daemon: cannot start: .*: Permission denied: it has to be started by root" \
		sh -c "rmdir /run/vxha/$daemon.pid; setpriv --reuid 65534 --regid 65534 --clear-groups $daemon"
done
check "vxiod: another process has its name" output_has "vxiod: cannot serve at the name vxha-iod: Address already in use" \
	not on python3 -c '
import socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("\0vxha-iod".ljust(108, "\0"))
s.listen()
sys.exit(subprocess.run("vxiod", stderr=sys.stdout).returncode)'
check "vxiod starts" on vxiod
check "a second vxiod says that one runs" output_has "runs already as pid" sh -c "LAB=$LAB '$TEST_DIR/lab' run a vxiod 2>&1; true"
check "a new log is written" ctl format --disk $D1 --disk $D2 --len $SECTORS --dirty
check "a volume is loaded" load --state sync
check "its device is there" on test "$(on stat -c %s $FILE)" = $((SECTORS * 512))
check "a client that lies about its disk is refused" not ctl load --group h --disk /dev/vxdisk/none

echo "# everything differs: the resync, writes of odd lengths meanwhile"
# V9, and V6: what was acknowledged is on both plexes
check "odd writes are as the model has them" on "$SOURCE/unaligned" $FILE
wait_for 60 "the resync ends" no_resync
check "the plexes are equal" plexes_equal

echo "# NBD, what stock clients do"
check "nbdinfo" output_has "export-size: $((SECTORS * 512))" on nbdinfo "$URI"
check "a flag of a request that was not offered is refused" on python3 -c '
import socket, struct
s = socket.socket(socket.AF_UNIX)
s.connect("/run/vxha/nbd.sock")
f = s.makefile("rwb")
f.read(18)
f.write(struct.pack(">I8sII", 3, b"IHAVEOPT", 1, 3) + b"g/v")
f.flush()
f.read(10)
f.write(struct.pack(">IHHQQI", 0x25609513, 0x8000, 0, 7, 0, 512))
f.flush()
magic, error, cookie = struct.unpack(">IIQ", f.read(16))
assert (magic, error, cookie) == (0x67446698, 22, 7), (hex(magic), error, cookie)'
check "idle connections keep nobody out, nor do they cost anybody a connection" on python3 -c '
import socket, struct
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/vxha/nbd.sock")
    return s
def client():
    f = connect().makefile("rwb")
    if len(f.read(18)) != 18:
        return None
    f.write(struct.pack(">I8sII", 3, b"IHAVEOPT", 1, 3) + b"g/v")
    f.flush()
    return f if len(f.read(10)) == 10 else None
def works(f):
    f.write(struct.pack(">IHHQQI", 0x25609513, 0, 0, 7, 0, 512))
    f.flush()
    return len(f.read(16 + 512)) == 16 + 512
clients = [client()]
idle = [connect() for i in range(300)]
clients.append(client())
assert all(clients) and all(map(works, clients)), "kept out by idle ones"
clients += [client() for i in range(254)]
assert all(clients), "no room"
idle += [connect() for i in range(300)]
assert client() is None, "more than the limit"
assert all(map(works, clients)), "cut off"'
# V34
check "clients that stop reading, or stop in the middle of a write, are in nobody's way" on timeout 30 python3 -c '
import os, socket, struct
sockets = []
def client():
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/vxha/nbd.sock")
    s.settimeout(10)
    f = s.makefile("rwb")
    f.read(18)
    f.write(struct.pack(">I8sII", 3, b"IHAVEOPT", 1, 3) + b"g/v")
    f.flush()
    f.read(10)
    sockets.append(s)
    return f
def ask(f, kind, cookie, offset, length, data=b""):
    f.write(struct.pack(">IHHQQI", 0x25609513, 0, kind, cookie, offset, length) + data)
    f.flush()
def works():
    f = client()
    for length in (4096, 262144):
        ask(f, 0, 7, 0, length)
        assert len(f.read(16 + length)) == 16 + length
        ask(f, 1, 8, 1 << 20, length, bytes(length))
        assert len(f.read(16)) == 16
    disk = os.open("'"$FILE"'", os.O_RDONLY)
    assert len(os.pread(disk, 4096, 0)) == 4096
    os.close(disk)
readers = [client() for i in range(8)]
for f in readers:
    for i in range(64):
        ask(f, 0, i, i << 18, 262144)
works()
for i in range(80):
    ask(client(), 1, 9, 2 << 20, 4096, bytes(100))
works()
for i in range(80):
    ask(client(), 1, 9, 2 << 20, 131072, bytes(100))
disk = os.open("'"$FILE"'", os.O_RDONLY)
assert len(os.pread(disk, 4096, 0)) == 4096
for i, f in enumerate(readers[:2]):  # nothing was lost of what was read late
    for i in range(64):
        head = f.read(16)
        assert struct.unpack(">II", head[:8]) == (0x67446698, 0) and len(f.read(262144)) == 262144
'
check "nbdcopy out" on nbdcopy "$URI" /run/image
check "nbdcopy in, qemu-img compare" on sh -c "nbdcopy /run/image '$URI' && qemu-img compare -f raw -F raw '$URI' /run/image"
check "fio, verified" on fio --name=f --filename=$FILE --ioengine=libaio --direct=1 --rw=randwrite --bsrange=512-256k \
	--blockalign=512 --iodepth=16 --size=32m --verify=crc32c --verify_state_save=0 --do_verify=1
check "the plexes are equal" plexes_equal

echo "# suspend, resume"
write_for 6 suspended
wait_for 10 "the writer has it open" output_has "open g/v .*command=fio how=nbd" ctl query
# V4
check "suspended: nothing is in flight" ctl suspend --txid one
check "... and stays so" vol_has suspended=1
check "an open volume is not removed" not ctl unload
check "resumed" ctl resume --txid one
check "the writer met no error" writer_had_no_error

echo "# the gate is shut: who is killed goes, and nothing of it comes to the disks; other signals change nothing"
check "what is there" on sh -c "dd if=$FILE of=/run/before bs=64k count=2 iflag=direct && tr '\\0' x </dev/zero | head -c 65536 >/run/x"
check "suspended" ctl suspend --txid two
begin reader dd if=$FILE of=/dev/null bs=64k count=1
begin writer dd if=/run/x of=$FILE bs=64k count=1 oflag=direct conv=notrunc
begin syncer dd if=/run/x of=$FILE bs=64k count=1 conv=notrunc,fsync
begin fio fio --name=aio --filename=$FILE --ioengine=libaio --direct=1 --rw=write --bs=64k --iodepth=2 --size=128k \
	--buffer_pattern=0x78
begin alarmed python3 -c "
import ctypes, os, signal
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
libc, room = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(4096)
got = libc.pread(os.open('$FILE', os.O_RDONLY), room, 4096, ctypes.c_long(0))
print(got, os.strerror(ctypes.get_errno()), file=open('/run/alarmed.got', 'w'))"
for name in reader writer alarmed; do
	wait_for 10 "the $name waits" on sh -c "grep -q request_wait_answer /proc/\$(cat /run/$name.pid)/stack"
done
wait_for 10 "asynchronous writes wait" on sh -c 'pgrep -P $(cat /run/fio.pid) >/run/aio.pid &&
	grep -q read_events /proc/$(cat /run/aio.pid)/stack'
check "the reader is told to end" on sh -c 'kill $(cat /run/reader.pid)'
check "the others are killed" on sh -c 'kill -9 $(cat /run/writer.pid /run/syncer.pid /run/aio.pid)'
for name in reader writer syncer aio; do
	wait_for 10 "the $name is gone" not on sh -c "kill -0 \$(cat /run/$name.pid)"
done
# V30
check "who was only signalled waits" on sh -c 'kill -0 $(cat /run/alarmed.pid) && ! test -e /run/alarmed.got'
check "resumed" ctl resume --txid two
wait_for 10 "... and has its data" output_has "^4096 " on cat /run/alarmed.got
check "nothing of the killed ones was written" on sh -c "dd if=$FILE bs=64k count=2 iflag=direct | cmp - /run/before"
check "the plexes are equal" plexes_equal

echo "# vxiod is killed in mid-write"
write_for 30 killed
wait_for 10 "regions are dirty" not vol_has dirty=0
check "kill" lab kill a vxiod
wait "$writer" || true
check "its device is dead" not on cat $FILE
# V29
check "one of its disks cannot be looked at any more" on sh -c "cp /run/vxha/vxiod.disks /run/disks.was; echo /dev/vxdisk/none >>/run/vxha/vxiod.disks"
check "settle says so" output_has "may not be over: /dev/vxdisk/none: No such file" on sh -c 'vxiod --settle 2>&1 || true'
check "vxiod does not start" output_has "may not be over: /dev/vxdisk/none: No such file" on sh -c 'vxiod 2>&1 || true'
check "its disks are all there" on sh -c "cp /run/disks.was /run/vxha/vxiod.disks"
check "settle waits for its I/O and removes the device" on vxiod --settle
check "nothing is mounted" not on grep -q "/dev/vx/" /proc/mounts
check "somebody's file is in the way" on sh -c "mkdir -p ${FILE%/*}; echo precious >$FILE"
check "vxiod starts again" on vxiod
check "the volume is loaded" load
wait_for 10 "vxiod says what is in the way" on grep -q "NO DEVICE ON THIS NODE: $FILE: a file is in the way" /var/log/vxha/vxiod.log
check "the file is as it was" output_has precious on cat $FILE
check "it goes" on rm $FILE
wait_for 20 "the device comes" on test -s $FILE
wait_for 60 "only what was dirty is copied" no_resync
check "... less than everything" output_has "finished RECOV g/v [0-9]+/[0-9]{1,3} of 512" ctl query
check "the plexes are equal" plexes_equal

echo "# a plex fails: the write waits until it is detached"
write_for 6 parked
wait_for 10 "writes run" not vol_has dirty=0
check "the path to d2 is cut" lab disk-fail a d2
# V7; the configuration changes under the writes (V3)
wait_for 10 "the error is told" output_has "plex-error vol=1 plex=(101|201) write=1" ctl watch 6
check "detached: its volume goes on" load --detach 1 --detach-log 1
check "the writer met no error" writer_had_no_error
check "heal" lab disk-heal a d2
# V23
check "a read error is served by the other plex" on dd if=$FILE of=/dev/null bs=1M iflag=direct

echo "# three plexes, stripes, another log"
check "unload" ctl unload
check "nothing is left of the device" not on ls $FILE
check "format" ctl format --disk $D1 --disk $D2 --disk $D3 --len $SECTORS --columns 3 --dirty
check "load" ctl load --disk $D1 --disk $D2 --disk $D3 --len $SECTORS --columns 3 --state sync
check "odd writes are as the model has them" on "$SOURCE/unaligned" $FILE
wait_for 60 "the resync ends" no_resync
check "the plexes are equal" plexes_equal $D3
check "a plex has counted what its subdisks have, with times; so have the disks" statistics_add_up 3 9 3
check "a plex goes" ctl load --disk $D1 --disk $D2 --disk $D3 --len $SECTORS --columns 3 --detach 0
check "... the others count on from where they were" statistics_add_up 2 6 3
check "read-only" ctl load --disk $D1 --disk $D2 --disk $D3 --len $SECTORS --columns 3 --activation sr
check "... refuses writes" not on dd if=/dev/zero of=$FILE bs=4k count=1 oflag=direct conv=notrunc
check "off: no device" ctl load --disk $D1 --disk $D2 --disk $D3 --len $SECTORS --columns 3 --activation off
wait_for 5 "... it is gone" not on ls $FILE

echo "# what a killed vxiod leaves"
check "load" load
wait_for 5 "the device is there" on test -s $FILE
check "a shared mapping is refused: its pages would not follow other nodes" output_has "No such device" on python3 -c "
import mmap, os
try: mmap.mmap(os.open('$FILE', os.O_RDWR), 4096)
except OSError as error: print(error)"
check "kill" lab kill a vxiod
wait_for 5 "its device is dead" not on cat $FILE
check "vxiod starts, without --settle" on vxiod
check "load" load
wait_for 10 "the device is there" on test -s $FILE
check "kill" lab kill a vxiod
check "somebody unmounts: the empty file is left" on sh -c "umount -l $FILE && test -f $FILE && ! test -s $FILE"
check "vxiod starts" on vxiod
check "load" load
wait_for 10 "the device is there" on test -s $FILE
check "unload" ctl unload
wait_for 5 "nothing is left" not on test -e ${FILE%/*}

echo "# ends in order"
check "load" ctl load --disk $D1 --disk $D2 --disk $D3 --len $SECTORS --columns 3
check "dirty at the end" on dd if=/dev/urandom of=$FILE bs=64k count=200 oflag=direct conv=notrunc
# V16
check "vxiod is told to stop" on sh -c 'kill "$(cat /run/vxha/vxiod.pid)"'
wait_for 10 "it is gone" not on test -e /run/vxha/vxiod.pid
check "it starts" on vxiod
check "load" ctl load --disk $D1 --disk $D2 --disk $D3 --len $SECTORS --columns 3
check "nothing is to be recovered" vol_has recover=0
check "it leaves nothing behind" on sh -c 'kill "$(cat /run/vxha/vxiod.pid)"'
wait_for 10 "no mount, no socket" not on sh -c 'grep "/dev/vx/" /proc/mounts || test -e /run/vxha/nbd.sock'

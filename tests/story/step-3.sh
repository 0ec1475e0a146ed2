# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_3_title="A mirrored volume, made on a slave"
story_3() {
	local slave n
	story_need group
	slave=$(slave_nodes | head -n 1)
	say "The command is typed on a slave; it travels to the master, every node agrees, and all have the volume at one moment."
	say "What was on the disks before does not matter (here: noise on d2), for the mirrors are made equal."
	typed a "dd if=/dev/urandom of=/dev/vxdisk/d2 bs=1M seek=100 count=50 oflag=direct status=none"
	typed "$slave" "vxassist -g $GROUP make $VOLUME 200m layout=mirror nmirror=2 logtype=drl"
	typed "$slave" "vxprint -g $GROUP -ht"
	prove "vxprint -ht is the same on all nodes" same_config
	prove "two data plexes" test "$(grep -c '^pl .*ACTIVE' <<<"$OUT")" = 2
	await 20 "$DEVICE is there on every node" device_there
	await 60 "the new mirrors are made equal" volume_synced
	prove "... byte by byte, on the disks" plexes_equal
	for n in $NODES; do
		typed "$n" "ls -l $DEVICE"
	done
	say "The same volume as NBD, for QEMU, libnbd, fio, nbd-client:"
	typed a "nbdinfo --no-content '$NBD'"
	prove "the export has 200 MiB" grep -q 209715200 <<<"$OUT"
	typed a "nbdcopy '$NBD' null:"
	prove "fio's nbd engine writes and verifies" on b sh -c "cd /tmp && fio --name=nbd --ioengine=nbd --uri='$NBD' \
		--rw=randwrite --bs=4k --size=4m --verify=crc32c --minimal"
}

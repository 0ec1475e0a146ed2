# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_3_title="A mirrored volume, made on a slave"
story_3() {
	local slave n
	story_need group
	slave=$(slave_nodes | head -n 1)
	say "The command is typed on a slave; it travels to the master, every node agrees, and all have the volume at one moment."
	typed "$slave" "vxassist -g $GROUP make $VOLUME 200m layout=mirror nmirror=2 logtype=drl"
	typed "$slave" "vxprint -g $GROUP -ht"
	prove "vxprint -ht is the same on all nodes" same_config
	prove "two data plexes" test "$(grep -c '^pl .*ACTIVE' <<<"$OUT")" -ge 2
	await 20 "$DEVICE is there on every node" device_there
	await 60 "the new mirrors were made equal" volume_synced
	for n in $NODES; do
		typed "$n" "ls -l $DEVICE"
	done
	say "The same volume as NBD, for QEMU, libnbd, fio, nbd-client:"
	typed a "nbdinfo '$NBD'"
	prove "the export has 200 MiB" grep -q 209715200 <<<"$OUT"
	typed a "nbdcopy '$NBD' null:"
	typed b "cd /tmp && fio --name=nbd --ioengine=nbd --uri='$NBD' --rw=randwrite --bs=4k --size=4m --verify=crc32c --output-format=terse --minimal >/dev/null && echo verified"
	prove "fio's nbd engine writes and verifies" test "$OUT" = verified
}

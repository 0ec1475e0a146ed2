# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 5: all three nodes write at once. And what the preparation of a step checks

# ---- story.sh: the preparation ----

# The last node is off, and what boots is no member: its Corosync has no configuration.
boots_without_corosync() {	# boots_without_corosync NODE "check"
	spent
	lab crash "$1"
	hook "$2" on "$1" sh -c ': >/etc/corosync/corosync.conf'
}

fault pacemaker-mute 5 'Pacemaker answers' \
	boots_without_corosync a 'Pacemaker answers'

cluster_refused() {
	on a pcs resource delete vxclust-clone
	until_true 20 not all_members
	wrap a pcs '[ "$2" != create ] || exit 1; exec "$real" "$@"'
	spent
}
fault example-refused 5 'the cluster is made as in the example' \
	cluster_refused

fault member-stays-out 5 'all nodes are members' \
	boots_without_corosync c 'all nodes are members'

group_destroyed() {
	on a vxassist -g "$GROUP" remove volume "$VOLUME"
	on a vxdg destroy "$GROUP"
	spent
}
setup_refused() {
	group_destroyed
	wrap a vxdisk 'exit 1'
}
fault setup-refused 5 'disks are set up' \
	setup_refused

init_refused() {
	group_destroyed
	wrap a vxdg '[ "$2" != init ] || exit 1; exec "$real" "$@"'
}
fault init-refused 5 'the disk group is made' \
	init_refused

fault group-disabled 5 'the disk group is enabled on all nodes' \
	group_disabled
group_disabled() {
	on c vxdctl -k stop
	undo on c vxconfigd
}

make_refused() {
	spent
	on a vxassist -g "$GROUP" remove volume "$VOLUME"
	wrap a vxassist 'exit 1'
}
fault make-refused 5 'the volume is made' \
	make_refused

fault device-missing 5 'the device is there on all nodes' \
	device_missing
device_missing() {
	spent
	on c umount "$DEVICE"
}

fault sync-without-end 5 'the mirrors are in sync' \
	sync_without_end
sync_without_end() {
	use a,b,c never-copied
	on a vxassist -g "$GROUP" remove volume "$VOLUME"
}

# ---- the step ----

for step in 5 6 7 9; do
	fault read-only-node-$step $step 'all six writers have acknowledged writes' \
		read_only_node
done
read_only_node() {
	on c vxdg -g "$GROUP" set activation=sr
	undo on c vxdg -g "$GROUP" set activation=sw
}

fault hung-vxiod 5 'all writers make progress' \
	hung_vxiod
hung_vxiod() {
	spent
	hook 'all writers make progress' lab pause c vxiod
}

broken writes-dropped vxiod \
	volio/request.c 'static void io_mark(struct io_request *request)
{' 'static void io_mark(struct io_request *request)
{
	static int turn;

	if (request->kind == IO_WRITE && ++turn % 64 == 0) {
		io_end(request, 0, false);
		return;
	}'
fault writes-dropped 5 'every acknowledged write is there, seen from another node' \
	use c writes-dropped

# Bytes of the disks themselves: a part of both mirrors, or a block of one.
overwrite() {	# overwrite DISK FIRST COUNT: 4 KiB blocks of the plex that begins its public region
	on a dd if=/dev/zero of="/dev/vxdisk/$1" bs=4k seek=$((65536 / 8 + $2)) count="$3" oflag=direct conv=notrunc
}
lose_blocks() {
	overwrite d1 0 4000
	overwrite d2 0 4000
}
blocks_lost() {
	spent
	hook 'every acknowledged write is there, seen from another node' lose_blocks
}
fault blocks-lost 5 'every acknowledged write is there, seen from another node' \
	blocks_lost
block_changed() {
	spent
	hook 'both plexes are equal, byte by byte, on the disks' on a \
		dd if=/dev/urandom of=/dev/vxdisk/d2 bs=4k seek=$((65536 / 8 + 45000)) count=1 oflag=direct conv=notrunc
}
fault block-changed 5 'both plexes are equal, byte by byte, on the disks' \
	block_changed

# One node writes its first mirror only. Reads of the other nodes go there as well: nobody but the
# disks knows.
broken second-mirror-left-out vxiod \
	volio/request.c 'request->failed = 0;
	request->plexes = io_first_plexes(request->vio->conf->written);
	request->next = io_written;' 'request->failed = 0;
	request->plexes = 1;
	request->next = io_written;'
fault second-mirror-left-out 5 'both plexes are equal, byte by byte, on the disks' \
	second_mirror_left_out c
second_mirror_left_out() {
	use "$1" second-mirror-left-out
	on a vxvol -g "$GROUP" rdpol prefer "$VOLUME" "$VOLUME-01"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 3: a mirrored volume, made on a slave

broken other-words vxconfigd \
	vxconfigd/txn_run.c 'pending->after = NULL;
		if' 'pending->after = NULL;
		for (size_t i = 0; i < group->config->n_vol; i++) {
			((Vx__Config *)group->config)->vol[i]->read_policy = VX__READ_POLICY__READ_ROUND;
		}
		if'
fault other-words 3 'vxprint -ht is the same on all nodes' \
	use c other-words

broken mirror-too-many vxconfigd \
	vxconfigd/plan_layout.c 'if (words->mirror && layout->mirrors < 2) {' 'layout->mirrors += words->mirror;
	if (words->mirror && layout->mirrors < 2) {'
fault mirror-too-many 3 'two data plexes' \
	use master mirror-too-many

fault no-fuse 3 '$DEVICE is there on every node' \
	no_fuse
no_fuse() {
	spent
	on c rm /dev/fuse
}

broken never-copied vxiod \
	volio/sync.c 'if (sync_is_needed(volume)) {
			sync_start(volume);' 'if (sync_is_needed(volume)) {
			continue;'
fault never-copied 3 'the new mirrors are made equal' \
	use a,b,c never-copied

broken copied-nothing vxiod \
	volio/copy.c 'if (job->targets == 0) {' 'if (job->targets != 0) {'
fault copied-nothing 3 '... byte by byte, on the disks' \
	use a,b,c copied-nothing

no_nbd_socket() {
	spent
	hook "nbdinfo --no-content '\$NBD'" on a rm /run/vxha/nbd.sock
}
fault no-nbd-socket 3 "nbdinfo --no-content '\$NBD'" \
	no_nbd_socket

broken export-too-short vxiod \
	volio/front_nbd.c '.length = volume->conf->length,' '.length = volume->conf->length - 4096,'
fault export-too-short 3 'the export has 200 MiB' \
	use a export-too-short

broken nbd-writes-elsewhere vxiod \
	volio/nbd_serve.c 'request->offset = command->cursor;' \
	'request->offset = command->cursor + (command->kind == IO_WRITE ? 4096 : 0);'
fault nbd-writes-elsewhere 3 "fio's nbd engine writes and verifies" \
	use b nbd-writes-elsewhere

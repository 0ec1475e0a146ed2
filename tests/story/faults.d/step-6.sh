# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 6: a slave loses power in the middle of its writes

# A write that one mirror does not have is acknowledged.
broken half-acknowledged vxiod \
	volio/request.c 'if (request->failed != 0 && (request->failed & good) != good) {' \
	'if (request->failed != 0 && (request->failed & good) != good && request->plexes == 0) {' \
	volio/request.c 'if (request->failed != 0) {
		io_end(request, request->error);' 'if (request->failed != 0) {
		io_end(request, 0);'
fault half-acknowledged 6 'a write of node $1 is on one mirror, not on the other, and not acknowledged' \
	use last half-acknowledged

# ---- the survivors ----

fence_switch() {	# fence_switch COMMAND: what the power switch does first when a node is to be fenced
	spent
	wrap a,b,c fence_vxlab 'input=$(cat)
		case $input in *action=reboot* | *action=off*) '"$1"' ;; esac
		exec "$real" "$@" <<<"$input"'
}
fault fence-fails 6 'the survivors run a view of two, and I/O goes on' \
	fence_switch 'exit 1'

broken resume-without-word vxiod \
	volio/iosteps.c 'step_done(cluster, gather->error, gather->reason);
		if (gather->error == 0) {' 'if (leavers_unclean(cluster->view) == 0) {
			step_done(cluster, gather->error, gather->reason);
		}
		if (gather->error == 0) {'
fault resume-without-word 6 'the survivors run a view of two, and I/O goes on' \
	use first resume-without-word

broken gate-stays-shut vxiod \
	volio/iosteps.c 'each_shared(cluster, resume_release, NULL);' 'if (leavers_unclean(cluster->view) == 0) {
				each_shared(cluster, resume_release, NULL);
			}'
fault gate-stays-shut 6 'their writers make progress again' \
	use first gate-stays-shut

broken no-proof vxclustd \
	cpg/view_coord.c 'return leaver->how != VIEW_LOST ||' 'return true || leaver->how != VIEW_LOST ||'
no_proof() {
	use a,b,c no-proof
	fence_switch 'sleep 3'
}
fault no-proof 6 'Pacemaker had fenced node $victim before that' \
	no_proof

broken gate-stays-open vxiod \
	volio/iosteps.c 'volume_hold(volume, VIO_HOLD_CLUSTER, ctx);' '(void)ctx;'
fault gate-stays-open 6 'I/O stood still on every survivor until that was proven' \
	use first gate-stays-open

# ---- the resync ----

broken windows-unanswered vxiod \
	volio/sync.c 'if (volume->sync != NULL) {
		sync_event(volume->sync, RESYNC_ACK, from, serial, 0);' 'if (volume->sync != NULL && from == 0) {
		sync_event(volume->sync, RESYNC_ACK, from, serial, 0);'
fault windows-unanswered 6 'the resync of what $victim had dirty is finished' \
	use a,b,c windows-unanswered

broken nothing-marked vxiod \
	volio/vio_log.c 'drl_block_encode(block, &log->id, log->sequence, log->drl.bits);' \
	'static const uint64_t none[VX_BLOCK / 8];

		drl_block_encode(block, &log->id, log->sequence, none);'
fault nothing-marked 6 'the resync of what $victim had dirty is finished' \
	use last nothing-marked

broken all-folded vxiod \
	volio/drl_disk.c 'bits_or(map, active, regions);' 'bits_put_all(map, regions, true);'
fault all-folded 6 'a part of the volume was resynced, and only a part' \
	use a,b,c all-folded

fault writes-dropped-6 6 'no acknowledged write is missing, not of node $victim either' \
	use last writes-dropped

fault copied-nothing-6 6 'both plexes are equal, byte by byte, on the disks' \
	use a,b,c copied-nothing

# ---- the return ----

no_vxclustd_after_boot() {
	spent
	hook 'all nodes are members again' wrap "$(nodes_of last)" vxclustd 'exit 1'
}
fault no-vxclustd-after-boot 6 'all nodes are members again' \
	no_vxclustd_after_boot

vxconfigd_gone_after_boot() {
	spent
	hook 'the group is enabled on all of them' on "$(nodes_of last)" vxdctl -k stop
}
fault vxconfigd-gone-after-boot 6 'the group is enabled on all of them' \
	vxconfigd_gone_after_boot

no_fuse_after_boot() {
	spent
	hook 'all nodes are members again' on "$(nodes_of last)" rm /dev/fuse
}
fault no-fuse-after-boot 6 'the device is back' \
	no_fuse_after_boot

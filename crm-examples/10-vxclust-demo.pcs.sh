#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 10-vxclust-demo.pcs.sh - a cluster of three nodes with shared volumes, made with pcs
#
#   sh 10-vxclust-demo.pcs.sh              fencing and the cluster: every node becomes a member
#   sh 10-vxclust-demo.pcs.sh GROUP...     then, when the disk groups exist (vxdg -s init GROUP ...):
#                                          each is activated shared-write on every node
#
# Run it on one node. NODES="a b c" names the nodes; PCS="pcs -f FILE" writes into a file instead of
# into the cluster. What it makes is shown by `pcs resource config`, and is explained in README.md.
set -eu
PCS=${PCS:-pcs}
NODES=${NODES:-a b c}

fencing() {
	# Without quorum nothing is started or stopped, so volumes stay where they are until it is back.
	$PCS property set stonith-enabled=true no-quorum-policy=freeze

	$PCS stonith config fence >/dev/null 2>&1 && return
	# The power switch of the test lab. On real machines put yours here, one of:
	#   $PCS stonith create fence_a fence_ipmilan ip=BMC-OF-A username=USER password=PASSWORD \
	#       lanplus=1 pcmk_host_list=a op monitor interval=60s          (and the same for b and c)
	#   $PCS stonith create fence fence_scsi devices=/dev/disk/by-id/DISK pcmk_host_list="$NODES" \
	#       pcmk_reboot_action=off meta provides=unfencing              (SCSI-3 persistent reservations)
	#   $PCS stonith sbd enable device=/dev/disk/by-id/DISK             (a disk and a watchdog)
	$PCS stonith create fence fence_vxlab pcmk_host_list="$NODES" pcmk_host_check=static-list \
		op monitor interval=30s
}

# vxiod, vxconfigd and vxclustd on every node. interleave: a failure on one node does not touch
# what runs on the others. Made disabled and enabled at the end, so that it never starts alone.
cluster() {
	$PCS resource create vxclust ocf:vxha:vxclust \
		op start timeout=200s stop timeout=200s \
		monitor interval=10s timeout=30s monitor interval=60s timeout=60s OCF_CHECK_LEVEL=10 \
		--disabled
	$PCS resource clone vxclust meta interleave=true
	$PCS resource enable vxclust
}

group() {
	$PCS resource create "vxdg-$1" ocf:vxha:vxdg diskgroup="$1" activation=sw \
		op start timeout=120s stop timeout=120s \
		monitor interval=20s timeout=30s monitor interval=120s timeout=60s OCF_CHECK_LEVEL=10 \
		--disabled
	$PCS resource clone "vxdg-$1" meta interleave=true
	$PCS constraint order start vxclust-clone 'then' "vxdg-$1-clone"
	$PCS constraint colocation add "vxdg-$1-clone" with vxclust-clone
	$PCS resource enable "vxdg-$1"
}

if [ $# = 0 ]; then
	fencing
	cluster
fi
for name in "$@"; do
	group "$name"
done

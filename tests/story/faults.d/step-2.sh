# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 2: a shared disk group

broken group-forgotten vxconfigd \
	vxconfigd/txn_run.c 'txn_apply_import_modes(group);
		}' 'txn_apply_import_modes(group);
			group->gone = true;
		}'
fault group-forgotten 2 'node $n says enabled,shared' \
	use c group-forgotten

fault disk-out-of-reach 2 'node b shows three disks of the group' \
	disk_out_of_reach
disk_out_of_reach() {
	spent
	hook 'vxdisk list' lab disk-fail b d3
}

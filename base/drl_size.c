// SPDX-License-Identifier: GPL-2.0-or-later
/* How large a dirty region log is. */
#include "base/drl_size.h"

#include "base/limits.h"

#define DRL_REGION_LEAST_SECTORS 8 /* one block of 4 KiB */

uint64_t drl_region_len(uint64_t volume_sectors)
{
	uint64_t region = DRL_REGION_MIN_SECTORS;

	while (region <= UINT64_MAX / 4 && volume_sectors / region >= DRL_REGIONS_STANDARD) {
		if (volume_sectors == region * DRL_REGIONS_STANDARD) {
			break;
		}
		region *= 2;
	}
	return region;
}

uint32_t drl_region_count(uint64_t volume_sectors, uint64_t region_sectors)
{
	if (region_sectors < DRL_REGION_LEAST_SECTORS ||
	    (region_sectors & (region_sectors - 1)) != 0) {
		return 0;
	}

	uint64_t count = volume_sectors / region_sectors + (volume_sectors % region_sectors != 0);

	return count <= DRL_REGIONS_MAX ? (uint32_t)count : 0;
}

uint32_t drl_map_blocks(uint32_t regions)
{
	return (regions + DRL_BLOCK_BITS - 1) / DRL_BLOCK_BITS;
}

uint64_t drl_log_len(uint64_t volume_sectors, uint64_t region_sectors)
{
	uint32_t regions = drl_region_count(volume_sectors, region_sectors);

	if (regions == 0) {
		return 0;
	}
	return (1 + (uint64_t)(VX_NODES_MAX + 1) * drl_map_blocks(regions)) *
	       (VX_BLOCK / VX_SECTOR);
}

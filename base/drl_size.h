/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How large a dirty region log is: the numbers that the planner (vxconfigd) and the I/O daemon must
 * agree on. The bytes themselves: volio/DESIGN.md. Pure, any thread.
 *
 * A log is whole blocks of 4 KiB: a header, the recovery map, then one active map for each of the
 * VX_NODES_MAX slots. A map is as many blocks as its regions need bits.
 */
#ifndef VX_BASE_DRL_SIZE_H
#define VX_BASE_DRL_SIZE_H

#include <stdint.h>

#define DRL_REGION_MIN_SECTORS 512 /* 256 KiB */
#define DRL_REGIONS_STANDARD 16384 /* of a volume with the standard region length, at most */
#define DRL_REGIONS_MAX 262144	   /* of any volume: bounds memory and the map in one message */
#define DRL_BLOCK_HEAD 64	   /* bytes in front of the bits in each block of a map */
#define DRL_BLOCK_BITS ((4096 - DRL_BLOCK_HEAD) * 8)

/* Standard region length of a volume: at least 256 KiB, a power of two, at most 16384 regions. */
uint64_t drl_region_len(uint64_t volume_sectors);

/* Regions of a volume; 0 if region_sectors is no power of two of 8 or more, or makes too many. */
uint32_t drl_region_count(uint64_t volume_sectors, uint64_t region_sectors);

/* Blocks of 4 KiB of one map with that many regions. */
uint32_t drl_map_blocks(uint32_t regions);

/* Length in sectors that a log plex needs; 0 as drl_region_count(). */
uint64_t drl_log_len(uint64_t volume_sectors, uint64_t region_sectors);

#endif

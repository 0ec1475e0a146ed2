// SPDX-License-Identifier: GPL-2.0-or-later
/* Known marks of what may live on a disk. */
#include "vxconfigd/disk_signature.h"

#include <string.h>

#include "base/limits.h"

static const struct {
	size_t offset;
	const char *mark;
	size_t length;
	const char *what;
} signature_table[] = {
	{ 512, "EFI PART", 8, "a GPT partition table" },
	{ 4096, "EFI PART", 8, "a GPT partition table" },
	{ 512, "LABELONE", 8, "an LVM physical volume" },
	{ 0, "LABELONE", 8, "an LVM physical volume" },
	{ 1080, "\x53\xef", 2, "an ext2, ext3 or ext4 file system" },
	{ 0, "XFSB", 4, "an XFS file system" },
	{ 65600, "_BHRfS_M", 8, "a btrfs file system" },
	{ 0, "LUKS\xba\xbe", 6, "a LUKS volume" },
	{ 4086, "SWAPSPACE2", 10, "a swap area" },
	{ 4096, "\xfc\x4e\x2b\xa9", 4, "a Linux RAID member" },
	{ 0, "\xfc\x4e\x2b\xa9", 4, "a Linux RAID member" },
	{ 65536, "\x01\x16\x19\x70", 4, "a GFS2 file system" },
	{ 8192, "OCFSV2", 6, "an OCFS2 file system" },
	{ 510, "\x55\xaa", 2, "an MBR partition table or a boot sector" },
};

const char *disk_signature_find(const uint8_t *data, size_t length)
{
	for (size_t i = 0; i < VX_COUNT_OF(signature_table); i++) {
		if (signature_table[i].offset + signature_table[i].length <= length &&
		    memcmp(data + signature_table[i].offset, signature_table[i].mark,
			   signature_table[i].length) == 0) {
			return signature_table[i].what;
		}
	}
	return NULL;
}

# SPDX-License-Identifier: GPL-2.0-or-later
"""vxiod alone, without a cluster: one mirrored volume of a private group, reached by NBD and FUSE."""
import os

DISKS = 2


class NotThere(Exception):
    """vxiod cannot be started here; the text says why."""


def start(processes, disks, volume_mib, folder, tools):
    iod = os.path.join(tools, "../bin/vxiod")
    if not os.path.exists(iod):
        raise NotThere("vxiod is not built")
    raise NotThere("no tool loads a volume into vxiod yet")

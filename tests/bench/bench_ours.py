# SPDX-License-Identifier: GPL-2.0-or-later
"""vxiod alone, without a cluster: one mirrored volume of a private group, reached by NBD and FUSE.

The volume has a dirty region log with the standard region length, as a user would make it.
"""
import os
import re
import subprocess
import time

from bench_ground import GroundError

DISKS = 2
VOLUME = "v"
RESYNC_SECONDS = 60


class NotThere(Exception):
    """vxiod cannot be measured here; the text says why."""


class Iod:
    """A running vxiod with a volume loaded."""

    def __init__(self, process, tools, env, group, disks, volume_mib, *more):
        self.process, self.tools, self.env, self.group = process, tools, env, group
        self.load = ["--group", group, "--volume", VOLUME, "--len", str(volume_mib * 2048), *more]
        for disk in disks:
            self.load += ["--disk", disk]

    def without_log(self, disks, volume_mib):
        """Another volume of the same vxiod."""
        other = Iod(self.process, self.tools, self.env, "bare", disks, volume_mib, "--no-log")
        other.ctl("load", *other.load, "--first")
        return other

    def ctl(self, *words):
        done = subprocess.run([os.path.join(self.tools, "iodctl"), *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**os.environ, **self.env}, check=False, text=True,
                              timeout=60)
        if done.returncode != 0:
            raise GroundError(f"iodctl {' '.join(words)}: {done.stdout.strip()}")
        return done.stdout

    def is_up(self):
        try:
            self.ctl("query")
        except GroundError:
            return False
        return True

    def reach(self, front):
        """Where fio finds the volume: arguments of Server."""
        if front == "fuse":
            return {"path": os.path.join(self.env["VXHA_DEVICE_DIR"], "dsk", self.group, VOLUME)}
        socket = os.path.join(self.env["VXHA_RUN_DIR"], "nbd.sock")
        return {"uri": f"nbd+unix:///{self.group}/{VOLUME}?socket={socket}"}

    def resync_mb_s(self):
        """The whole volume is copied from one plex to the other, by its own count of time."""
        self.ctl("unload", "--group", self.group)
        self.ctl("format", *self.load, "--dirty")
        self.ctl("load", *self.load, "--first", "--state", "sync")
        end = time.monotonic() + RESYNC_SECONDS
        while time.monotonic() < end:
            report = self.ctl("query")
            found = re.findall(r"^finished \S+ \S+ (\d+)/\d+ of \d+ regions (\d+) ms", report, re.MULTILINE)
            if found and not re.search(r"^task ", report, re.MULTILINE):
                sectors = int(self.load[self.load.index("--len") + 1])
                return sectors * 512 / 1e6 / max(1, int(found[-1][1])) * 1000
            time.sleep(0.02)
        raise GroundError(f"vxiod's resync has no end within {RESYNC_SECONDS} s:\n{report}")


def start(processes, disks, volume_mib, folder, tools):
    program = os.path.join(tools, "../bin/vxiod")
    for needed in (program, os.path.join(tools, "iodctl")):
        if not os.path.exists(needed):
            raise NotThere(f"{os.path.basename(needed)} is not built")
    env = {f"VXHA_{name}_DIR": os.path.join(folder, name.lower()) for name in ("RUN", "STATE", "LOG", "DEVICE")}
    env["VXHA_CONF"] = os.path.join(folder, "vxha.conf")
    for path in env.values():
        os.makedirs(path if path != env["VXHA_CONF"] else folder, exist_ok=True)
    with open(env["VXHA_CONF"], "w", encoding="utf-8") as file:
        file.write(f"disks = {folder}/loop*\n")
    iod = Iod(processes.start("vxiod", [program, "-f"], env), tools, env, "g", disks, volume_mib)
    processes.wait_until("vxiod", iod.process, iod.is_up)
    iod.ctl("format", *iod.load)
    iod.ctl("load", *iod.load, "--first")
    device = iod.reach("fuse")["path"]
    processes.wait_until("vxiod", iod.process, lambda: os.path.exists(device) and os.path.getsize(device) > 0)
    return iod

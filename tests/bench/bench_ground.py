# SPDX-License-Identifier: GPL-2.0-or-later
"""The ground that the benchmark stands on: namespaces of its own, disks in memory, processes.

Whatever is started here ends with the first process of the PID namespace, even if that is killed:
processes, mounts and loop devices (which clear themselves when their last opener is gone).
"""
import contextlib
import errno
import fcntl
import os
import signal
import stat
import struct
import subprocess
import time

LOOP_CTL_REMOVE, LOOP_CTL_GET_FREE, LOOP_CONFIGURE = 0x4C81, 0x4C82, 0x4C0A
LO_FLAGS_AUTOCLEAR, LO_FLAGS_DIRECT_IO = 4, 16
LOOP_MAJOR = 7
LOOP_TRIES = 200


class GroundError(Exception):
    """The benchmark cannot be set up; the text says why."""


def enter(command):
    """Runs the command as the first process of new namespaces; its exit status."""
    child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--net", "--ipc",
                              "--fork", "--kill-child", "--mount-proc", *command])
    try:
        return child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def mount_tmpfs(path, size_mib):
    os.makedirs(path, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=755,size={size_mib}m", "bench", path], check=True)


class Loops:
    """Loop devices with direct I/O over files; they clear themselves when they are closed.

    Numbers of devices that did not exist before are noted in a file for loops_forget().
    """

    def __init__(self, folder, notes):
        self.folder, self.notes, self.fds = folder, notes, []

    def add(self, name, size_bytes):
        """A file full of random data and its loop device; returns the path of the device."""
        image = os.path.join(self.folder, name + ".img")
        fill_random(image, size_bytes)
        backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
        try:
            number, fd = self.configure(backing)
        finally:
            os.close(backing)
        self.fds.append(fd)
        with open(f"/sys/block/loop{number}/loop/dio", encoding="ascii") as file:
            if file.read().strip() != "1":
                raise GroundError("the loop device has no direct I/O")
        return self.node(number)

    def node(self, number):
        path = os.path.join(self.folder, f"loop{number}")
        if not os.path.exists(path):
            os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(LOOP_MAJOR, number))
        return path

    def configure(self, backing):
        # struct loop_config: fd, block_size, struct loop_info64 (flags at byte 52), reserved
        info = struct.pack("=52xI176x", LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO)
        config = struct.pack("=II", backing, 4096) + info + bytes(64)
        with open("/dev/loop-control", "rb+", buffering=0) as control:
            for _ in range(LOOP_TRIES):
                existing = {name for name in os.listdir("/sys/block") if name.startswith("loop")}
                number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
                if f"loop{number}" not in existing:
                    with open(self.notes, "a", encoding="ascii") as notes:
                        notes.write(f"{number}\n")
                fd = os.open(self.node(number), os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.ioctl(fd, LOOP_CONFIGURE, config)
                    return number, fd
                except OSError as error:
                    os.close(fd)
                    if error.errno != errno.EBUSY:  # somebody else was quicker
                        raise
        raise GroundError("no free loop device")

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []


def loops_forget(notes):
    """Removes the devices that the kernel made for Loops, unless somebody uses them by now."""
    if not os.path.exists(notes):
        return
    with open(notes, encoding="ascii") as file, open("/dev/loop-control", "rb+", buffering=0) as control:
        for number in {int(line) for line in file}:
            for _ in range(20):
                try:
                    fcntl.ioctl(control, LOOP_CTL_REMOVE, number)
                    break
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        break
                    time.sleep(0.1)  # it clears itself a moment after its last opener is gone


def fill_random(path, size_bytes):
    block = os.urandom(1 << 20)
    with open(path, "wb", buffering=0) as file:
        for _ in range(size_bytes >> 20):
            file.write(block)


class Processes:
    """Servers of the benchmark: started here, ended here by their number."""

    def __init__(self, log_folder):
        self.log_folder, self.running = log_folder, []

    def start(self, name, command, env=None):
        with open(os.path.join(self.log_folder, name + ".log"), "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env={**os.environ, **(env or {})}, start_new_session=True)
        self.running.append((name, process))
        return process

    def wait_until(self, name, process, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            if process.poll() is not None or time.monotonic() > end:
                raise GroundError(f"{name} does not come up:\n" + self.log_tail(name))
            time.sleep(0.02)

    def log_tail(self, name):
        with open(os.path.join(self.log_folder, name + ".log"), encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def stop(self):
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for _, process in self.running:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(sign)
            end = time.monotonic() + 5
            while time.monotonic() < end and any(p.poll() is None for _, p in self.running):
                time.sleep(0.05)
        self.running = []


def cpu_seconds(pid):
    """CPU time that a process has used, all its threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

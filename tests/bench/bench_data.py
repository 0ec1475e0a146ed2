# SPDX-License-Identifier: GPL-2.0-or-later
"""The data path on one node, beside QEMU's storage daemon and plain io_uring on the same backing.

The engine is vxiod's path of a request without a front end (engine.c), the limit the same transfers by plain
io_uring (rawtwo.c). What the dirty region log costs is a volume with one beside a volume without.

Backing: loop devices with direct I/O over memory. The peer is qemu-storage-daemon with a quorum
node of two (writes to both, reads the first), exported by NBD and by FUSE. Candidates take turns
within a round. fio and the server share the CPUs: ratios count, not figures.
"""
import json
import os
import subprocess
import sys
import time

import bench_ground as ground
import bench_ours as ours
from bench_table import Goal, Row

DISK_MIB = 256
VOLUME_MIB = 192
HOT_MIB = 32  # of a volume, written again and again
MEMORY_MIB = (2 + 2 * ours.DISKS) * DISK_MIB + 64
FRONTS = ("nbd", "fuse")
OPERATIONS = ("write", "read")
SMALL, LARGE = 4096, 131072
SHAPES = ((SMALL, 1), (SMALL, 32), (LARGE, 8))  # bytes, depth
GOALS = {("nbd", SMALL, 1): 1.2, ("nbd", SMALL, 32): 2.5, ("nbd", LARGE, 8): 3,
         ("fuse", SMALL, 32): 2.5, ("fuse", LARGE, 8): 2,
         ("engine", SMALL, 1): 0.9, ("engine", SMALL, 32): 0.9, ("engine", LARGE, 8): 0.95}
LOG_GOALS = {HOT_MIB: 0.98, VOLUME_MIB: 0.9}


class Server:
    """Something that fio can reach: by an NBD URI or a file."""

    def __init__(self, name, process, uri="", path=""):
        self.name, self.pid, self.uri, self.path = name, process.pid, uri, path

    def fio(self, depth):
        if self.uri:
            return ["--ioengine=nbd", f"--uri={self.uri}", f"--iodepth={depth}"]
        # a file of FUSE: one request at a time is cheapest by pread and pwrite, many by aio
        engine = ["--ioengine=psync"] if depth == 1 else ["--ioengine=libaio", f"--iodepth={depth}"]
        return [*engine, f"--filename={self.path}", "--direct=1"]


def start_peers(processes, disks, folder):
    """qemu-storage-daemon twice, as a node cannot have both exports; only one is busy at a time."""
    blocks = []
    for number, disk in enumerate(disks):
        blocks += ["--blockdev", f"driver=host_device,node-name=d{number},filename={disk},cache.direct=on,"
                                 "aio=io_uring,locking=off"]
    blocks += ["--blockdev", "driver=quorum,node-name=mirror,vote-threshold=1,read-pattern=fifo,"
                             "children.0=d0,children.1=d1"]
    socket, file = os.path.join(folder, "peer.sock"), os.path.join(folder, "peer.fuse")
    with open(file, "wb"):
        pass
    nbd = processes.start("peer-nbd", [
        "qemu-storage-daemon", *blocks, "--nbd-server", f"addr.type=unix,addr.path={socket},max-connections=16",
        "--export", "type=nbd,id=nbd,node-name=mirror,name=mirror,writable=on"])
    fuse = processes.start("peer-fuse", [
        "qemu-storage-daemon", *blocks, "--export",
        f"type=fuse,id=fuse,node-name=mirror,mountpoint={file},writable=on"])
    processes.wait_until("peer-nbd", nbd, lambda: os.path.exists(socket))
    processes.wait_until("peer-fuse", fuse, lambda: os.path.getsize(file) > 0)
    return {"nbd": Server("peer", nbd, uri=f"nbd+unix:///mirror?socket={socket}"),
            "fuse": Server("peer", fuse, path=file)}


def measure_server(server, operation, shape, seconds, folder, size_mib=VOLUME_MIB):
    block, depth = shape
    output = os.path.join(folder, "fio.json")
    cpu = ground.cpu_seconds(server.pid)
    done = subprocess.run(
        ["fio", "--name=bench", "--output-format=json", f"--output={output}", f"--rw=rand{operation}",
         f"--bs={block}", f"--size={size_mib}m", "--time_based", f"--runtime={seconds}", "--thread",
         "--randrepeat=0", "--norandommap", *server.fio(depth)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True)
    cpu = ground.cpu_seconds(server.pid) - cpu
    if done.returncode != 0:
        raise ground.GroundError(f"fio on {server.name}: {done.stdout[-500:]}")
    with open(output, encoding="utf-8") as file:
        text = file.read()
    job = json.loads(text[text.index("{\n"):])["jobs"][0]  # the nbd engine talks before it
    side = job[operation]
    percentile = side["clat_ns"].get("percentile", {})
    count = max(1, side["total_ios"])
    return {"iops": side["iops"], "p50_us": percentile.get("50.000000", 0) / 1000,
            "p99_us": percentile.get("99.000000", 0) / 1000, "server_cpu_us": cpu * 1e6 / count,
            "client_cpu_us": (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] * 1000 / count}


def measure_bare(program, disks, operation, shape, seconds):
    """rawtwo or engine: no client, no server."""
    done = subprocess.run([program, operation, *disks[:2], str(VOLUME_MIB), *map(str, shape), str(seconds)],
                          stdout=subprocess.PIPE, check=True, text=True)
    iops, p50, p99, cpu = (float(word) for word in done.stdout.split())
    return {"iops": iops, "p50_us": p50, "p99_us": p99, "server_cpu_us": 0, "client_cpu_us": cpu}


def timed_copy(command):
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return VOLUME_MIB * 1.048576 / (time.monotonic() - began)


def measure_copies(disks):
    """MB/s of the tools that copy one disk to another; the whole backing file is as large as a disk."""
    scale = DISK_MIB / VOLUME_MIB
    return {"nbdcopy": timed_copy(["nbdcopy", "--flush", disks[0], disks[1]]) * scale,
            "dd": timed_copy(["dd", f"if={disks[0]}", f"of={disks[1]}", "bs=1M", "iflag=direct", "oflag=direct",
                              "conv=fdatasync", f"count={VOLUME_MIB}"])}


class Bench:
    """All candidates of one run and what was measured: results[(candidate, front, operation, block, depth)]."""

    def __init__(self, rounds, seconds, folder, tools):
        self.rounds, self.seconds, self.folder, self.tools = rounds, seconds, folder, tools
        self.results, self.ours, self.logless, self.why_not_ours = {}, None, None, ""

    def note(self, key, figures):
        self.results.setdefault(key, []).append(figures)

    def run(self, processes, loops):
        size = DISK_MIB << 20
        peer_disks = [loops.add(f"peer{number}", size) for number in (0, 1)]
        peers = start_peers(processes, peer_disks, self.folder)
        try:
            self.ours = ours.start(processes, [loops.add(f"ours{number}", size) for number in range(ours.DISKS)],
                                   VOLUME_MIB, self.folder, self.tools)
            self.logless = self.ours.without_log([loops.add(f"bare{number}", size) for number in range(ours.DISKS)],
                                                 VOLUME_MIB)
        except ours.NotThere as reason:
            self.why_not_ours = str(reason)
        for number in range(self.rounds):
            print(f"bench: data path, round {number + 1} of {self.rounds}", file=sys.stderr, flush=True)
            self.round(number, peers, peer_disks)

    def take_turns(self, number, candidates, measure):
        """Each candidate once; the other way round in every second round."""
        for candidate in candidates if number % 2 == 0 else reversed(candidates):
            measure(*candidate)

    def round(self, number, peers, peer_disks):
        def measure_alone(name, program, operation, shape):
            self.note((name, "", operation, *shape),
                      measure_bare(os.path.join(self.tools, program), peer_disks, operation, shape, self.seconds))

        def measure_front(name, server, front, operation, shape):
            self.note((name, front, operation, *shape),
                      measure_server(server, operation, shape, self.seconds, self.folder))

        def measure_log(name, iod, size_mib):
            self.note((name, "log", "write", size_mib, 32),
                      measure_server(self.server_of(iod, "nbd"), "write", (SMALL, 32), self.seconds, self.folder,
                                     size_mib))

        for operation in OPERATIONS:
            for shape in SHAPES:
                self.take_turns(number, [("raw", "rawtwo", operation, shape), ("engine", "engine", operation, shape)],
                                measure_alone)
                for front in FRONTS:
                    servers = [("peer", peers[front])]
                    if self.ours:
                        servers.append(("ours", self.server_of(self.ours, front)))
                    self.take_turns(number, [(*server, front, operation, shape) for server in servers], measure_front)
        for size_mib in LOG_GOALS if self.ours else ():
            self.take_turns(number, [("ours", self.ours, size_mib), ("logless", self.logless, size_mib)], measure_log)
        copies = measure_copies(peer_disks)
        for name, figure in copies.items():
            self.note((name, "copy"), {"mb_s": figure})
        if self.ours:
            self.note(("ours", "copy"), {"mb_s": self.ours.resync_mb_s()})

    @staticmethod
    def server_of(iod, front):
        return Server("ours", iod.process, **iod.reach(front))

    def series(self, field, *key):
        return [figures[field] for figures in self.results.get(key, [])]

    def shape_row(self, what, unit, ours_key, peer_key, peer_name, goal):
        """One operation and shape: the row's name says which."""
        operation, block, depth = ours_key[2:]
        return Row(f"{block // 1024} KiB random {operation}, depth {depth}, {what}", unit,
                   self.series("iops", *ours_key), self.series("iops", *peer_key), peer_name,
                   Goal(">=", goal) if goal else None, "" if ours_key[0] == "engine" else self.why_not_ours)

    def rows(self):
        rows = []
        keys = [(operation, *shape) for shape in SHAPES for operation in OPERATIONS]
        for front in FRONTS:
            for key in keys:
                rows.append(self.shape_row(front.upper(), "iops", ("ours", front, *key), ("peer", front, *key),
                                           "QEMU quorum", GOALS.get((front, *key[1:]))))
        for key in keys:
            raw = "raw io_uring" + (", two writes" if key[0] == "write" else "")
            rows.append(self.shape_row("engine", "iops", ("engine", "", *key), ("raw", "", *key), raw,
                                       GOALS["engine", *key[1:]]))
            rows.append(self.shape_row("NBD", "iops", ("ours", "nbd", *key), ("raw", "", *key), raw, None))
        for size_mib, goal in LOG_GOALS.items():
            key = ("log", "write", size_mib, 32)
            where = "all of the volume" if size_mib == VOLUME_MIB else f"{size_mib} MiB of it"
            rows.append(Row(f"4 KiB random write, depth 32, NBD, {where}", "iops", self.series("iops", "ours", *key),
                            self.series("iops", "logless", *key), "no log", Goal(">=", goal), self.why_not_ours))
        for front in FRONTS:
            for operation in OPERATIONS:
                key = (front, operation, SMALL, 32)
                rows.append(Row(f"server CPU of a 4 KiB {operation}, depth 32, {front.upper()}", "us",
                                self.series("server_cpu_us", "ours", *key), self.series("server_cpu_us", "peer", *key),
                                "QEMU quorum", None, self.why_not_ours))
        for name in ("nbdcopy", "dd"):
            rows.append(Row("resync of a whole volume", "mb_s", self.series("mb_s", "ours", "copy"),
                            self.series("mb_s", name, "copy"), name + (" bs=1M" if name == "dd" else ""),
                            Goal(">=", 1) if name == "nbdcopy" else None, self.why_not_ours))
        return rows

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"why_not_ours": self.why_not_ours, "results": list(self.results.items())}, file)

    def load(self, path):
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        self.why_not_ours = document["why_not_ours"]
        self.results = {tuple(key): figures for key, figures in document["results"]}

    def details(self):
        return {"/".join(str(part) for part in key if part != ""): figures for key, figures in self.results.items()}

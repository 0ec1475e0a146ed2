# SPDX-License-Identifier: GPL-2.0-or-later
"""What needs a cluster: transactions, joining and leaving, and the freeze when a node dies.

Three nodes of the test lab with Corosync, Pacemaker and fencing; a mirrored volume. A transaction is
measured as its user sees it, from the command to its end, beside the raw round of CPG (a message and
the answers of all members) in the same lab. The parts of a freeze are what vxclustd tells of it
(vxclustadm -v nodestate --json), beside what an application sees: the longest pause of its writes.
"""
import json
import os
import re
import subprocess
import sys
import time

from bench_ground import GroundError
from bench_table import Goal, Row

NODES = ("a", "b", "c", "d", "e")
VICTIM = "c"
GROUP, VOLUME = "data", "vol1"
TRANSACTIONS = 20
DETACHES = 5
DEATHS = 3
PINGS = 1000
DEVICE = f"/dev/vx/dsk/{GROUP}/{VOLUME}"
BLOCKS = 50 * 1024 * 1024 // 4096

# Prints the microseconds of each of $1 runs of the rest; "%" becomes a word that changes.
TIMED = """
count=$1; shift
for i in $(seq "$count"); do
	began=${EPOCHREALTIME/./}
	"${@//%/$i}" >/dev/null || exit 1
	echo $((${EPOCHREALTIME/./} - began))
done
"""


class Lab:
    """A lab of its own, and commands in its nodes."""

    def __init__(self, tree, count=3):
        self.tree, self.nodes = tree, NODES[:count]
        self.env = {**os.environ, "LAB": f"bench-{os.getpid()}"}
        self.background = []

    def up(self, disks, size_mib):
        say(f"start of {len(self.nodes)} nodes")
        self.verb("up", str(len(self.nodes)), "--pacemaker", "--disks", str(disks), "--size", str(size_mib))

    def verb(self, *words, timeout=180, check=True):
        try:
            done = subprocess.run([os.path.join(self.tree, "tests/lab/lab"), *words], env=self.env, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise GroundError(f"lab {' '.join(words)}: no end within {timeout} s") from error
        if check and done.returncode != 0:
            raise GroundError(f"lab {' '.join(words[:8])}: {(done.stderr or done.stdout).strip()[-600:]}")
        return done.stdout

    def run(self, node, *command, **options):
        return self.verb("run", node, *command, **options)

    def start(self, node, *command):
        """In the background; its output is read when it is waited for."""
        process = subprocess.Popen([os.path.join(self.tree, "tests/lab/lab"), "run", node, *command], env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        self.background.append(process)
        return process

    def wait(self, what, seconds, condition):
        end = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > end:
                raise GroundError(f"not within {seconds} s: {what}")
            time.sleep(0.1)

    def down(self):
        self.verb("down", check=False)
        for process in self.background:
            process.kill()
            process.wait()

    def tool(self, name):
        return os.path.join(self.tree, "build/tests", name)

    def state(self, node):
        """vxclustadm -v nodestate --json; {} when it does not answer."""
        try:
            return json.loads(self.run(node, "vxclustadm", "-v", "nodestate", "--json", check=False))
        except ValueError:
            return {}

    def members(self, node):
        return len(self.state(node).get("members", []))

    def wait_members(self, nodes):
        self.wait(f"{' '.join(nodes)} are the members", 150,
                  lambda: all(self.members(node) == len(nodes) for node in nodes))

    def wait_devices(self, nodes):
        self.wait(f"{DEVICE} is there on {' '.join(nodes)}", 60,
                  lambda: all(self.run(node, "sh", "-c", f"stat -c %s {DEVICE}", check=False).strip() == "104857600"
                              for node in nodes))

    def wait_synced(self):
        self.wait("the mirrors are in sync", 120, lambda: not self.run("a", "vxtask", "-q", "list", check=False).strip())

    def timed_us(self, node, command, count):
        output = self.run(node, "bash", "-c", TIMED, "timed", str(count), *command)
        return [int(line) for line in output.split()]


def say(text):
    print(f"bench: cluster, {text}", file=sys.stderr, flush=True)


def measure_cpg(lab):
    """Microseconds of the raw round trips, in a group of their own."""
    figures = {}
    answering = [lab.start(node, lab.tool("cpgping"), "--answer", "60") for node in lab.nodes[1:]]
    for line in lab.run("a", lab.tool("cpgping"), "-m", str(len(lab.nodes)), "-n", str(PINGS)).splitlines():
        ping = json.loads(line)
        figures["cpg " + ping["what"]] = [ping["p50_us"]]
        figures["cpg p99 " + ping["what"]] = [ping["p99_us"]]
    for node in lab.nodes[1:]:
        lab.verb("kill", node, "cpgping", "TERM")
    for process in answering:
        process.wait()
    return figures


def set_up(lab):
    say("start of the product")
    for node in lab.nodes:
        lab.run(node, "sh", "-c", "mkdir -p /etc/vxha && echo 'disks = /dev/vxdisk/*' >/etc/vxha/vxha.conf")
    lab.run("a", "env", f"NODES={' '.join(lab.nodes)}", "sh",
            os.path.join(lab.tree, "crm-examples/10-vxclust-demo.pcs.sh"))
    lab.wait_members(lab.nodes)
    for disk in ("d1", "d2", "d3"):
        lab.run("a", "vxdisk", "setup", disk)
    lab.run("a", "vxdg", "-s", "init", GROUP, "d1=d1", "d2=d2", "d3=d3")
    lab.run("a", "vxassist", "-g", GROUP, "make", VOLUME, "100m", "layout=mirror", "nmirror=2", "logtype=drl")
    lab.wait_devices(lab.nodes)
    lab.wait_synced()


def start_writers(lab, folder, seconds):
    """One stamp on each node, each in blocks of its own; {node: process}."""
    writers = {}
    for phase, node in enumerate(lab.nodes):
        writers[node] = lab.start(node, lab.tool("stamp"), "write", DEVICE, "--volume", VOLUME, "--node", node,
                                  "--journal", os.path.join(folder, f"journal.{node}"), "--count",
                                  str(BLOCKS // 2), "--step", str(len(lab.nodes)), "--phase", str(phase), "--rate",
                                  "200", "--seconds", str(seconds))
    return writers


def stop_writers(lab, writers):
    """{node: longest pause in ms} of the writers that are still there."""
    pauses = {}
    for node, process in writers.items():
        lab.verb("kill", node, "stamp", "TERM", check=False)
        found = re.search(r"longest_pause_ms=([0-9.]+)", process.communicate()[0])
        pauses[node] = float(found.group(1)) if found else None
    return pauses


def measure_transactions(lab):
    """{what: [microseconds]}; also of a command that changes nothing."""
    say("transactions")
    return {"query": lab.timed_us("a", ["vxdctl", "-c", "mode"], TRANSACTIONS),
            "unused": lab.timed_us("a", ["vxvol", "-g", GROUP, "set", "comment=%", VOLUME], TRANSACTIONS)}


def measure_used(lab, folder):
    """A plex is taken away while another node writes: the volume must be quiet everywhere at the commit."""
    took = []
    for number in range(DETACHES):
        volume = f"used{number}"
        device = f"/dev/vx/dsk/{GROUP}/{volume}"
        lab.run("a", "vxassist", "-g", GROUP, "make", volume, "8m", "layout=mirror", "nmirror=2")
        lab.wait(f"{volume} is there", 30, lambda: lab.run("b", "sh", "-c", f"stat -c %s {device}", check=False).strip()
                 == str(8 << 20))
        writer = lab.start("b", lab.tool("stamp"), "write", device, "--volume", volume, "--node", "b", "--count",
                           "2048", "--depth", "4", "--rate", "400", "--journal", os.path.join(folder, volume))
        time.sleep(0.5)
        took += lab.timed_us("a", ["vxplex", "-g", GROUP, "-o", "rm", "dis", f"{volume}-02"], 1)
        stop_writers(lab, {"b": writer})
        lab.run("a", "vxassist", "-g", GROUP, "remove", "volume", volume)
    return {"used": took}


def last_reconfiguration(lab, node):
    found = lab.state(node).get("reconfigurations", [])
    return found[-1] if found and found[-1].get("done") else None


def reconfigured(lab, nodes, members, seqnums):
    """What the nodes say of the reconfiguration after those, to so many members; None: not over yet."""
    reconfs = []
    for node in nodes:
        reconf = last_reconfiguration(lab, node)
        if lab.members(node) != members or lab.state(node)["reconfig_seqnum"] <= seqnums[node] or not reconf:
            return None
        reconfs.append(reconf)
    return reconfs


def measure_leave_and_join(lab, rounds):
    """Milliseconds of stopnode and startnode, and what the members said of each reconfiguration."""
    figures = {"leave": [], "join": [], "leave reconfs": [], "join reconfs": []}
    stay = [node for node in lab.nodes if node != VICTIM]
    lab.run("a", "pcs", "property", "set", "maintenance-mode=true")
    try:
        for number in range(rounds):
            say(f"leave and join {number + 1} of {rounds}")
            for what, verb, members in (("leave", "stopnode", stay), ("join", "startnode", lab.nodes)):
                seqnums = {node: lab.state(node)["reconfig_seqnum"] for node in stay}
                began = time.monotonic()
                lab.run(VICTIM, "vxclustadm", verb)
                figures[what].append((time.monotonic() - began) * 1000)
                figures[what + " reconfs"] += lab.wait(
                    f"{verb} is over", 60, lambda members=members, seqnums=seqnums:
                    reconfigured(lab, stay, len(members), seqnums))
            lab.wait_devices([VICTIM])
    finally:
        lab.run("a", "pcs", "property", "set", "maintenance-mode=false", check=False)
    return figures


def measure_deaths(lab, folder, rounds, prepare=None):
    figures = {"detect": [], "reconfs": [], "pause": []}
    lab.verb("autoboot", "off")
    for number in range(rounds):
        say(f"a node dies, {number + 1} of {rounds}")
        for what, values in measure_death(lab, folder, prepare).items():
            figures[what] += values
        lab.verb("boot", VICTIM)
        lab.wait_members(lab.nodes)
        lab.wait_devices([VICTIM])
        lab.wait_synced()
    return figures


def measure_death(lab, folder, prepare):
    """A node is powered off in mid-write. What the survivors say, and what their applications saw."""
    writers = start_writers(lab, folder, 120)
    time.sleep(2)
    if prepare:
        prepare(lab)
    survivors = [node for node in lab.nodes if node != VICTIM]
    before = {node: lab.state(node)["reconfig_seqnum"] for node in survivors}
    died_ms = time.time() * 1000
    lab.verb("crash", VICTIM)
    reconfs = lab.wait("the survivors go on", 60, lambda: reconfigured(lab, survivors, len(survivors), before))
    time.sleep(1)
    return {"detect": [reconf["wall_ms"] - died_ms for reconf in reconfs], "reconfs": reconfs,
            "pause": list(stop_writers(lab, {node: writers[node] for node in survivors}).values())}


class Figures:
    """What was measured, and why the rest was not."""

    def __init__(self):
        self.values, self.why = {}, ""

    def add(self, prefix, figures):
        for key, values in figures.items():
            self.values[f"{prefix}{key}"] = values
            for part in ("freeze", "fence", "own") if key.endswith("reconfs") else ():
                self.values[f"{prefix}{key[:-7]}{part}"] = [reconf[f"{part}_ms"] for reconf in values]

    def row(self, what, key, unit="ms", scale=1.0, peer="", peer_name="", goal=None):
        ours = [value * scale for value in self.values.get(key, []) if value is not None]
        peers = [value * scale for value in self.values.get(peer, [])] * len(ours)
        return Row(what, unit, ours, peers[:len(ours)], peer_name, goal, "" if ours else self.why)

    def rows(self):
        us = 0.001
        return [
            self.row("raw CPG: a message until it is delivered", "cpg rtt", scale=us),
            self.row("raw CPG: a message and the answers of all", "cpg round", scale=us),
            self.row("command without a transaction (vxdctl -c mode)", "query", scale=us, peer="cpg round",
                     peer_name="CPG round"),
            self.row("transaction, no volume in use (vxvol set)", "unused", scale=us, peer="cpg round",
                     peer_name="CPG round"),
            self.row("transaction on a volume in use (vxplex dis)", "used", scale=us, peer="cpg round",
                     peer_name="CPG round"),
            self.row("clean join, startnode to member", "join", goal=Goal("<=", 1000, "ours")),
            self.row("clean join, freeze of the members", "join freeze"),
            self.row("clean leave, stopnode to its end", "leave"),
            self.row("clean leave, freeze of the members", "leave freeze"),
            self.row("node dies: until noticed and I/O stopped", "death detect"),
            self.row("node dies: freeze, I/O stopped to resumed", "death freeze"),
            self.row("node dies: of it, fencing until proven", "death fence"),
            self.row("node dies: of it, own part", "death own", goal=Goal("<=", 100, "ours")),
            self.row("node dies: longest pause of an application's writes", "death pause"),
        ]


def part(tree, folder, rounds):
    """(rows, details, what went wrong): the other rows are not lost."""
    lab, figures = Lab(tree), Figures()
    try:
        lab.up(3, 256)
        figures.add("", measure_cpg(lab))
        set_up(lab)
        figures.add("", measure_transactions(lab))
        figures.add("", measure_used(lab, folder))
        figures.add("", measure_leave_and_join(lab, rounds))
        figures.add("death ", measure_deaths(lab, folder, min(rounds, DEATHS)))
    except (GroundError, KeyError, ValueError) as error:
        figures.why = f"the cluster part ended early: {error}".replace("\n", " ")
        say(figures.why)
    finally:
        lab.down()
    return figures.rows(), {"cluster": figures.values}, figures.why

# SPDX-License-Identifier: GPL-2.0-or-later
"""What agreement costs: transactions with 3 and 5 nodes, many utilities at once, the freeze by step.

Two labs of real nodes, one after the other. The limit beside a transaction is made of the raw
CPG round (a message and the answers of all) and the raw synchronous disk write (4 KiB, O_DSYNC, on a disk
as those of the copies) of the same round: so many of each as the goal allows. A transaction is
measured at a connection that stays open (txnload); what its user sees on top of it, the start of a process
and its connection, is told on lines of its own. The freeze is what vxclustd says of each
reconfiguration (vxclustadm -v nodestate --json).
"""
import json
import re
import resource
import statistics
import subprocess

import bench_lab
from bench_ground import GroundError
from bench_lab import GROUP, Lab, say
from bench_table import Goal, Row

SIZES = (3, 5)
DISKS, DISK_MIB = 4, 512
RAW_DISK = "/dev/vxdisk/d4"  # in no group
CHANGES = 200
DETACHES = 25
COMMANDS = 20
CLIENTS = (1, 8, 64)
MANY = 100
SIM_RUNS = 30000
LIMITS = {"idle": (4, 1), "used": (6, 2)}  # rounds of CPG and disk writes that a transaction may cost
STEPS = ("suspend", "fence", "role", "configuration", "recovery map", "resume")

# Prints the milliseconds of $1 processes at once, each of which runs the rest $2 times, one after the other.
AT_ONCE = """
clients=$1 each=$2; shift 2
began=${EPOCHREALTIME/./} pids=
for client in $(seq "$clients"); do
	for i in $(seq "$each"); do
		"${@//%/$client.$i}" >/dev/null || exit 1
	done &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" || exit 1
done
echo $(((${EPOCHREALTIME/./} - began) / 1000))
"""

# Prints the microseconds of each of $2 synchronous writes of 4 KiB to $1.
WRITES = """
import mmap, os, sys, time
fd, page = os.open(sys.argv[1], os.O_WRONLY | os.O_DIRECT | os.O_DSYNC), mmap.mmap(-1, 4096)
for i in range(int(sys.argv[2])):
    began = time.monotonic()
    os.pwrite(fd, page, i % 64 * 4096)
    print((time.monotonic() - began) * 1e6)
"""


def percentiles(values):
    values = sorted(values)
    return {"p50_us": values[len(values) // 2], "p99_us": values[len(values) * 99 // 100]}


def measure_writes(lab):
    return percentiles([float(line) for line in lab.run("a", "python3", "-c", WRITES, RAW_DISK, "300").split()])


def load(lab, count, *words, clients=1):
    """Changes over connections that stay open, by the master's utility."""
    return json.loads(lab.run("a", lab.tool("txnload"), "-c", str(clients), "-n", str(count), GROUP, *words))


def make_volumes(lab, prefix, count, *words):
    load(lab, count, "vxassist", "make", prefix + "%", "1m", *words)


def remove_volumes(lab, prefix, count):
    lab.run("a", "vxassist", "-g", GROUP, "remove", "volume", *[f"{prefix}{i + 1}" for i in range(count)])


def daemons_cpu_us(lab):
    """CPU time that the daemons of all nodes have used: what a transaction costs, however busy the machine is."""
    used_ns = 0
    for node in lab.nodes:
        script = "for daemon in vxclustd vxconfigd vxiod; do cat /proc/$(pidof $daemon)/task/*/schedstat; done"
        used_ns += sum(int(line.split()[0]) for line in lab.run(node, "sh", "-c", script).splitlines())
    return used_ns / 1000


def measure_round(lab, number):
    """One round: raw CPG, raw disk, then transactions without and with volumes in use."""
    say(f"transactions, round {number + 1}")
    figures = {"cpg": bench_lab.measure_cpg(lab), "write": measure_writes(lab), "cpu": -daemons_cpu_us(lab),
               "idle": load(lab, CHANGES, "vxvol", "set", "comment=%", "s1")}
    figures["cpu"] = (figures["cpu"] + daemons_cpu_us(lab)) / CHANGES
    make_volumes(lab, "m", DETACHES, "layout=mirror", "nmirror=2", "init=active")
    figures["used"] = load(lab, DETACHES, "vxplex", "det", "m%-02")
    remove_volumes(lab, "m", DETACHES)
    figures["query"] = statistics.median(lab.timed_us("a", ["vxdctl", "-c", "mode"], COMMANDS))
    figures["command"] = statistics.median(
        lab.timed_us("a", ["vxvol", "-g", GROUP, "set", "comment=%", "s1"], COMMANDS))
    figures["slave"] = statistics.median(
        lab.timed_us("b", ["vxvol", "-g", GROUP, "set", "comment=%", "s1"], COMMANDS))
    return figures


def measure_throughput(lab, clients):
    """Changes a second of so many at once: over open connections, and as processes."""
    say(f"{clients} utilities at once")
    each = max(8, 200 // clients)
    rate = load(lab, each, "vxvol", "set", "comment=%", "s@", clients=clients)
    each = max(2, 64 // clients)
    took_ms = int(lab.run("a", "bash", "-c", AT_ONCE, "at-once", str(clients), str(each), "vxvol", "-g", GROUP, "set",
                          "comment=%", "s1"))
    return {**rate, "command_rate": clients * each * 1000 / took_ms}


def measure_reconfigurations(lab, folder, rounds, prepare=None):
    figures = bench_lab.measure_leave_and_join(lab, rounds)
    deaths = bench_lab.measure_deaths(lab, folder, min(rounds, bench_lab.DEATHS), prepare)
    return {**figures, "loss": deaths["detect"], "loss reconfs": deaths["reconfs"], "loss pause": deaths["pause"]}


def write_everywhere(lab):
    """The victim writes to each volume, so that its dirty maps are worth folding."""
    lab.run(bench_lab.VICTIM, "sh", "-c", f"for device in /dev/vx/dsk/{GROUP}/u*; do "
            "dd if=/dev/zero of=$device bs=4k count=1 oflag=dsync conv=notrunc status=none || exit 1; done")


def measure_simulator(lab):
    """Runs a second of CPU time: 3 nodes, 5 faults."""
    say("the simulator")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([lab.tool("vxsim"), "--jobs", "1", "--seeds", str(SIM_RUNS), "--nodes", "3", "--faults", "5"],
                          stdout=subprocess.PIPE, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise GroundError(f"the simulator failed: {done.stdout[-600:]}")
    return SIM_RUNS / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


class Control:
    """What was measured: rounds[nodes], rates[clients], reconfigurations[volumes]."""

    def __init__(self, tree, folder, rounds):
        self.tree, self.folder, self.rounds = tree, folder, rounds
        self.measured = {"rounds": {}, "rates": {}, "reconfigurations": {}, "simulator": []}
        self.why = []

    def measure_lab(self, count):
        lab = Lab(self.tree, count)
        try:
            lab.up(DISKS, DISK_MIB)
            bench_lab.set_up(lab)
            make_volumes(lab, "s", 1, "init=none")
            self.measured["rounds"][count] = [measure_round(lab, number) for number in range(self.rounds)]
            if count == SIZES[0]:
                remove_volumes(lab, "s", 1)
                make_volumes(lab, "s", max(CLIENTS), "init=none")
                for clients in CLIENTS:
                    self.measured["rates"][clients] = measure_throughput(lab, clients)
                remove_volumes(lab, "s", max(CLIENTS))
                self.measured["reconfigurations"][1] = measure_reconfigurations(lab, self.folder, self.rounds)
                make_volumes(lab, "u", MANY - 1, "layout=mirror", "nmirror=2", "logtype=drl", "init=active")
                self.measured["reconfigurations"][MANY] = measure_reconfigurations(lab, self.folder, self.rounds,
                                                                                   write_everywhere)
                self.measured["simulator"].append(measure_simulator(lab))
        except (GroundError, KeyError, ValueError) as error:
            self.why.append(f"{count} nodes: ended early: {error}".replace("\n", " "))
            say(self.why[-1])
        finally:
            lab.down()

    def measure(self):
        for count in SIZES:
            self.measure_lab(count)


def part(tree, folder, rounds):
    """(rows, details, what went wrong): the other rows are not lost."""
    control = Control(tree, folder, rounds)
    control.measure()
    why = "; ".join(control.why)
    measured = control.measured
    return make_rows(measured, why), {"control": measured, "freeze": freeze_lines(measured["reconfigurations"])}, why


# ---- rows ----

def limit_us(figures, kind, percentile):
    """What the goal allows, from the raw figures of the same round."""
    cpg, writes = LIMITS[kind]
    key = "cpg round" if percentile == "p50" else "cpg p99 round"
    return cpg * figures["cpg"][key][0] + writes * figures["write"][f"{percentile}_us"]


def transaction_rows(rounds, count, note):
    def row(what, value, limit=None, name="", goal=None):
        return Row(f"{count} nodes: {what}", "ms", [value(f) / 1000 for f in rounds],
                   [limit(f) / 1000 for f in rounds] if limit else (), name, goal, "" if rounds else note)

    found = [row("raw CPG, a message until it is delivered", lambda f: f["cpg"]["cpg rtt"][0]),
             row("raw CPG round, a message and all answers", lambda f: f["cpg"]["cpg round"][0]),
             row("raw disk, a synchronous write of 4 KiB", lambda f: f["write"]["p50_us"])]
    for kind, what in (("idle", "no volume in use"), ("used", "volume in use")):
        name = "{} rounds + {} write{}".format(*LIMITS[kind], "s" if LIMITS[kind][1] > 1 else "")
        for percentile in ("p50", "p99"):
            found.append(row(f"transaction, {what}, {percentile}", lambda f, k=kind, p=percentile: f[k][f"{p}_us"],
                             lambda f, k=kind, p=percentile: limit_us(f, k, p), name, Goal("<=", 1)))
    found += [row("CPU time of all daemons for one, no volume in use", lambda f: f["cpu"]),
              row("connecting to vxconfigd", lambda f: f["idle"]["connect_us"]),
              row("command without a transaction (vxdctl -c mode)", lambda f: f["query"]),
              row("command with one, no volume in use", lambda f: f["command"]),
              row("the same on another node than the master", lambda f: f["slave"])]
    return found


def rate_rows(rates, note):
    one = rates.get(1)
    found = [Row(f"3 nodes: transaction, {max(CLIENTS)} more volumes in the group, p50", "ms",
                 [one["p50_us"] / 1000] if one else (), note="" if one else note)]
    for clients in CLIENTS:
        figures = rates.get(clients)
        first = rates.get(1)
        for key, what in (("rate", "changes a second, connections open"), ("command_rate", "commands a second")):
            found.append(Row(f"3 nodes: {what}, {clients} at once", "per_s", [figures[key]] if figures else (),
                             [first[key]] if first and clients > 1 else (), "one at a time" if clients > 1 else "",
                             None, "" if figures else note))
    return found


def own_ms(what, reconf):
    """A join and a clean leave wait for no fencing: all of their freeze is this program's own."""
    return reconf["own_ms"] if what == "loss" else reconf["freeze_ms"] - reconf["quorum_ms"]


def reconfiguration_rows(found, volumes, note):
    def row(what, values, goal=None):
        return Row(f"{volumes} volume{'s' if volumes > 1 else ''}: {what}", "ms", values, goal=goal,
                   note="" if values else note)

    figures = found.get(volumes, {})
    rows_found = [row("clean join, startnode to member", figures.get("join", ()), Goal("<=", 1000, "ours")),
                  row("clean leave, stopnode to its end", figures.get("leave", ())),
                  row("loss: until noticed and I/O stopped", figures.get("loss", ())),
                  row("loss: longest pause of an application's writes", figures.get("loss pause", ()))]
    for what in ("join", "leave", "loss"):
        own = [own_ms(what, reconf) for reconf in figures.get(f"{what} reconfs", ())]
        rows_found.append(row(f"freeze by a {what}, own part", own, Goal("<=", 100, "ours")))
    return rows_found


def make_rows(measured, note):
    found = []
    for count in SIZES:
        found += transaction_rows(measured["rounds"].get(count, []), count, note)
    found += rate_rows(measured["rates"], note)
    for volumes in (1, MANY):
        found += reconfiguration_rows(measured["reconfigurations"], volumes, note)
    found.append(Row("simulator: runs a second of a core, 3 nodes, 5 faults", "per_s", measured["simulator"],
                     goal=Goal(">=", 1000, "ours"), note="" if measured["simulator"] else note))
    return found


def freeze_lines(reconfigurations):
    """[head, a line for each kind of reconfiguration]: medians in ms."""
    lines = [["freeze, ms (median)", *STEPS, "whole", "own"]]
    for volumes, figures in reconfigurations.items():
        for what in ("join", "leave", "loss"):
            reconfs = figures[f"{what} reconfs"]
            steps = [statistics.median(step["us"] / 1000 for reconf in reconfs for step in reconf["steps"]
                                       if step["step"] == name) for name in STEPS]
            whole = statistics.median(reconf["freeze_ms"] for reconf in reconfs)
            own = statistics.median(own_ms(what, reconf) for reconf in reconfs)
            lines.append([f"{what}, {volumes} volume{'s' if volumes > 1 else ''}",
                          *[f"{ms:.1f}" for ms in steps], f"{whole:.0f}", f"{own:.0f}"])
    return lines

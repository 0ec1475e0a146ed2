# SPDX-License-Identifier: GPL-2.0-or-later
"""The one table of the benchmark: rows of measurements, printed and as JSON.

A row has a value of ours for each round and, beside it, a value of a peer or of a limit from the same
round. The ratio ours/peer is made round by round; median, smallest and largest are shown. Goals
are on the ratio, or on our value where there is no peer. Nothing is asserted.
"""
import json
import os
import platform
import statistics
import time

UNITS = {
    "iops": lambda v: f"{v / 1000:.1f} k/s",
    "mb_s": lambda v: f"{v:.0f} MB/s",
    "ms": lambda v: f"{v:.0f} ms" if v >= 10 else f"{v:.2f} ms",
    "us": lambda v: f"{v:.1f} us",
    "s": lambda v: f"{v:.1f} s",
    "per_s": lambda v: f"{v:.0f} /s",
}


class Goal:
    """'at least' or 'at most' a value; of the ratio, or of our own figure."""

    def __init__(self, sign, value, of="ratio"):
        assert sign in (">=", "<=") and of in ("ratio", "ours")
        self.sign, self.value, self.of = sign, value, of

    def met(self, value):
        return value >= self.value if self.sign == ">=" else value <= self.value

    def text(self, unit):
        return f"{self.sign} {self.value:g}" if self.of == "ratio" else f"{self.sign} {UNITS[unit](self.value)}"


class Row:
    """What; figures of ours and of the peer by round; a note says why something is missing."""

    def __init__(self, what, unit, ours=(), peer=(), peer_name="", goal=None, note=""):
        self.what, self.unit, self.peer_name, self.goal, self.note = what, unit, peer_name, goal, note
        self.ours = [v for v in ours if v is not None]
        self.peer = [v for v in peer if v is not None]
        self.ratios = [o / p for o, p in zip(ours, peer) if o is not None and p]

    def verdict(self):
        if self.goal is None:
            return ""
        figures = self.ratios if self.goal.of == "ratio" else self.ours
        if not figures:
            return "not measured"
        return "met" if self.goal.met(statistics.median(figures)) else "missed"

    def cells(self):
        show = UNITS[self.unit]
        ours = show(statistics.median(self.ours)) if self.ours else "-"
        peer = f"{show(statistics.median(self.peer))} {self.peer_name}" if self.peer else self.peer_name or "-"
        ratio = spread(self.ratios, "{:.2f}") if self.ratios else "-"
        if not self.ratios and len(self.ours) > 1:
            ours = f"{ours} ({show(min(self.ours))} .. {show(max(self.ours))})"
        goal = self.goal.text(self.unit) if self.goal else "-"
        return [self.what, ours, peer, ratio, goal, self.verdict() or "-"]

    def document(self):
        row = {"what": self.what, "unit": self.unit, "ours": self.ours, "peer": self.peer, "peer_name": self.peer_name,
               "ratio": self.ratios, "goal": self.goal.text(self.unit) if self.goal else None,
               "verdict": self.verdict() or None, "note": self.note or None}
        for key in ("ours", "peer", "ratio"):
            row[key + "_median"] = statistics.median(row[key]) if row[key] else None
        return row


def spread(values, form):
    return f"{form} ({form} .. {form})".format(statistics.median(values), min(values), max(values))


def print_lines(lines, out):
    """Cells in columns; the first line is the head."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for number, line in enumerate(lines):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip(), file=out)
        if number == 0:
            print("  ".join("-" * width for width in widths), file=out)


def print_table(rows, out):
    head = ["what", "ours", "peer or limit", "ratio, median (spread)", "goal", ""]
    print_lines([head] + [row.cells() for row in rows], out)
    notes = dict.fromkeys(row.note for row in rows if row.note)
    for note in notes:
        print(f"not measured: {note}", file=out)


def write_json(rows, options, details, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    document = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"kernel": platform.release(), "cpus": os.cpu_count(), "processor": processor()},
        "options": options,
        "rows": [row.document() for row in rows],
        "details": details,
    }
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    os.replace(temporary, path)


def load_text(load):
    """What else the machine did when the benchmark began."""
    busy = ": busy with something else, the figures are worth little" if load > os.cpu_count() / 2 else ""
    return f"load of the machine before: {load:.1f} of {os.cpu_count()} CPUs{busy}"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()

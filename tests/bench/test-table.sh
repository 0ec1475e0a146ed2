#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-table.sh - does the benchmark's table compute and say what it should? Needs no root.
#
# Closes with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")" || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 - "$work/bench.json" <<'END'
import io
import json
import sys

import bench_control as control
from bench_table import Goal, Row, print_table, write_json

passed = failed = 0


def check(what, wanted, got):
    global passed, failed
    good = wanted == got
    passed, failed = passed + good, failed + (not good)
    print(f"{'ok' if good else 'not ok'} {passed + failed} - {what}" + ("" if good else f": wanted {wanted!r}, got {got!r}"))


met = Row("fast", "iops", [30000, 20000, 50000], [10000, 10000, 10000], "peer", Goal(">=", 2.5))
missed = Row("slow", "iops", [10000, 20000, 30000], [10000, 10000, 20000], "peer", Goal(">=", 2.5))
alone = Row("freeze", "ms", [80, 90, 400], goal=Goal("<=", 100, "ours"))
absent = Row("gone", "iops", [], [10000], "peer", Goal(">=", 1), "it is not built")
check("the ratio is made round by round", [1.0, 2.0, 1.5], missed.ratios)
check("its median and spread are shown", "1.50 (1.00 .. 2.00)", missed.cells()[3])
check("a goal on the ratio is met", "met", met.verdict())
check("a goal on the ratio is missed", "missed", missed.verdict())
check("a goal on our own figure goes by the median", "met", alone.verdict())
check("a figure without a peer shows its spread", "90 ms (80 ms .. 400 ms)", alone.cells()[1])
check("what was not measured is neither met nor missed", "not measured", absent.verdict())
check("no goal, no verdict", "-", Row("x", "us", [1.0]).cells()[5])
check("a round that one side lacks has no ratio", [2.0], Row("x", "us", [None, 4.0], [1.0, 2.0]).ratios)
out = io.StringIO()
print_table([met, missed, alone, absent], out)
lines = out.getvalue().splitlines()
check("a line for each row, and the reason below", 7, len(lines))
check("the reason", "not measured: it is not built", lines[-1])
write_json([met, absent], {"rounds": 3}, {}, sys.argv[1])
with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
check("JSON: median of the ratio", 3.0, document["rows"][0]["ratio_median"])
check("JSON: verdict and note of a row that is absent", ["not measured", "it is not built"],
      [document["rows"][1][key] for key in ("verdict", "note")])

# The control bench: what a transaction is held against, and a freeze.
measured = {"cpg": {"cpg rtt": [300.0], "cpg round": [1000.0], "cpg p99 round": [2000.0]},
            "write": {"p50_us": 100.0, "p99_us": 500.0}, "idle": {"p50_us": 4000, "p99_us": 8600, "connect_us": 700},
            "used": {"p50_us": 6300, "p99_us": 12000}, "query": 3000, "command": 9000, "slave": 9500,
            "cpu": 5000}
rows = {row.what: row for row in control.transaction_rows([measured], 3, "")}
check("without a volume in use: 4 rounds and a write are allowed", [4.1],
      rows["3 nodes: transaction, no volume in use, p50"].peer)
check("... of the raw p99, for the p99", [8.5], rows["3 nodes: transaction, no volume in use, p99"].peer)
check("with one: 6 rounds and two writes", [6.2], rows["3 nodes: transaction, volume in use, p50"].peer)
check("a transaction that is quicker meets the goal, a slower one misses it", ["met", "missed", "missed", "met"],
      [row.verdict() for row in rows.values() if row.goal])
reconf = {"freeze_ms": 90, "own_ms": 20, "quorum_ms": 10, "fence_ms": 60,
          "steps": [{"step": name, "us": 1500} for name in control.STEPS]}
check("only a loss waits for fencing", [20, 80], [control.own_ms(what, reconf) for what in ("loss", "join")])
lines = control.freeze_lines({100: {f"{what} reconfs": [reconf] for what in ("join", "leave", "loss")}})
check("the freeze by step", ["loss, 100 volumes", *["1.5"] * len(control.STEPS), "90", "20"], lines[-1])
empty = control.make_rows({"rounds": {}, "rates": {}, "reconfigurations": {}, "simulator": []}, "the lab is not up")
check("nothing measured: each row says why", {"the lab is not up"}, {row.note for row in empty})
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
END

# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures rivals in turns, prints how they compare, and says when the machine is too noisy."""

import json
import os
import resource
import statistics
import time
from pathlib import Path

# A loop of the same work takes this much longer at times: what is measured then means little.
NOISY = 1.3


def children_ms():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e3


def spin_ms():
    start = time.perf_counter()
    sum(range(100_000))
    return (time.perf_counter() - start) * 1e3


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


class Meter:
    def __init__(self, runs, before_each):
        self.runs = runs
        self.before_each = before_each
        self.results = {}
        self.missed = []
        self.spins = [spin_ms() for _ in range(50)]

    def compare(self, title, rivals, runs=None, goals=()):
        """Runs {name: action} in turns; an action that returns milliseconds timed itself.
        goals: (name, base, factor): name's median is to be at most factor times base's."""
        wall = {name: [] for name in rivals}
        cpu = {name: [] for name in rivals}
        for turn in range((runs or self.runs) + 1):
            for name, action in rivals.items():
                self.before_each()
                before, begin = children_ms(), time.perf_counter()
                ms = action()
                if not isinstance(ms, float):
                    ms = (time.perf_counter() - begin) * 1e3
                if turn:                # the first turn warms the caches
                    wall[name].append(ms)
                    cpu[name].append(children_ms() - before)
                self.spins.append(spin_ms())
        self.report(title, wall, cpu)
        medians = {name: statistics.median(values) for name, values in wall.items()}
        self.results[title] = {name: {"wall_ms": wall[name], "cpu_ms": cpu[name]}
                               for name in rivals}
        for name, base, factor in goals:
            self.goal(f"{title}: {name}", medians[name] / medians[base], factor,
                      f"times {base}")
        return medians

    def report(self, title, wall, cpu):
        print(f"\n{title:38}{'median ms':>10}{'middle half':>18}{'cpu ms':>8}{'of first':>10}")
        base = statistics.median(next(iter(wall.values())))
        for name, values in wall.items():
            low, middle, high = (statistics.quantiles(values, n=4) if len(values) > 1
                                 else values * 3)
            print(f"  {name:36}{middle:10.2f}{low:9.2f} ...{high:6.2f}"
                  f"{statistics.median(cpu[name]):8.1f}{middle / base:9.2f}x"
                  f"{'  noisy' if high - low > 0.4 * middle else ''}", flush=True)

    def value(self, title, values):
        """Something that is no comparison: {name: "12 kB"}."""
        print(f"\n{title}")
        for name, value in values.items():
            print(f"  {name:36}{value:>18}", flush=True)
        self.results[title] = values

    def goal(self, what, is_so, at_most, unit):
        met = is_so <= at_most
        print(f"  goal: {is_so:.2f} {unit}, at most {at_most:g}: {'met' if met else 'MISSED'}",
              flush=True)
        self.results.setdefault("goals", {})[what] = {"is": is_so, "at_most": at_most}
        if not met:
            self.missed.append(what)

    def end(self, path):
        noise = percentile(self.spins, 90) / percentile(self.spins, 10)
        self.results["machine"] = {"noise": noise, "load": os.getloadavg()[0],
                                   "processors": os.cpu_count()}
        Path(path).write_text(json.dumps(self.results, indent=1))
        print(f"\nprocessor time {children_ms() / 1e3:.0f} s, load {os.getloadavg()[0]:.1f}; "
              f"all figures in {path}")
        for what in self.missed:
            print(f"missed: {what}")
        if noise > NOISY:
            print(f"THIS MACHINE IS NOISY: the same loop takes {noise:.1f} times as long at times. "
                  "Ratios are worth more than times; --realtime helps where others work, too.")

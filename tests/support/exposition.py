# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict reader of Prometheus' text exposition format, version 0.0.4."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)")
VALUE = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|NaN")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


def unescape(value):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)


class Exposition:
    """values[name, (label, value), ...] of a whole text; ValueError where it breaks a rule."""

    def __init__(self, text):
        self.types, self.values, self.done = {}, {}, set()
        self.family = None
        if not text.endswith("\n"):
            raise ValueError("the last line has no end")
        for line in text[:-1].split("\n"):
            self.take(line)
        for name, kind in self.types.items():
            if kind == "histogram":
                self.check_histogram(name)

    def take(self, line):
        comment = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line)
        if comment:
            self.take_comment(*comment.groups())
        else:
            self.take_sample(line)

    def take_comment(self, kind, name, rest):
        if name != self.family:
            if name in self.done:
                raise ValueError(f"{name} is in two places")
            self.done.add(name)
            self.family = name
        if kind == "TYPE":
            if name in self.types or rest not in TYPES:
                raise ValueError(f"{name}: a wrong or second type")
            if rest == "counter" and not name.endswith("_total"):
                raise ValueError(f"{name} counts, and does not say so")
            self.types[name] = rest

    def take_sample(self, line):
        found = SAMPLE.fullmatch(line)
        if not found or not VALUE.fullmatch(found[found.lastindex]):
            raise ValueError(f"no sample: {line!r}")
        name, kind = found[1], self.types.get(self.family)
        if name not in [f"{self.family}{s}" for s in SUFFIXES.get(kind, ("",))]:
            raise ValueError(f"{name} stands in {self.family}")
        labels = [(k, unescape(v)) for k, v in re.findall(LABEL, found[2] or "")]
        key = (name, *sorted(labels))
        if key in self.values or len({k for k, _ in labels}) < len(labels):
            raise ValueError(f"{line!r} is there twice")
        self.values[key] = float(found[found.lastindex])

    def check_histogram(self, name):
        buckets = [(float(key[1][1]), n) for key, n in self.values.items()
                   if key[0] == f"{name}_bucket"]
        if buckets != sorted(buckets) or [n for _, n in buckets] != sorted(n for _, n in buckets):
            raise ValueError(f"{name}: buckets out of order")
        if buckets[-1] != (float("inf"), self.values[(f"{name}_count",)]):
            raise ValueError(f"{name}: the last bucket is not all")

    def get(self, name, **labels):
        """The value; None where there is no such sample."""
        return self.values.get((f"bootfs_{name}", *sorted(labels.items())))

    def find(self, name):
        """The labels of all samples of that name."""
        return [dict(key[1:]) for key in self.values if key[0] == f"bootfs_{name}"]

# SPDX-License-Identifier: GPL-2.0-or-later
"""The law, computed from a tree of sources and from link maps: who knows what reads guests' bytes."""

import re

BEHIND_THE_WALL = ("parsers", "inspect")
INSPECTORS = ("bootfs-inspect", "bootfs-inspect-nbd")


def includes(path):
    return re.findall(r'^#\s*include\s+"([^"]+)"', path.read_text(), re.M)


def sources(top):
    """Every source that is linked into a program, as paths from `top`."""
    return sorted(p.relative_to(top) for p in top.rglob("*.[ch]")
                  if p.relative_to(top).parts[0] not in ("build", "tests"))


def programs(top):
    return sorted(p.stem for p in (top / "bin").glob("*.c"))


def reaches_over_the_wall(top):
    """The includes of parsers/ and inspect/ by sources that lie outside of both."""
    return [f"{path} includes {name}" for path in sources(top)
            if path.parts[0] not in BEHIND_THE_WALL
            and not (path.parts[0] == "bin" and path.stem in INSPECTORS)
            for name in includes(top / path) if name.split("/")[0] in BEHIND_THE_WALL]


def linked_archives(build, program):
    """The archives of ours of which the linker took at least one object."""
    text = (build / f"{program}.map").read_text(errors="replace")
    return set(re.findall(r"\blib([a-z]+)\.a\([^)]+\.o\)", text))


def linked_over_the_wall(build, program):
    return linked_archives(build, program) & set(BEHIND_THE_WALL)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What each disk of an array holds, laid out row by row: the other opinion beside parsers/disk.

A row is written as a list of labels, one a disk: the number of a data chunk, "P" or "Q".
"""


def _turn(items, by):
    """The list with its last `by` items in front."""
    by %= len(items)
    return items[-by:] + items[:-by] if by else items


def _row_5(layout, disks, row):
    data = list(range(disks - 1))
    return {
        # P wanders from the last disk to the first, or the other way.
        "left-asymmetric": lambda at: data[:at] + ["P"] + data[at:],
        "right-asymmetric": lambda at: data[:at] + ["P"] + data[at:],
        # The first data chunk stands behind P.
        "left-symmetric": lambda at: _turn(["P"] + data, at),
        "right-symmetric": lambda at: _turn(["P"] + data, at),
        "parity-first": lambda _: ["P"] + data,
        "parity-last": lambda _: data + ["P"],
    }[layout](disks - 1 - row % disks if layout.startswith("left") else row % disks)


def _row_6(layout, disks, row):
    if layout.endswith("-6"):
        return _row_5(layout[:-2], disks - 1, row) + ["Q"]
    data = list(range(disks - 2))
    if layout in ("parity-first", "parity-last"):
        return ["P", "Q"] + data if layout == "parity-first" else data + ["P", "Q"]
    if layout == "ddf-n-continue":
        return _turn(["P"] + data + ["Q"], disks - 1 - row % disks)
    at = row % disks
    if layout.startswith("left"):
        at = disks - 1 - at
    if layout == "ddf-n-restart":
        at = disks - 1 - (row + 1) % disks
    if layout.endswith("-symmetric"):
        return _turn(["P", "Q"] + data, at)
    return ["Q"] + data + ["P"] if at == disks - 1 else data[:at] + ["P", "Q"] + data[at:]


# md's numbers.
LAYOUTS_5 = {"left-asymmetric": 0, "right-asymmetric": 1, "left-symmetric": 2, "right-symmetric": 3,
             "parity-first": 4, "parity-last": 5}
LAYOUTS_6 = LAYOUTS_5 | {"ddf-zero-restart": 8, "ddf-n-restart": 9, "ddf-n-continue": 10, "left-asymmetric-6": 16,
                         "right-asymmetric-6": 17, "left-symmetric-6": 18, "right-symmetric-6": 19,
                         "parity-first-6": 20}


def _xor(one, two):
    return (int.from_bytes(one, "little") ^ int.from_bytes(two, "little")).to_bytes(len(one), "little")


def _times(power):
    """The table that multiplies by 2**power in GF(2**8) of polynomial 0x11d."""
    table = list(range(256))
    for _ in range(power):
        table = [value << 1 ^ (0x11D if value & 0x80 else 0) for value in table]
    return bytes(table)


def _fill(labels, chunks, gaps):
    """The chunks of one row."""
    length = len(chunks[0])
    parity, sums, power = bytes(length), bytes(length), 0
    disks = len(labels)
    # Q counts from the disk behind it, or with gaps (DDF) from the first one.
    start = 0 if gaps or "Q" not in labels else labels.index("Q") + 1
    for step in range(disks):
        label = labels[(start + step) % disks]
        if label in ("P", "Q"):
            power += gaps
            continue
        parity = _xor(parity, chunks[label])
        sums = _xor(sums, chunks[label].translate(_times(power)))
        power += 1
    return [{"P": parity, "Q": sums}.get(label) or chunks[label] for label in labels]


def parity(content, disks, chunk, layout, lost=1):
    """The bytes of each disk of a RAID5 (`lost` 1) or RAID6 (2)."""
    parts = [bytearray() for _ in range(disks)]
    data = disks - lost
    content += bytes(-len(content) % (data * chunk))
    for row in range(len(content) // chunk // data):
        at = row * data * chunk
        chunks = [content[at + number * chunk:at + (number + 1) * chunk] for number in range(data)]
        labels = (_row_5 if lost == 1 else _row_6)(layout, disks, row)
        for part, block in zip(parts, _fill(labels, chunks, layout.startswith("ddf"))):
            part += block
    return [bytes(part) for part in parts]


def copies(content, disks, chunk, near, far, offset=False, sets=0):
    """The bytes of each disk of a RAID10."""
    width = disks // far if sets == 1 else far * near if sets else disks
    content += bytes(-len(content) % (disks * chunk))
    rows = []
    slots = [content[at:at + chunk] for at in range(0, len(content), chunk) for _ in range(near)]
    slots += [bytes(chunk)] * (-len(slots) % disks)
    for at in range(0, len(slots), disks):
        rows.append(slots[at:at + disks])

    def turned(row, by):
        """Each set by itself; the last one has what is left over."""
        groups = [row[at:at + width] for at in range(0, disks // width * width, width)]
        groups[-1] += row[disks // width * width:]
        return [block for group in groups for block in _turn(group, by * near)]

    if offset:
        laid = [turned(row, copy) for row in rows for copy in range(far)]
    else:
        laid = [turned(row, copy) for copy in range(far) for row in rows]
    return [b"".join(row[disk] for row in laid) for disk in range(disks)], len(rows) * chunk * far


def zones(content, sizes, chunk, original):
    """The bytes of each disk of a RAID0 of unequal disks; before Linux 3.14 (`original`) or since."""
    parts = [bytearray(size) for size in sizes]
    at = depth = 0
    while depth < max(sizes):
        longer = [number for number, size in enumerate(sizes) if size > depth]
        end = min(sizes[number] for number in longer)
        chunks = (end - depth) // chunk * len(longer)
        for number in range(chunks):
            # The old way counts the chunks of the whole array, the new one those of the zone.
            turn = (at // chunk if original else number) % len(longer)
            place = depth + number // len(longer) * chunk
            block = content[at:at + chunk]
            parts[longer[turn]][place:place + len(block)] = block
            at += chunk
        depth = end
    return [bytes(part) for part in parts]

#!/usr/bin/python3
"""sparse_seed.py IMAGE OUT COMMAND...: writes what the command reads of the image as a fuzz seed.

The form is that of tests/support/fsfuzz.h. The command is run under strace and must read the
image with pread().
"""

import os
import re
import struct
import subprocess
import sys
import tempfile

SECTOR = 512


def sectors_read(image, command):
    """The numbers of all sectors that the command reads of the image."""
    path = os.path.realpath(image)
    seen = set()
    with tempfile.NamedTemporaryFile("r") as log:
        subprocess.run(["strace", "-f", "-y", "-s0", "-e", "trace=pread64", "-o", log.name, *command],
                       check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        for line in log:
            read = re.search(r'pread64\(\d+<(.*?)>, ".*?"\.*, (\d+), (\d+)\)', line)
            if read and read[1] == path:
                length, offset = int(read[2]), int(read[3])
                seen.update(range(offset // SECTOR, (offset + length + SECTOR - 1) // SECTOR))
    return seen


def seed(image, sectors):
    """The seed's bytes: runs of the sectors that are not zeros."""
    with open(image, "rb") as disk:
        content = {n: os.pread(disk.fileno(), SECTOR, n * SECTOR) for n in sorted(sectors)}
    content = {n: c.ljust(SECTOR, b"\0") for n, c in content.items() if any(c)}
    out = struct.pack("<Q", os.path.getsize(image))
    for n, c in content.items():
        if n - 1 not in content:
            run = [n]
            while run[-1] + 1 in content:
                run.append(run[-1] + 1)
            out += struct.pack("<IH", n, len(run)) + b"".join(content[i] for i in run)
    return out


def main():
    image, out, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(out, "wb") as file:
        file.write(seed(image, sectors_read(image, command)))


if __name__ == "__main__":
    main()

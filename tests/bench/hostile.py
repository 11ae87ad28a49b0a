#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hostile.py [--seconds N] [ATTACK...]: the attacks of tests/support/hostile.py through Xen's own
pygrub and through bootfs-pygrub: what each makes of them, and how long it takes. Ends both after N
seconds (20), and lets neither have more than 2 GiB of memory or of one file. As root:

    BOOTFS_BUILD=build/release-gcc tests/bench/hostile.py
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))
import hostile  # noqa: E402

BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")
PYGRUB = next((p for p in sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))), None)
MOST_BYTES = 2 << 30


def run(command, seconds):
    """Its exit status (None: it had to be ended), seconds, standard output and error."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        bounds = ["prlimit", f"--as={MOST_BYTES}", f"--fsize={MOST_BYTES}"]
        child = subprocess.Popen([*bounds, *map(str, command)], stdout=out, stderr=err,
                                 stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        out.seek(0)
        err.seek(0)
        return status, time.monotonic() - began, out.read(), err.read()


def last_line(text, image):
    lines = text.decode(errors="replace").strip().splitlines()
    said = lines[-1].split(": ", 1)[-1] if lines else "nothing"
    said = said.replace(f"{image}: ", "").replace("default entry 0 ", "")
    return "".join(c if c.isprintable() and c.isascii() and c != "|" else "?" for c in said)[:90]


def outcome(case, folder, out, result):
    status, _, said, errors = result
    left = list(out.iterdir())
    if hostile.canary(folder).exists():
        return "THE GUEST'S CODE RAN"
    if status is None:
        return "hangs" + (", files left" if left else "")
    if status == 0 and said.strip():
        right = not case.kernel or any(f.read_bytes() == case.kernel for f in left)
        return "boots" if right else "boots another kernel"
    what = "error" if status > 0 else "ends with 0 and no answer" if status == 0 else \
        f"killed by {signal.Signals(-status).name}"
    return f"{what}: {last_line(errors, case.image)}" + (f", {len(left)} files left" if left else "")


def compare(name, seconds):
    with tempfile.TemporaryDirectory(prefix="bootfs-hostile-") as folder:
        case = hostile.make(name, Path(folder) / "case")
        config = Path(folder) / "conf"
        config.write_text("[bootfs]\nxl-config = none\nworker-user = nobody\n"
                          f"mountpoint = {folder}/none\n")
        yield name
        for command in (["/usr/bin/python3", PYGRUB, "-q"],
                        [BUILD / "bootfs-pygrub", "-q", f"--config={config}"]):
            out = Path(folder) / "out"
            out.mkdir()
            result = run([*command, f"--output-directory={out}", "--output-format=simple",
                          case.image], seconds)
            yield outcome(case, Path(folder) / "case", out, result), result[1]
            shutil.rmtree(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("attacks", nargs="*", default=list(hostile.cases))
    options = parser.parse_args()
    if os.geteuid() != 0 or not PYGRUB:
        sys.exit("hostile: needs root, and pygrub from Debian's xen-utils")
    print("| attack | pygrub | s | bootfs-pygrub | s |\n|---|---|---|---|---|")
    for name in options.attacks:
        _, theirs, ours = compare(name, options.seconds)
        row = [cell for said, took in (theirs, ours) for cell in (said, f"{took:.2f}")]
        print(f"| {name} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()

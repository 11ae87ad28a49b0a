# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemon, inspector and wrapper under AddressSanitizer and UndefinedBehaviorSanitizer, with every
attack of tests/support/hostile.py at once. The inspector has no sandbox there: the sanitizers need
what it takes away."""

import concurrent.futures
import contextlib
import os
import shutil
import subprocess
import sys

import pytest
from conftest import TOP, boot_files, domain, make_guest

sys.path.insert(0, str(TOP / "tests" / "support"))
import damage  # noqa: E402
import hostile  # noqa: E402

ASAN = TOP / "build/asan-clang"
PROGRAMS = {"bootfs": "bootfs", "bootfs-pygrub": "bootfs-pygrub", "bootfs-config": "bootfs-config",
            "bootfs-inspect": "tests/tools/open-inspect"}
# What mke2fs and sfdisk take long to make, and other tests run under the sanitizers.
LEFT_OUT = {"six-thousand-bls-files", "a-million-warnings", "a-hundred-thousand-logical-partitions"}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    damage.build(*PROGRAMS.values())
    folder = tmp_path_factory.mktemp("sanitized")
    for name, path in PROGRAMS.items():
        shutil.copy(ASAN / path, folder / name)
    return folder


def read_all(there):
    """Every file below a folder; how many were read."""
    count = 0
    for folder, _, names in os.walk(there):
        for name in names[:200]:
            with contextlib.suppress(OSError), open(os.path.join(folder, name), "rb") as file:
                while file.read(1 << 20):
                    pass
                count += 1
        if count > 500:
            break
    return count


def test_no_attack_is_anything_to_the_sanitizers(tmp_path, start_bootfs, programs):
    reports = tmp_path / "reports"
    reports.mkdir()
    options = f"log_path={reports}/asan:detect_leaks=0:abort_on_error=0"
    env = {**os.environ, "ASAN_OPTIONS": options,
           "UBSAN_OPTIONS": f"log_path={reports}/ubsan:print_stacktrace=1"}
    names = [name for name in hostile.cases if name not in LEFT_OUT]
    images = [hostile.make(name, tmp_path / name).image for name in names]
    good = make_guest(tmp_path / "good.img", boot_files(1, 50_000, 50_000), size="16M")
    bootfs = start_bootfs(*(domain(f"d{i}", image) for i, image in enumerate([*images, good])),
                          programs=programs, env=env, timeout="120s")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda i: read_all(bootfs.mount / f"d{i}"), range(len(images) + 1)))
    assert min(counts) > 0
    config = tmp_path / "wrapper.conf"
    config.write_text(f"[bootfs]\nmountpoint = {bootfs.mount}\nxl-config = none\n")
    for image in [*images[::5], good]:
        out = tmp_path / "out"
        out.mkdir()
        subprocess.run([programs / "bootfs-pygrub", "-q", f"--config={config}",
                        f"--output-directory={out}", image], env=env, check=False,
                       capture_output=True, timeout=120)
        shutil.rmtree(out)
    assert bootfs.stop() == 0
    said = "".join(path.read_text() for path in reports.iterdir()) + bootfs.said()
    assert "Sanitizer" not in said and "runtime error" not in said, said[-4000:]
    assert "inspector killed" not in said and "exit status" not in said, said[-4000:]

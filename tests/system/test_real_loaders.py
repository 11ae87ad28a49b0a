# SPDX-License-Identifier: GPL-2.0-or-later
"""Real boot loaders start the same kernel with the same arguments and initrd.

extlinux and isolinux 6.04, GRUB Legacy 0.97 and GRUB 2 for BIOS boot our cases, and configurations
made at random, under QEMU; tests/support/realboot.py tells how. Where such a loader starts nothing,
nothing is compared: we may still find something to boot.
"""

import glob
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "support"), os.path.join(ROOT, "tests", "cases")]
import menus  # noqa: E402
import mkdisk  # noqa: E402
import randommenus  # noqa: E402
import realboot  # noqa: E402

CASES = os.path.join(ROOT, "tests", "cases")
LEGACY = os.path.join(ROOT, "build", "grub-legacy")
RANDOM_DEADLINE_S = 40   # a loader that starts nothing costs this long
GRUB_CASES = ("debian-12", "debian-saved", "debian-next-entry", "ubuntu-22.04", "opensuse",
              "functions-and-loops", "quoting", "initrds", "debian-separate-boot", "arch")

pytestmark = pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="no QEMU here")


def cases(language, but=()):
    return [n for n in sorted(os.listdir(os.path.join(CASES, language))) if n not in but]


def prepared(language, name, folder, old=False):
    """A copy of a case with witnesses for kernels. `old`: as old boot loaders can read it."""
    source = os.path.join(CASES, language, name)
    case = os.path.join(folder, "case")
    shutil.copytree(source, case, symlinks=True)
    entries = menus.load(source, "expect.json")["entries"]
    realboot.put_witnesses(case, [e["kernel"] for e in entries if e.get("kernel")])
    disk = realboot.mkdisk_json(case)
    for part in disk["partitions"]:
        if old and part.get("fs", "ext4").startswith("ext"):
            part["fs"] = "ext2"
        part.setdefault("mib", 24)
    with open(os.path.join(case, "disk.json"), "w", encoding="utf-8") as file:
        json.dump(disk, file)
    return case


def built(case):
    image = case + ".img"
    mkdisk.build(case, image)
    return image


def inspect(image):
    done = subprocess.run([menus.INSPECTOR, "--json", "--grub-platform=pc", image],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    return json.loads(done.stdout)


def number_of(volume):
    found = re.search(r",\D+(\d+)$", volume)
    return int(found.group(1)) if found else 1


def default_of(menu):
    return next((e for e in menu["entries"] if e["path"] == menu["default"]), None)


def initrd_bytes(case, entry):
    """The entry's initrds as they are joined: each but the last filled up to four bytes."""
    disk = realboot.mkdisk_json(case)
    whole = b""
    for initrd in entry["initrd"]:
        tree = disk["partitions"][number_of(initrd["volume"]) - 1]["tree"]
        with open(os.path.join(case, tree, initrd["path"].lstrip("/")), "rb") as file:
            whole += bytes(-len(whole) % 4) + file.read()
    return whole


def same_start(case, menu, seen):
    """Does the witness tell what our menu says?"""
    entry = default_of(menu)
    assert seen, "the boot loader starts nothing"
    assert entry, f"nothing boots here, the boot loader starts {seen}"
    disk = realboot.mkdisk_json(case)
    tree = disk["partitions"][number_of(entry["kernel"]["volume"]) - 1]["tree"]
    path = os.path.realpath(os.path.join(case, tree, entry["kernel"]["path"].lstrip("/")))
    assert seen["kernel"] == f"{tree}:{path[len(os.path.realpath(os.path.join(case, tree))):]}"
    said = re.sub(r"^BOOT_IMAGE=\S*( |$)", "", seen["cmdline"])
    assert menus.without_initrd(said).strip() == entry["cmdline"].strip()
    initrd = initrd_bytes(case, entry)
    assert (seen["initrd_size"], seen["initrd_hash"]) == (len(initrd), realboot.fnv(initrd))


def keys_for(menu):
    """A menu that waits for ever is told to go on."""
    return "ret" if menu["timeout"] is None else ""


@pytest.mark.parametrize("name", cases("extlinux", ("isolinux", "missing-kernel", "xen-mboot")))
def test_extlinux_starts_the_same(name, tmp_path):
    case = prepared("extlinux", name, tmp_path)
    image = built(case)
    menu = inspect(image)
    realboot.install_extlinux(image, number_of(menu["config"]["volume"]),
                              posixpath.dirname(menu["config"]["path"]))
    same_start(case, menu, realboot.boot(image, keys_for(menu)))


def test_isolinux_starts_the_same(tmp_path):
    case = prepared("extlinux", "isolinux", tmp_path)
    image = case + ".iso"
    realboot.make_isolinux(os.path.join(case, "tree"), image)
    menu = inspect(image)
    same_start(case, menu, realboot.boot(image, keys_for(menu), cdrom=True))


@pytest.fixture(scope="session", name="legacy")
def fixture_legacy():
    """GRUB Legacy's stages. The package is unpacked, not installed: it would remove GRUB 2."""
    if not glob.glob(LEGACY + "/usr/lib/grub/*/stage2"):
        os.makedirs(LEGACY, exist_ok=True)
        done = subprocess.run(["apt-get", "-q", "download", "grub-legacy"], cwd=LEGACY,
                              capture_output=True, text=True, check=False)
        if done.returncode and os.environ.get("CI") != "true":
            pytest.skip("grub-legacy cannot be downloaded: " + done.stderr[-200:])
        assert done.returncode == 0, done.stderr
        realboot.run("dpkg-deb", "-x", glob.glob(LEGACY + "/*.deb")[0], LEGACY)
    return os.path.dirname(glob.glob(LEGACY + "/usr/lib/grub/*/stage2")[0])


def install_legacy(image, stages, config):
    realboot.install_grub_legacy(image, os.path.join(stages, "stage1"),
                                 os.path.join(stages, "stage2"),
                                 number_of(config["volume"]), config["path"])


@pytest.mark.parametrize("name", cases("legacy", ("bare-filesystem",)))
def test_grub_legacy_starts_the_same(name, tmp_path, legacy):
    case = prepared("legacy", name, tmp_path, old=True)
    image = built(case)
    menu = inspect(image)
    install_legacy(image, legacy, menu["config"])
    same_start(case, menu, realboot.boot(image, "ret"))


@pytest.mark.parametrize("name", GRUB_CASES)
def test_grub_starts_the_same(name, tmp_path):
    case = prepared("grub2", name, tmp_path)
    image = built(case)
    menu = inspect(image)
    config = menu["config"]
    realboot.install_grub(image, config["volume"], posixpath.dirname(config["path"]),
                          config["path"], "set timeout=0\n")
    same_start(case, menu, realboot.boot(image))


def small_case(folder, config, text):
    """Two partitions with three kernels and two initrds, and a configuration."""
    case = os.path.join(folder, "case")
    files = {"tree/boot/k1": realboot.witness("tree:/boot/k1"),
             "tree/boot/k2": realboot.witness("tree:/boot/k2"),
             "tree/boot/syslinux/k3": realboot.witness("tree:/boot/syslinux/k3"),
             "tree2/k3": realboot.witness("tree2:/k3"),
             "tree/boot/i1": b"the first" * 77, "tree/boot/i2": b"the second" * 33,
             "tree2/i2": b"on two" * 55, "tree/boot/grub/default": b"1\n#\n#\n",
             "tree" + config: text.encode(),
             "disk.json": b'{"partitions": [{"tree": "tree", "fs": "ext2", "mib": 12},'
                          b' {"tree": "tree2", "fs": "ext2", "mib": 8}]}'}
    for name, content in files.items():
        path = os.path.join(case, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    return case


@pytest.mark.parametrize("seed", range(randommenus.SEEDS))
def test_extlinux_takes_the_same_default(seed, tmp_path):
    case = small_case(tmp_path, "/boot/syslinux/syslinux.cfg", randommenus.syslinux(seed))
    image = built(case)
    menu = inspect(image)
    realboot.install_extlinux(image, 1, "/boot/syslinux")
    seen = realboot.boot(image, deadline_s=RANDOM_DEADLINE_S)
    if not seen:
        pytest.skip("Syslinux waits for somebody")
    same_start(case, menu, seen)


@pytest.mark.parametrize("seed", range(randommenus.SEEDS))
def test_grub_legacy_takes_the_same_default(seed, tmp_path, legacy):
    case = small_case(tmp_path, "/boot/grub/menu.lst", randommenus.legacy(seed))
    image = built(case)
    menu = inspect(image)
    install_legacy(image, legacy, {"volume": "hd0,msdos1", "path": "/boot/grub/menu.lst"})
    seen = realboot.boot(image, deadline_s=RANDOM_DEADLINE_S)
    if not seen:
        pytest.skip("GRUB Legacy waits for somebody")
    same_start(case, menu, seen)

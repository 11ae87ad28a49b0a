# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages: built from what is checked out, looked at by lintian, installed on a machine
of their own, tried by their own test, upgraded, removed without a trace."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILD, TOP

sys.path.insert(0, str(TOP / "tests" / "support"))

import machine  # noqa: E402
import package_trial  # noqa: E402

needs_machine = pytest.mark.skipif(bool(machine.usable()), reason=machine.usable() or "")
needs_release = pytest.mark.skipif(BUILD.name != "release-gcc", reason="packages are release builds")


def paragraphs(path):
    for text in Path(path).read_text().split("\n\n"):
        yield dict(re.findall(r"^([A-Za-z-]+): *((?:.|\n[ \t])*)", text, re.M))


def package_names(field):
    return {word.split()[0] for word in field.replace("\n", " ").split(",") if word.strip()}


def listed(group):
    lines = [line.split() for line in (TOP / "debian-packages.txt").read_text().splitlines()]
    return {line[1] for line in lines if line and line[0] == group}


def test_the_version_is_one():
    version = re.search(r"^VERSION := (\S+)", (TOP / "Makefile").read_text(), re.M)[1]
    assert (TOP / "debian/changelog").read_text().startswith(f"bootfs ({version}) ")
    assert f"\n## {version}" in (TOP / "CHANGELOG.md").read_text()


def test_what_the_package_is_built_with_is_what_the_build_needs():
    source = next(paragraphs(TOP / "debian/control"))
    needed = source["Build-Depends"].split(",")
    checked = [word for word in needed if "<!nocheck>" in word]
    built = package_names(",".join(word for word in needed if word not in checked))
    assert {name for name in built if not name.startswith(("debhelper", "dh-"))} == \
        listed("build") - {"build-essential"}
    assert package_names(",".join(checked)) == listed("unit")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The built .deb files. What is compiled already is not compiled again."""
    source = tmp_path_factory.mktemp("package") / "bootfs"
    source.mkdir()
    subprocess.run(f"tar -c --exclude=./build --exclude-vcs . | tar -C {source} -x", shell=True,
                   cwd=TOP, check=True)
    shutil.copytree(BUILD, source / "build" / BUILD.name, symlinks=True,
                    ignore=shutil.ignore_patterns("tests"))
    done = subprocess.run(["dpkg-buildpackage", "-b", "-nc", "-us", "-uc", "-Pnocheck"],
                          cwd=source, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(path for path in source.parent.glob("*.deb") if "-dbgsym" not in path.name)


@needs_release
def test_lintian_finds_nothing(packages):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *packages],
                          check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@needs_release
@needs_machine
def test_it_installs_works_upgrades_and_goes(packages, tmp_path):
    package_trial.run(tmp_path, packages, install=True)


XENS_PYGRUB = sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))
needs_xen = pytest.mark.skipif(not XENS_PYGRUB, reason="no pygrub of Xen's here (xen-utils)")
OURS = "/usr/bin/bootfs-pygrub"


class Names:
    """What pygrub is, on a machine with the packages and an installed Xen."""

    def __init__(self, root, packages):
        self.root = root
        self.folder = root.path / "packages"
        self.folder.mkdir()
        for path in packages:
            shutil.copy(path, self.folder)
        self.xens = XENS_PYGRUB[-1].read_bytes()
        self.works("dpkg", "-i", *self.packages("bootfs_*"))

    def packages(self, pattern):
        return [f"/packages/{p.name}" for p in sorted(self.folder.glob(pattern + ".deb"))]

    def works(self, *command):
        done = self.root.run(*command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def install(self):
        self.works("dpkg", "-i", *self.packages("bootfs-pygrub-default_*"))

    def at(self, path):
        return self.root.path / str(path).lstrip("/")

    def diversions(self):
        lines = self.works("dpkg-divert", "--list", "*/bin/pygrub").splitlines()
        return sorted(line.split()[2] for line in lines if "bootfs-pygrub-default" in line)

    def assert_ours(self, path=XENS_PYGRUB[-1] if XENS_PYGRUB else None, theirs=None):
        assert os.readlink(self.at(path)) == OURS
        assert self.works(path, "--version").startswith("bootfs-pygrub ")
        assert self.at(f"{path}.xen").read_bytes() == (theirs or self.xens)
        assert str(path) in self.diversions()

    def assert_xens(self):
        path = self.at(XENS_PYGRUB[-1])
        assert not path.is_symlink() and path.read_bytes() == self.xens
        assert not Path(f"{path}.xen").exists() and self.diversions() == []

    def fake_xen(self, version, content):
        """A package with the pygrub of a Xen that this host does not have."""
        tree = self.folder / f"tree-{version}"
        where = tree / "usr/lib/xen-4.23/bin"
        where.mkdir(parents=True)
        (where / "pygrub").write_text(content)
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/control").write_text(
            f"Package: xen-utils-4.23\nVersion: {version}\nArchitecture: all\n"
            "Maintainer: nobody <nobody@example.org>\nDescription: for a test\n")
        subprocess.run(["dpkg-deb", "-b", tree, self.folder / f"xen_{version}.deb"], check=True,
                       capture_output=True)
        self.works("dpkg", "-i", f"/packages/xen_{version}.deb")


@pytest.fixture(scope="module")
def machine_with_bootfs(packages, tmp_path_factory):
    with machine.Root(tmp_path_factory.mktemp("names")) as root:
        yield Names(root, packages)


@pytest.fixture
def names(machine_with_bootfs):
    """As it is after bootfs alone was installed."""
    machine_with_bootfs.assert_xens()
    yield machine_with_bootfs
    machine_with_bootfs.works("dpkg", "--purge", "bootfs-pygrub-default")
    machine_with_bootfs.assert_xens()


def about_the_name(test):
    return needs_release(needs_machine(needs_xen(test)))


@about_the_name
@pytest.mark.parametrize("how", ["--remove", "--purge"])
def test_the_name_pygrub_is_taken_and_given_back(names, how):
    names.install()
    names.assert_ours()
    names.install()  # an upgrade
    names.assert_ours()
    names.works("dpkg", how, "bootfs-pygrub-default")
    names.assert_xens()


@about_the_name
def test_a_failed_removal_leaves_the_name_taken(names):
    names.install()
    script = names.at("/var/lib/dpkg/info/bootfs-pygrub-default.prerm")
    good = script.read_text()
    script.write_text(good + "\nexit 1\n")
    assert names.root.run("dpkg", "--remove", "bootfs-pygrub-default").returncode != 0
    names.assert_ours()
    script.write_text(good)


@about_the_name
def test_a_xen_that_comes_changes_and_goes_is_followed(names):
    names.install()
    path = "/usr/lib/xen-4.23/bin/pygrub"
    names.fake_xen("1", "the first\n")
    names.assert_ours(path, b"the first\n")
    names.fake_xen("2", "the second\n")
    names.assert_ours(path, b"the second\n")
    names.assert_ours()
    names.works("dpkg", "--purge", "xen-utils-4.23")
    assert not names.at("/usr/lib/xen-4.23").exists()
    assert names.diversions() == [str(p) for p in XENS_PYGRUB]


@about_the_name
def test_an_administrators_diversion_is_left_alone(names):
    path = XENS_PYGRUB[-1]
    names.works("dpkg-divert", "--local", "--rename", "--add", path)
    names.at(path).write_text("the administrator's\n")
    names.install()
    assert names.at(path).read_text() == "the administrator's\n" and names.diversions() == []
    names.works("dpkg", "--purge", "bootfs-pygrub-default")
    assert names.at(path).read_text() == "the administrator's\n"
    names.at(path).unlink()
    names.works("dpkg-divert", "--local", "--rename", "--remove", path)


@about_the_name
def test_a_pygrub_put_in_our_links_place_is_kept(names):
    path = names.at(XENS_PYGRUB[-1])
    names.install()
    path.unlink()
    path.write_text("the administrator's\n")
    names.works("dpkg", "--remove", "bootfs-pygrub-default")
    saved = Path(f"{path}.saved")
    assert saved.read_text() == "the administrator's\n"
    saved.unlink()


@about_the_name
def test_compare_finds_xens_pygrub_under_its_other_name(names):
    names.install()
    done = names.root.run("sh", "-c", "mount -t proc proc /proc && "
                          "bootfs compare --runas=root /none; umount /proc")
    assert "not as root" in done.stderr, "it found none"
    for path in XENS_PYGRUB:
        names.at(f"{path}.xen").rename(names.at(f"{path}.away"))
    done = names.root.run("sh", "-c", "mount -t proc proc /proc && "
                          "bootfs compare --runas=root /none; umount /proc")
    for path in XENS_PYGRUB:
        names.at(f"{path}.away").rename(names.at(f"{path}.xen"))
    if not os.path.lexists(names.at("/usr/bin/pygrub")):
        assert "no pygrub of Xen's is installed" in done.stderr


def test_what_is_installed_by_hand_can_be_taken_away(tmp_path):
    variant, compiler = BUILD.name.rsplit("-", 1)
    command = ["make", "-s", "-C", TOP, f"V={variant}", f"CC={compiler}", f"DESTDIR={tmp_path}"]
    subprocess.run([*command, "install"], check=True)
    assert (tmp_path / "usr/local/bin/bootfs").exists()
    assert not [p for p in tmp_path.rglob("*") if p.name in ("pygrub", "pygrub.xen")]
    subprocess.run([*command, "uninstall"], check=True)
    left = [p.relative_to(tmp_path) for p in tmp_path.rglob("*") if not p.is_dir() or p.is_symlink()]
    assert left == [Path("etc/bootfs/bootfs.conf")]


@pytest.mark.parametrize("prefix, profile, said", [
    ("/usr/local", "usr.sbin.libvirtd", True), ("/opt/bootfs", "usr.sbin.virtxend", True),
    ("/usr", "usr.sbin.libvirtd", False), ("/usr/local", "usr.bin.man", False)])
def test_install_says_what_libvirts_apparmor_forbids(tmp_path, prefix, profile, said):
    (tmp_path / "etc/apparmor.d").mkdir(parents=True)
    (tmp_path / "etc/apparmor.d" / profile).touch()
    text = subprocess.run([TOP / "etc/after-install", prefix, tmp_path], check=True,
                          capture_output=True, text=True).stdout
    assert (f"    {prefix}/bin/bootfs-pygrub PUx,\n" in text) == said
    assert bool(text) == said

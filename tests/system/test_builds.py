# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds for hosts that have less: shared libraries only, no libxlutil, no libnbd. And what the
packages of other distributions install."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import BUILD, TOP, boot_files, bytes_like, domain

pytestmark = pytest.mark.skipif(BUILD.name != "release-gcc", reason="linked anew of a release build")
LESS = ["STATIC=-pie", "XL=no", "NBD=no"]


@pytest.fixture(scope="module")
def lean(tmp_path_factory):
    """What is compiled already is linked with the other settings."""
    build = tmp_path_factory.mktemp("lean") / "release-gcc"
    shutil.copytree(BUILD, build, symlinks=True, ignore=shutil.ignore_patterns("tests"))
    subprocess.run(["make", "-s", "-C", TOP, f"B={build}", *LESS], check=True, capture_output=True)
    return build


def libraries(program):
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return {Path(line.split("=> ")[-1].split()[0]) for line in said.splitlines() if "/" in line}


def imports(path):
    said = subprocess.run(["nm", "-D", "--undefined-only", path], check=True, capture_output=True,
                          text=True).stdout
    return {line.split()[-1].split("@")[0] for line in said.splitlines()}


def test_the_switches_leave_out_what_they_say(lean):
    names = {p.name for p in lean.iterdir() if p.name.startswith("bootfs") and p.suffix != ".map"}
    assert names == {"bootfs", "bootfs-admin", "bootfs-inspect", "bootfs-menu", "bootfs-pygrub"}


def test_nothing_is_loaded_once_the_sandbox_is_entered(lean):
    """Neither the inspector nor a library of its calls dlopen(); only the C library has it."""
    linked = libraries(lean / "bootfs-inspect")
    assert any(p.name.startswith("libext2fs") for p in linked), "it is static: this sees nothing"
    for path in [lean / "bootfs-inspect", *linked]:
        if not re.match(r"lib[cm]\.so|ld-", path.name):
            assert not imports(path) & {"dlopen", "dlmopen", "iconv_open", "getpwnam"}, path


FORMATS = {
    "ext4": "mke2fs -q -t ext4 -d {tree} {image} 64M",
    "squashfs-zstd": "mksquashfs {tree} {image} -comp zstd -quiet -no-progress",
    "squashfs-xz": "mksquashfs {tree} {image} -comp xz -quiet -no-progress",
    "squashfs-lzo": "mksquashfs {tree} {image} -comp lzo -quiet -no-progress",
    "squashfs-lz4": "mksquashfs {tree} {image} -comp lz4 -quiet -no-progress",
    "btrfs": "truncate -s 128M {image} && mkfs.btrfs -q --rootdir {tree} {image}",
}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_shared_inspector_reads_in_its_sandbox(lean, kind, start_bootfs, tmp_path):
    """Each library, called behind the filter: a call that its table lacks would kill."""
    tree, image = tmp_path / "tree", tmp_path / "disk"
    for name, content in boot_files(seed=3, kernel_size=200_000, initrd_size=300_000).items():
        where = tree / name.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content.encode() if isinstance(content, str) else content)
    subprocess.run(["sh", "-ec", FORMATS[kind].format(tree=tree, image=image)], check=True,
                   capture_output=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    mail = start_bootfs(domain("mail", image), programs=lean).mount / "mail"
    assert (mail / "entries/0/kernel").read_bytes() == bytes_like(3, 200_000)
    assert (mail / "entries/0/initrd").read_bytes() == bytes_like(5, 300_000)
    assert not (mail / "error").exists()


def test_images_say_what_is_missing(lean, start_bootfs, tmp_path):
    image = tmp_path / "guest.qcow2"
    image.write_bytes(b"QFI\xfb" + bytes(100_000))
    section = f"[domain mail]\ndisk = {image},qcow2,xvda,w\n"
    error = (start_bootfs(section, programs=lean).mount / "mail/error").read_text()
    assert "what reads disks that are not raw is not installed" in error and "NBD=no" in error


def test_xls_files_say_what_is_missing(lean, start_bootfs, guest, tmp_path):
    (tmp_path / "web.cfg").write_text(f'name = "web"\ndisk = [ "{guest("web")},raw,xvda,w" ]\n')
    bootfs = start_bootfs(domain("mail", guest("mail")), xl=f"{tmp_path}/*.cfg", programs=lean)
    assert "is not installed (make XL=no leaves it out): the domains of 1 xl files" in bootfs.said()
    assert (bootfs.mount / "mail/default/cmdline").exists()
    assert not (bootfs.mount / "web").exists()


def test_the_shared_wrapper_answers(lean, guest, tmp_path):
    done = subprocess.run([lean / "bootfs-pygrub", "-q", "--output-format=simple", "--bootfs=/none",
                           "--config=/none", f"--output-directory={tmp_path}", guest("mail")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "args root=/dev/xvda1 ro quiet\n" in done.stdout


# ---- packages --------------------------------------------------------------------------------

def installed(folder):
    return {"/" + str(p.relative_to(folder)) for p in folder.rglob("*")
            if p.is_symlink() or not p.is_dir()}


def test_the_specs_list_of_files_is_what_is_installed(lean, tmp_path):
    if not shutil.which("rpmspec"):
        pytest.skip("no rpmspec (Debian: rpm)")
    define = [f"-D{name} {value}" for name, value in (
        ("_unitdir", "/usr/lib/systemd/system"), ("_sysusersdir", "/usr/lib/sysusers.d"),
        ("_tmpfilesdir", "/usr/lib/tmpfiles.d"), ("_sbindir", "/usr/bin"),
        ("_libexecdir", "/usr/libexec"), ("_sysconfdir", "/etc"), ("_docdir", "/usr/share/doc"))]
    spec = subprocess.run(["rpmspec", "-P", *define, TOP / "packaging/fedora/bootfs.spec"],
                          check=True, capture_output=True, text=True).stdout
    build = tmp_path / "release-gcc"
    shutil.copytree(BUILD, build, symlinks=True, ignore=shutil.ignore_patterns("tests"))
    tree = tmp_path / "tree"
    subprocess.run(["make", "-s", "-C", TOP, f"B={build}", f"DESTDIR={tree}", "STATIC=-pie",
                    "PREFIX=/usr", "SBIN=/usr/bin", "UNITS=/usr/lib/systemd/system", "install"],
                   check=True, capture_output=True)
    found = installed(tree)
    listed = re.findall(r"^(?:%config\(noreplace\) )?(/\S+)$",
                        spec[spec.index("\n%files"):], re.M)
    assert len(listed) > 15
    for pattern in listed:
        assert list(tree.glob(pattern.lstrip("/"))), f"{pattern} is not installed"
    covered = {"/" + str(p.relative_to(tree)) for pattern in listed
               for top in tree.glob(pattern.lstrip("/"))
               for p in ([top] if not top.is_dir() else [top, *top.rglob("*")])}
    assert found <= covered, found - covered


@pytest.mark.parametrize("script, setup", [
    ("packaging/arch/PKGBUILD", 'mkdir -p "$srcdir"; ln -s "$TOP" "$srcdir/bootfs-$pkgver"; cd "$srcdir"'),
    ("packaging/alpine/APKBUILD", 'mkdir -p "$srcdir"; cp "$TOP"/packaging/alpine/*.initd "$srcdir"; cd "$TOP"')])
def test_a_package_functions_installs(script, setup, tmp_path):
    build = tmp_path / "release-gcc"
    shutil.copytree(BUILD, build, symlinks=True, ignore=shutil.ignore_patterns("tests"))
    environment = {**os.environ, "srcdir": str(tmp_path / "src"), "pkgdir": str(tmp_path / "pkg"),
                   "TOP": str(TOP), "MAKEFLAGS": f"B={build}"}
    done = subprocess.run(["bash", "-ec", f'. "$TOP/{script}"; {setup}; package'],
                          env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = installed(tmp_path / "pkg")
    assert {"/usr/bin/bootfs", "/usr/bin/bootfs-pygrub", "/usr/libexec/bootfs/bootfs-admin",
            "/etc/bootfs/bootfs.conf"} <= found
    if "alpine" in script:
        assert "/etc/init.d/bootfs" in found and not [p for p in found if "systemd" in p]
    else:
        assert not [p for p in found if "/sbin/" in p] and "/usr/bin/mount.fuse.bootfs" in found

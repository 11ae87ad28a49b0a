# SPDX-License-Identifier: GPL-2.0-or-later
"""Every file compiles with musl's headers."""

import glob
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-DFUSE_USE_VERSION=314", '-DBOOTFS_VERSION="musl"',
         "-Wall", "-Werror=implicit-function-declaration", "-fsyntax-only"]
# The headers of libraries and of the kernel: what belongs to no C library.
HEADERS = """linux asm asm-generic mtd xen jansson.h ini.h fuse3 ext2fs et com_err.h blkid uuid
    zlib.h zconf.h lzo zstd*.h zdict.h lzma lzma.h lz4*.h sodium sodium.h xxh*.h *curses*.h unctrl.h
    term.h cmocka*.h libnbd.h libxl*.h _libxl*.h xentoollog.h xen_list.h _xen_list.h"""
# What musl's own <crypt.h> declares, which Debian's package of musl leaves out.
CRYPT = """struct crypt_data { int initialized; char __buf[256]; };
char *crypt(const char *, const char *);
char *crypt_r(const char *, const char *, struct crypt_data *);
"""
# It stands between GRUB's own program, built for glibc, and that C library.
GLIBC_ONLY = {"tests/differential/grubshim.c"}


needs_musl = pytest.mark.skipif(not shutil.which("musl-gcc"),
                                reason="no musl-gcc (Debian's package musl-tools)")


@pytest.fixture(scope="module")
def headers(tmp_path_factory):
    """A folder with the libraries' headers, and none of glibc's."""
    folder = tmp_path_factory.mktemp("headers")
    for pattern in HEADERS.split():
        for where in ("/usr/include", *glob.glob("/usr/include/*-linux-gnu")):
            for path in glob.glob(f"{where}/{pattern}"):
                link = folder / os.path.basename(path)
                if not link.is_symlink():
                    link.symlink_to(path)
    (folder / "crypt.h").write_text(CRYPT)
    return folder


def compile_all(headers, sources):
    """What the compiler says of each file that does not compile."""
    def one(source):
        done = subprocess.run(["musl-gcc", *FLAGS, "-I", TOP, "-isystem", headers,
                               "-isystem", headers / "fuse3", source],
                              capture_output=True, text=True, check=False)
        return done.stderr if done.returncode else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [said for said in pool.map(one, sources) if said]


@needs_musl
def test_every_file_compiles_with_musls_headers(headers):
    sources = [p for p in TOP.glob("**/*.c") if p.relative_to(TOP).parts[0] != "build"
               and str(p.relative_to(TOP)) not in GLIBC_ONLY]
    assert len(sources) > 300
    assert compile_all(headers, sources) == []


@needs_musl
def test_glibcs_own_is_found_out(headers, tmp_path):
    source = tmp_path / "glibc.c"
    source.write_text("#include <sys/resource.h>\n__rlimit_resource_t resource;\n")
    assert "__rlimit_resource_t" in compile_all(headers, [source])[0]

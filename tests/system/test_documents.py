# SPDX-License-Identifier: GPL-2.0-or-later
"""README.md and doc/ tell the truth: the session is typed, the messages are provoked."""

import os
import re
import subprocess
import sys

import pytest
from conftest import BUILD, TOP, boot_files, domain
from wrapper import small_guest

sys.path.insert(0, str(TOP / "tests" / "support"))

from kernel_image import linux  # noqa: E402

# ---- README's session ---------------------------------------------------------------------------


def session():
    """README's session: [(command, the lines shown below it)]."""
    text = (TOP / "README.md").read_text().split("\n## A session\n")[1].split("\n## ")[0]
    steps, below = [], []
    for line in text.splitlines():
        if line.startswith("    # "):
            below = []
            steps.append((line[6:], below))
        elif line.startswith("    ") and line.strip():
            below.append(line.split())
        elif line.strip():
            below = []  # prose, and what may stand below it
    return steps


def environment_block():
    return ("# GRUB Environment Block\nsaved_entry=1>1\n".encode()).ljust(1024, b"#")


def mail_guest(folder):
    """The guest that the session looks at."""
    uuid = "3f0c2c1e-0d43-4a57-9d4e-2a3ffbb30c52"
    new, old = "6.1.0-18-amd64", "6.1.0-17-amd64"

    def entry(title, version):
        return (f"menuentry '{title}' {{\n\tlinux /boot/vmlinuz-{version} root=UUID={uuid} ro quiet\n"
                f"\tinitrd /boot/initrd.img-{version}\n}}\n")

    name = "Debian GNU/Linux"
    menu = ("load_env\nset default=\"${saved_entry}\"\nset timeout=5\n" + entry(name, new) +
            f"submenu 'Advanced options for {name}' {{\n" +
            entry(f"{name}, with Linux {new}", new) + entry(f"{name}, with Linux {old}", old) + "}\n")
    files = {"boot/grub/grub.cfg": menu, "boot/grub/grubenv": environment_block()}
    for version in (new, old):
        files[f"boot/vmlinuz-{version}"] = linux(version)
        files[f"boot/initrd.img-{version}"] = version
    return small_guest.make(folder, files, name="mail")


def show(command, bootfs, disks, folder):
    """What it prints, words of each line, with the paths of the session."""
    done = subprocess.run(["sh", "-c", command.replace("/tmp", str(folder))
                           .replace("/bootfs/", f"{bootfs.mount}/")
                           .replace("ls /bootfs", f"ls {bootfs.mount}")],
                          env={**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}",
                               "BOOTFS": str(bootfs.mount)},
                          capture_output=True, text=True, check=False, timeout=300)
    text = (done.stdout + done.stderr).replace(str(disks), "/dev/vg0")
    return [line.split() for line in text.splitlines()]


def test_the_readmes_session_is_what_is_seen(start_bootfs, tmp_path):
    disks = tmp_path / "disks"
    disks.mkdir()
    bootfs = start_bootfs(domain("mail", mail_guest(disks)), domain("web", disks / "web"))
    steps = session()
    assert len(steps) > 6
    assert steps[0] == ("bootfs", [])
    for command, shown in steps[1:]:
        seen = show(command, bootfs, disks, tmp_path)
        if command == "ls /bootfs":
            seen = [sum(seen, [])]  # one line on a terminal
        # Empty lines, and what a line of the README leaves out at its end, do not count.
        seen = [line for line in seen if line]
        for mine, its in zip(shown, seen):
            words = mine[:-1] if mine[-1] == "..." else mine
            if "logical" in mine:  # a path below /dev/vg0 gets a hint that a test's has not
                words = mine[:mine.index("logical")]
            assert [w.rstrip(";") for w in words] == [w.rstrip(";") for w in its[:len(words)]], command
        assert len(shown) == len(seen), command


# ---- doc/faq.md ---------------------------------------------------------------------------------


def without(*paths):
    return {path: content for path, content in boot_files().items() if path not in paths}


MESSAGES = {
    "no configuration": (without("/boot/grub/grub.cfg"), []),
    "no entries": ({**boot_files(), "/boot/grub/grub.cfg": "# nothing\n"}, []),
    "no kernel": (without("/boot/vmlinuz-1"), []),
    "no such kernel": (boot_files(), ["--kernel=/nope"]),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_the_faq_has_our_messages(what, guest, tmp_path):
    files, options = MESSAGES[what]
    image = guest("disk.img", files)
    assert said(image, tmp_path, *options) in (TOP / "doc/faq.md").read_text()


def said(image, folder, *options):
    """The wrapper's line about the disk, as the FAQ writes it."""
    (folder / "empty.conf").write_text("")
    done = subprocess.run([BUILD / "bootfs-pygrub", "-q", f"--output-directory={folder}",
                           f"--config={folder}/empty.conf", *options, image], check=False, text=True,
                          capture_output=True, env={**os.environ, "BOOTFS": str(folder)})
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1].removeprefix("bootfs-pygrub: ")
    return re.sub(r"in \d+ places", "in 54 places", last.replace(str(image), "DISK"))


def test_the_faq_has_our_messages_about_disks(guest, tmp_path):
    faq = (TOP / "doc/faq.md").read_text()
    (tmp_path / "empty.img").write_bytes(bytes(1 << 20))
    assert said(tmp_path / "empty.img", tmp_path) in faq
    assert said(tmp_path / "gone.img", tmp_path) in faq
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", guest("disk.img"),
                    tmp_path / "image.qcow2"], check=True)
    assert said(tmp_path / "image.qcow2", tmp_path) in faq


def test_every_option_of_the_wrapper_is_in_coming_from_pygrub():
    help_text = subprocess.run([BUILD / "bootfs-pygrub", "--help"], check=True, text=True,
                               capture_output=True).stdout
    document = (TOP / "doc/coming-from-pygrub.md").read_text()
    short = {"--quiet": "-q", "--interactive": "-i", "--list-entries": "-l", "--not-really": "-n"}
    for option in set(re.findall(r"--[a-z-]+", help_text)):
        assert short.get(option, option) in document, option


def test_links_between_the_documents_lead_somewhere():
    for page in [*TOP.glob("*.md"), *(TOP / "doc").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page}: {link}"


def test_a_configuration_of_the_documents_is_one(tmp_path):
    text = (TOP / "README.md").read_text().split("\n## Configure\n")[1].split("\n## ")[0]
    block = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    (tmp_path / "bootfs.conf").write_text(block)
    done = subprocess.run([BUILD / "bootfs", "--check", f"--config={tmp_path}/bootfs.conf"],
                          check=False, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr

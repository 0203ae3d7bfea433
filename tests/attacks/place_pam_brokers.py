# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The programs and files in the broker's place, for place_pam_inside.py."""

import ctypes
import os
import pwd
import shutil
import subprocess
import threading
from pathlib import Path

import progress

HERE = Path(__file__).resolve().parent
BROKER = "/usr/libexec/gss-winrm/gss-winrmd"
BOB = 3000                      # the uid of another user


def mount(source, target, kind, flags=0, options=""):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), str(target).encode(), kind.encode(), flags,
                  options.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def start(argv, **how):
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, **how)


class Rogue:
    """A program of a user's, or of bob's, in the broker's place."""
    all = []

    def __init__(self, name, argv, uid, **how):
        self.name, self.lines = name, []
        self.process = start(argv, user=uid, group=uid, extra_groups=[],
                             stdout=subprocess.PIPE, text=True, **how)
        self.ready = threading.Event()
        threading.Thread(target=self.read, daemon=True).start()
        self.all.append(self)

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if self.lines[-1] == "ready":
                self.ready.set()

    def count(self, word):
        return sum(line.startswith(word) for line in self.lines)


def rogue(name, directory, uid, kind=None, **how):
    more = [str(fd) for fd in how.get("pass_fds", ())]
    r = Rogue(name, [f"{HERE}/rogue_pam_broker.py", kind or name,
                     str(directory), *more], uid, **how)
    if not progress.wait_for(r.ready.is_set):
        raise RuntimeError(f"{name}: the rogue does not start")


def real(name, directory, uid):
    env = {"XDG_RUNTIME_DIR": str(directory.parent), "PATH": "/usr/bin:/bin"}
    start([BROKER, "--foreground"], user=uid, group=uid, extra_groups=[],
          env=env, stderr=subprocess.DEVNULL)
    progress.wait_for(lambda: status_of(uid).returncode == 0)


def status_of(uid):
    return subprocess.run(
        ["gss-winrm", "status"], user=uid, group=uid, extra_groups=[],
        env={"XDG_RUNTIME_DIR": f"/run/user/{uid}", "PATH": "/usr/bin:/bin"},
        text=True, capture_output=True, check=False)


def missing(name, directory, uid):
    """As systemd has it: a socket first, the program when somebody calls."""
    start(["systemd-socket-activate", "-l", f"{directory}/broker",
           "/usr/libexec/gss-winrm/is-not-there"], user=uid, group=uid,
          extra_groups=[], stderr=subprocess.DEVNULL)
    progress.wait_for(lambda: os.path.exists(f"{directory}/broker"))


def dead(name, directory, uid):
    rogue(name, directory, uid, "mute")
    Rogue.all[-1].process.kill()
    Rogue.all[-1].process.wait()


def another(name, directory, uid):
    """bob's socket in the user's directory."""
    for owner in (BOB, uid):
        for path in (directory.parent, directory):
            os.chown(path, owner, owner)
        if owner == BOB:
            rogue(name, directory, BOB, "good")


def squat(name, directory, uid):
    """No runtime directory, and bob was first where it is looked for then."""
    shutil.rmtree(directory.parent)
    mine = Path(f"/tmp/gss-winrm-{uid}")
    mine.mkdir(mode=0o700)
    os.chown(mine, BOB, BOB)
    rogue(name, mine, BOB, "good")


def link(name, directory, uid):
    """The user's name leads to what bob listens in."""
    mine = Path("/home/bob/there")
    mine.mkdir(mode=0o755)
    os.chown(mine, BOB, BOB)
    rogue(name, mine, BOB, "good")
    directory.rmdir()
    directory.symlink_to(mine)


def fuse(name, directory, uid):
    """The user mounts what never answers, as fusermount would for them."""
    fd = os.open("/dev/fuse", os.O_RDWR)
    mount("rogue", directory, "fuse", 6, f"fd={fd},rootmode=40700,"
          f"user_id={uid},group_id={uid}")
    rogue(name, directory, uid, pass_fds=(fd,))
    os.close(fd)


def fifo_directory(name, directory, uid):
    directory.rmdir()
    os.mkfifo(directory, 0o600)
    os.chown(directory, uid, uid)


# An account each.  What else is a kind of rogue_pam_broker.py.
PLACES = {
    "absent": lambda name, directory, uid: directory.rmdir(),
    "missing": missing,
    "dead": dead,
    "fifo": lambda name, directory, uid: os.mkfifo(directory / "broker"),
    "file": lambda name, directory, uid: (directory / "broker").touch(0o777),
    "fifodir": fifo_directory,
    "link": link,
    "squat": squat,
    "another": another,
    "fuse": fuse,
    "real": real,
}


def set_up(kind, name):
    uid = pwd.getpwnam(name).pw_uid
    directory = Path(f"/run/user/{uid}/gss-winrm")
    directory.mkdir(parents=True)
    for path in (directory.parent, directory):
        path.chmod(0o700)
        os.chown(path, uid, uid)
    PLACES.get(kind, rogue)(name, directory, uid)

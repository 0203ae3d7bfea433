# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The log and the terminal of who is attacked: what must stay clean."""

import re
import socket
import threading

# Not to be executed at the other end: C0 and DEL but for line feeds, C1 (in
# UTF-8, and as bytes of nothing), directions of writing, separators.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f"
                     "\u2028-\u202e\u2066-\u2069\ufffd\U000e0000-\U000e007f]")

# A /dev of its own with our socket as its log, for one process.
PRIVATE_DEV = """
set -e
mkdir -p "$1/dev"
mount -t tmpfs -o mode=755 dev "$1/dev"
for name in null zero full random urandom tty; do
    : >"$1/dev/$name"
    mount --bind "/dev/$name" "$1/dev/$name"
done
ln -s /proc/self/fd "$1/dev/fd"
mkdir "$1/dev/pts" "$1/dev/shm"
mount --bind /dev/pts "$1/dev/pts"
: >"$1/dev/log"
mount --bind "$1/log" "$1/dev/log"
mount --rbind "$1/dev" /dev
shift
exec "$@"
"""


class Log:
    """A syslog for processes that are started by argv()."""

    def __init__(self, t, name="syslog"):
        self.dir = t.dir / name
        self.dir.mkdir()
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        t.defer(self.socket.close)
        self.socket.bind(str(self.dir / "log"))
        (self.dir / "log").chmod(0o666)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while True:
                self.lines.append(self.socket.recv(65536))
        except OSError:
            pass

    def argv(self, argv):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                PRIVATE_DEV, "sh", self.dir, *argv]

    def text(self):
        """The messages of all lines, without time and program."""
        return [re.sub(r"^<\d+>.{15} [^ :]+: ", "",
                       line.decode("utf-8", "replace")) for line in self.lines]


def controls(data):
    """What of bytes a terminal would not print, as text to be read; ""."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return " ".join(f"U+{ord(c):04X} in {text[max(0, m - 30):m + 30]!r}"
                    for m, c in ((f.start(), f.group())
                                 for f in CONTROL.finditer(text)))

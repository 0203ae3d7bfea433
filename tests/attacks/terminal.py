# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""a gateway that has been taken over types into the shell that started it

The real gateway, started on a real terminal in each of the three ways, runs
the attacker's code (rogue_gateway.c) when it has confined itself.  Where the
kernel lets nobody type (dev.tty.legacy_tiocsti = 0), the attack fails without
us; so what counts is also what the attacker finds: no terminal among its
descriptors, none to be opened, and that the sandbox refuses the calls (ENOSYS,
which no terminal says).
"""

import re

from place_user import Terminal, User, compile_c, told

REFUSED = "Function not implemented"


WAYS = {
    "run": ("{cli} run -- sh -c 'echo http://${{http_proxy#*//}}/; cat'",
            rb"http://127\.0\.0\.1:(\d+)/", b"\x04"),
    "forward": ("{cli} forward --listen 0 web01.attack.test",
                rb"http://127\.0\.0\.1:(\d+)/wsman", b"\x03"),
    "by itself": ("{gateway} --listen 127.0.0.1:0",
                  rb"listening on 127\.0\.0\.1 port (\d+)", b"\x03"),
}


def one_way(t, user, library, how):
    line, address, end = WAYS[how]
    owned = user.dir / "owned"
    shell = Terminal(user, ["sh", "-i"])
    shell.expect(b"$ ")
    # The broker first: it is what a gateway by itself has to find.
    shell.write(f"{user.program} run true; echo rea''dy\n".encode())
    start = shell.expect(b"ready")
    shell.write(f"LD_PRELOAD={library} ".encode() +
                line.format(cli=user.program, gateway=user.gateway).encode() +
                b"; echo ov''er $?\n")
    while not (found := re.search(address, shell.seen[start:])):
        if not shell.read():
            raise RuntimeError(shell.seen)
    report = told(("127.0.0.1", int(found[1])))
    lines = report.splitlines()
    found = [x for x in lines if "done" in x or "terminal" in x or
             x.startswith("open /dev/tty:")]
    t.rogue(f"{how}: " + "; ".join(found))
    t.ok(lines[-1:] == ["end"] and "Seccomp:\t2" in lines,
         f"{how}: the attacker runs inside the sandbox", report)
    t.ok(not any("(terminal)" in x for x in lines) and
         "session own, controlling terminal 0" in lines,
         f"{how}: it has no terminal, and a session of its own",
         "\n".join(found))
    t.ok(not re.search(r"^open /dev/\S+: done", report, re.M),
         f"{how}: it can open none", "\n".join(found))
    calls = [x for x in lines
             if x.startswith(("type", "paste", "foreground", "control"))]
    t.ok(len(calls) > 12 and all(x.endswith(REFUSED) for x in calls),
         f"{how}: the sandbox refuses each way to type, also with high bits",
         "\n".join(x for x in calls if not x.endswith(REFUSED)))
    # The shell goes on, and would do what was typed.
    shell.write(end)
    over = shell.expect(b"over ", start)
    shell.write(b"echo sti''ll\n")
    shell.expect(b"still", over)
    status = re.match(rb"over (\d+)", shell.seen[over:])
    t.ok(status and status[1] == b"0", f"{how}: ends as always",
         shell.seen[start:])
    typed = owned.exists()
    t.rogue(f"{how}: got " + ("a command into the shell" if typed else
                              "nothing"))
    t.ok(not typed, f"{how}: nothing was typed into the shell",
         shell.seen[start:])
    t.ok(b"\x1b]0;owned" not in shell.seen and b"\x1b[6n" not in shell.seen,
         f"{how}: it gives the terminal no orders", shell.seen[start:])
    owned.unlink(missing_ok=True)
    shell.end()


def attack(t):
    user = User(t, "victim")
    library = compile_c(t.source / "tests/attacks/rogue_gateway.c",
                        user.dir / "rogue.so", "-shared", "-fPIC", "-ldl")
    for how in WAYS:
        one_way(t, user, library, how)

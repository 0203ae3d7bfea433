# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""TAP on stdout, with the reasons under what failed."""

import sys
import time


class Report:
    def __init__(self):
        self.count = self.failed = 0
        self.start = time.monotonic()

    def say(self, text=""):
        print(f"# {text}".rstrip(), flush=True)

    def ok(self, name, problems=(), note=None):
        """One test: it passed if there are no problems."""
        self.count += 1
        problems = list(problems)
        if problems:
            self.failed += 1
        suffix = f" - {note}" if note else ""
        print(f"{'not ok' if problems else 'ok'} {self.count} - "
              f"{name}{suffix}")
        for problem in problems:
            for line in str(problem).splitlines():
                print(f"#   {line}")
        sys.stdout.flush()

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    def finish(self):
        print(f"1..{self.count}")
        elapsed = time.monotonic() - self.start
        self.say(f"{self.count - self.failed} of {self.count} passed "
                 f"in {elapsed:.0f} s")
        return 1 if self.failed else 0

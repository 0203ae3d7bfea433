# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""WinRS (MS-WSMV 3.1.4): shells, and commands in them as real processes.

Commands run under /bin/sh as `nobody`.  Just enough of cmd.exe's manners is
mapped for the clients' usual test commands: %NAME% is a variable, `cmd /c`
and `powershell -EncodedCommand` are unwrapped, hostname and whoami say what
they would say on the host.
"""

import base64
import os
import pwd
import re
import signal
import subprocess
import threading
from xml.sax.saxutils import escape, quoteattr

from .logon import Profile
from .soap import RSP, Fault, new_id, response

CMD_RESOURCE = RSP + "/cmd"
STATE = RSP + "/CommandState/"
ACCOUNT = "nobody"
# A logon over the network has nothing to show to a third host.
NO_TICKETS = "FILE:/nonexistent/ccache"
PRELUDE = """\
hostname() { printf '%s\\n' "$COMPUTERNAME"; }
whoami() { printf '%s\\n' "$USERDOMAIN\\\\$USERNAME"; }
"""


def to_sh(line):
    """A command line as /bin/sh understands it."""
    line = line.strip()
    unwrapped = re.match(r"(?i)cmd(?:\.exe)?\s+/c\s+(.*)", line, re.S)
    if unwrapped:
        return to_sh(unwrapped[1].strip().strip('"'))
    encoded = re.match(
        r"(?i)powershell(?:\.exe)?\s.*-encodedcommand\s+(\S+)\s*$", line, re.S)
    if encoded:
        try:
            return to_sh(base64.b64decode(encoded[1]).decode("utf-16-le"))
        except ValueError:
            raise Fault.bad_schema("EncodedCommand") from None
    return re.sub(r"%([A-Za-z_][A-Za-z0-9_]*)%", r"${\1}", line)


class Command:
    """A running process and what it has written so far."""

    def __init__(self, line, environment, directory):
        self.id = new_id()
        self.news = threading.Condition()
        self.output = {"stdout": b"", "stderr": b""}
        self.open_streams = 2
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", PRELUDE + to_sh(line)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=directory,
            env=environment, user=ACCOUNT, group="nogroup", extra_groups=[],
            start_new_session=True)
        for name in self.output:
            threading.Thread(target=self.pump, args=(name,),
                             daemon=True).start()

    def pump(self, name):
        stream = getattr(self.process, name)
        while data := os.read(stream.fileno(), 65536):
            with self.news:
                self.output[name] += data
                self.news.notify_all()
        stream.close()
        with self.news:
            self.open_streams -= 1
            if self.open_streams == 0:
                self.process.wait()
            self.news.notify_all()

    @property
    def done(self):
        return self.open_streams == 0

    def receive(self, timeout):
        """(output since last time, exit code or None); Fault when nothing
        happens within the timeout."""
        with self.news:
            self.news.wait_for(
                lambda: self.done or any(self.output.values()), timeout)
            if not self.done and not any(self.output.values()):
                raise Fault.timed_out()
            output, self.output = self.output, {"stdout": b"", "stderr": b""}
            code = self.process.returncode if self.done else None
        # A process that was ended by a signal: as Windows' terminated ones.
        return output, 1 if code is not None and code < 0 else code

    def send(self, data, end):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
            if end:
                self.process.stdin.close()
        except (BrokenPipeError, ValueError):
            pass    # it has ended, or its input was closed: nothing to tell

    def terminate(self):
        if self.process.returncode is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Shell:
    def __init__(self, host, directory, caller, node):
        self.id = new_id()
        owner = self.owner = caller.name
        self.commands = {}
        self.directory = "/"
        user, _, realm = owner.partition("@")
        self.environment = {
            "PATH": f"{directory}/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
            "KRB5_CONFIG": f"{directory}/krb5.conf", "KRB5CCNAME": NO_TICKETS,
            "COMPUTERNAME": host.name.upper(),
            "USERDOMAIN": realm.split(".")[0], "USERNAME": user}
        for variable in node.iter(f"{{{RSP}}}Variable"):
            self.environment[variable.get("Name")] = variable.text or ""
        self.profile = None
        if caller.tickets:
            self.profile = Profile(directory, caller.tickets,
                                   pwd.getpwnam(ACCOUNT))
            self.environment.update(self.profile.environment)
        wanted = node.findtext(f"{{{RSP}}}WorkingDirectory")
        if wanted and os.path.isdir(wanted):
            self.directory = wanted

    def command(self, command_id):
        try:
            return self.commands[(command_id or "").upper()]
        except KeyError:
            raise Fault.no_shell() from None

    def close(self):
        for command in self.commands.values():
            command.terminate()
        if self.profile:
            self.profile.close()


class Service:
    """All shells of one host, by action."""

    def __init__(self, host, directory):
        self.host = host
        self.directory = directory
        self.shells = {}
        self.actions = {
            "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create":
                self.create,
            "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete":
                self.delete,
            RSP + "/Command": self.run,
            RSP + "/Receive": self.receive,
            RSP + "/Send": self.send,
            RSP + "/Signal": self.signal,
        }

    def handle(self, request, caller):
        action = self.actions.get(request.action)
        if action is None:
            raise Fault.bad_action()
        if request.resource != CMD_RESOURCE:
            raise Fault.bad_resource()
        return response(request, action(request, caller))

    def shell(self, request, caller):
        shell = self.shells.get(request.shell_id)
        if shell is None or shell.owner != caller.name:
            raise Fault.no_shell()
        return shell

    def create(self, request, caller):
        shell = Shell(self.host, self.directory, caller,
                      request.element("Shell"))
        self.shells[shell.id] = shell
        return (
            "<x:ResourceCreated><a:Address>"
            f"http://{self.host.fqdn}:5985/wsman</a:Address>"
            "<a:ReferenceParameters>"
            f"<w:ResourceURI>{CMD_RESOURCE}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell.id}</w:Selector>'
            "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId>"
            f"<rsp:ResourceUri>{CMD_RESOURCE}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(caller.name)}</rsp:Owner>"
            "<rsp:InputStreams>stdin</rsp:InputStreams>"
            "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams>"
            "</rsp:Shell>")

    def delete(self, request, caller):
        self.shell(request, caller).close()
        del self.shells[request.shell_id]
        return ""

    def run(self, request, caller):
        shell = self.shell(request, caller)
        node = request.element("CommandLine")
        words = [node.findtext(f"{{{RSP}}}Command") or ""]
        words += [n.text or "" for n in node.iter(f"{{{RSP}}}Arguments")]
        command = Command(" ".join(words), shell.environment, shell.directory)
        shell.commands[command.id] = command
        return (f"<rsp:CommandResponse><rsp:CommandId>{command.id}"
                "</rsp:CommandId></rsp:CommandResponse>")

    def receive(self, request, caller):
        shell = self.shell(request, caller)
        stream = request.element("Receive").find(f"{{{RSP}}}DesiredStream")
        if stream is None:
            raise Fault.bad_schema("no rsp:DesiredStream")
        command = shell.command(stream.get("CommandId"))
        output, code = command.receive(request.timeout)
        which = f"CommandId={quoteattr(command.id)}"
        body = "".join(
            f'<rsp:Stream Name="{name}" {which}>'
            f"{base64.b64encode(data).decode()}</rsp:Stream>"
            for name, data in output.items() if data)
        if code is None:
            state = f'<rsp:CommandState {which} State="{STATE}Running"/>'
        else:
            body += "".join(f'<rsp:Stream Name="{name}" {which} End="true"/>'
                            for name in output)
            state = (f'<rsp:CommandState {which} State="{STATE}Done">'
                     f"<rsp:ExitCode>{code}</rsp:ExitCode></rsp:CommandState>")
        return f"<rsp:ReceiveResponse>{body}{state}</rsp:ReceiveResponse>"

    def send(self, request, caller):
        shell = self.shell(request, caller)
        for stream in request.element("Send").iter(f"{{{RSP}}}Stream"):
            shell.command(stream.get("CommandId")).send(
                base64.b64decode(stream.text or ""),
                (stream.get("End") or "").lower() == "true")
        return "<rsp:SendResponse/>"

    def signal(self, request, caller):
        shell = self.shell(request, caller)
        node = request.element("Signal")
        command = shell.command(node.get("CommandId"))
        command.terminate()
        code = (node.findtext(f"{{{RSP}}}Code") or "").lower()
        if code.endswith("terminate"):
            del shell.commands[command.id]
        return "<rsp:SignalResponse/>"

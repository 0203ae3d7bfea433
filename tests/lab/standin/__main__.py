"""`python3 -m standin DIR`: all WinRM hosts of the lab in DIR."""

import signal
import sys
import threading

import hosts
from .auth import Log
from .server import Listener
from .shells import Service


def main():
    directory = sys.argv[1]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log = Log(f"{directory}/standin.jsonl")
    services = []
    for host in hosts.HOSTS:
        service = Service(host)
        services.append(service)
        for port in (5985, 5986):
            Listener(host, port, service, directory, log).start()
    stop.wait()
    for service in services:
        for shell in service.shells.values():
            shell.close()


if __name__ == "__main__":
    main()

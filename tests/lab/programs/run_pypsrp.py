"""run_pypsrp.py URL AUTH SERVICE COMMAND: WinRS with pypsrp; AUTH is
negotiate or kerberos, SERVICE its negotiate_service option (`default`: what
pypsrp takes of itself)."""

import os
import sys
from urllib.parse import urlparse

from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

url, auth, service, command = sys.argv[1:5]
where = urlparse(url)
options = {} if service == "default" else {"negotiate_service": service}
with WSMan(where.hostname, port=where.port, ssl=where.scheme == "https",
           auth=auth, cert_validation=os.environ["LAB_CA"],
           **options) as wsman:
    with WinRS(wsman) as shell:
        process = Process(shell, command)
        process.invoke()
        process.signal(SignalCode.TERMINATE)
sys.stdout.write(process.stdout.decode())
sys.stderr.write(process.stderr.decode())
sys.exit(process.rc)

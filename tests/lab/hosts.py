"""What is in the lab: the one table that the domain, the servers and the
tests are made from.

Every host has an address of its own in 127/8 inside the lab's network
namespace.  A host in `conflict` has its HTTP/<fqdn> registered to the
service account, as where IIS application pools run as a domain account.
"""

from dataclasses import dataclass, field

REALM = "CORP.EXAMPLE.COM"
WORKGROUP = "CORP"
DOMAIN = "corp.example.com"
DC_NAME = "dc1"
DC_ADDRESS = "127.0.0.10"

USER = "alice"
SERVICE_ACCOUNT = "svc-iis"
# The lab is reachable from its own namespace only and lives for minutes.
PASSWORD = "Gss-WinRM-lab-1!"


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    conflict: bool
    wsman: bool = True          # WSMAN/ registered, as the WinRM service does
    port_form: bool = False     # HTTP/<fqdn>:5985 registered by hand
    aliases: tuple = field(default=())   # further names with the same address

    @property
    def fqdn(self):
        return f"{self.name}.{DOMAIN}"

    @property
    def account(self):
        return f"{self.name.upper()}$"

    def spns(self):
        """What is registered to the machine account."""
        classes = ["HOST"] + (["WSMAN"] if self.wsman else [])
        spns = [f"{c}/{n}" for c in classes for n in (self.name, self.fqdn)]
        if self.port_form:
            spns += [f"HTTP/{self.fqdn}:{port}" for port in (5985, 5986)]
        return spns


HOSTS = [
    Host("web01", "127.0.0.11", conflict=True),
    Host("web02", "127.0.0.12", conflict=False),
    Host("web03", "127.0.0.13", conflict=True, aliases=("files",)),
    Host("web04", "127.0.0.14", conflict=True, wsman=False),
    Host("web05", "127.0.0.15", conflict=True, port_form=True),
]
BY_NAME = {h.name: h for h in HOSTS}
BY_ADDRESS = {h.address: h for h in HOSTS}

# A cluster name resolves to all its nodes and has no machine account.
CLUSTER = "web"
CLUSTER_FQDN = f"{CLUSTER}.{DOMAIN}"
CLUSTER_NODES = [BY_NAME["web01"], BY_NAME["web02"]]


def service_account_spns():
    names = [CLUSTER, CLUSTER_FQDN] + [h.fqdn for h in HOSTS if h.conflict]
    return [f"HTTP/{n}" for n in names]


def dns_records():
    """(name, addresses) for every name in the domain but the DC's."""
    for host in HOSTS:
        for name in (host.name, *host.aliases):
            yield name, [host.address]
    yield CLUSTER, [h.address for h in CLUSTER_NODES]


def site_keytabs(host):
    """Whose keys the web site on port 80 has: the service account's where
    that owns the name, the machine's where it does not.  A cluster node
    without a conflict of its own answers to both names."""
    owners = [] if host.conflict else [host.account]
    if host.conflict or host in CLUSTER_NODES:
        owners.append(SERVICE_ACCOUNT)
    return owners

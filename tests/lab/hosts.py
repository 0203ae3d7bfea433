# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
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
BASE_DN = ",".join(f"DC={part}" for part in DOMAIN.split("."))
DC_NAME = "dc1"
DC_ADDRESS = "127.0.0.10"

USER = "alice"
OTHER_USER = "bob"              # as good a user as alice, and not alice
SERVICE_ACCOUNT = "svc-iis"
# Named after what the domain has against them.
TROUBLED = ("expired", "locked", "mustchange", "disabled")
# Has a password that no process of the tests knows: DIR/secret, made anew
# for every lab, is for `gss-winrm login --stdin` and for the search in all
# processes' memory.
SECRET_USER = "carol"
# Everybody else's, whatever their state.
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


@dataclass(frozen=True)
class Balanced:
    """A cluster's name with one virtual address: a TCP balancer leads to the
    nodes in turn, and no client can see to which."""
    name: str
    address: str
    nodes: tuple

    @property
    def fqdn(self):
        return f"{self.name}.{DOMAIN}"


# krb5.conf lists the nodes of `vweb` for both: `vodd` leads elsewhere.
BALANCED = [
    Balanced("vweb", "127.0.0.20", ("web01", "web02")),
    Balanced("vodd", "127.0.0.21", ("web03",)),
]


def names_of(host):
    """All names that a host is reached by."""
    names = [host.name, *host.aliases]
    if host in CLUSTER_NODES:
        names.append(CLUSTER)
    names += [b.name for b in BALANCED if host.name in b.nodes]
    return [n for name in names for n in (name, f"{name}.{DOMAIN}")]


def service_account_spns():
    names = [CLUSTER, CLUSTER_FQDN] + [h.fqdn for h in HOSTS if h.conflict]
    names += [b.fqdn for b in BALANCED]
    return [f"HTTP/{n}" for n in names]


def dns_records():
    """(name, addresses) for every name in the domain but the DC's."""
    for host in HOSTS:
        for name in (host.name, *host.aliases):
            yield name, [host.address]
    yield CLUSTER, [h.address for h in CLUSTER_NODES]
    for balanced in BALANCED:
        yield balanced.name, [balanced.address]


def listening():
    """(address, port) of everything that has to be up."""
    for host in HOSTS:
        yield from ((host.address, port) for port in (80, 5985, 5986))
    for balanced in BALANCED:
        yield from ((balanced.address, port) for port in (5985, 5986))


def private_entry(user):
    """The DN of a directory entry that only that user may read, and the
    description that is there to read."""
    return f"CN=private-{user},CN=Users,{BASE_DN}", f"for {user} only"


def site_keytabs(host):
    """Whose keys the web site on port 80 has: the service account's where
    that owns the name, the machine's where it does not.  A cluster node
    without a conflict of its own answers to both names."""
    owners = [] if host.conflict else [host.account]
    if host.conflict or host in CLUSTER_NODES:
        owners.append(SERVICE_ACCOUNT)
    return owners

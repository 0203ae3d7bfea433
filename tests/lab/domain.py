#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Make the lab's Active Directory domain: `domain.py DIR`.

Provisions a Samba AD DC below DIR/samba and fills its database before the
server runs: accounts, service principal names, DNS.  Keytabs go to
DIR/keytabs.  Doing all of it in one process on the local database takes a
second; the same through samba-tool takes one per account.
"""

import logging
import os
import sys
import time

import ldb
from samba import dsdb, enable_net_export_keytab, unix2nttime
from samba.auth import system_session
from samba.dcerpc import security
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.ndr import ndr_pack, ndr_unpack
from samba.net import Net
from samba.param import LoadParm
from samba.provision import provision
from samba.provision.sambadns import ARecord
from samba.samdb import SamDB

import hosts

SMB_CONF = """\
[global]
    workgroup = {workgroup}
    realm = {realm}
    netbios name = {netbios}
    server role = active directory domain controller
    server services = ldap, kdc, dns
    interfaces = {address}/8
    bind interfaces only = yes
    dns forwarder =
    allow dns updates = disabled
    log file = {dir}/log.%m
    logging = file
    # Two domain controllers on one machine must share no directory.
    private dir = {dir}/private
    lock directory = {dir}/lock
    state directory = {dir}/state
    cache directory = {dir}/cache
    binddns dir = {dir}/bind-dns
    pid directory = {dir}/run
    ncalrpc dir = {dir}/run/ncalrpc
    winbindd socket directory = {dir}/run/winbindd
    ntp signd socket directory = {dir}/run/ntp
    usershare path =
    panic action =

[sysvol]
    path = {dir}/state/sysvol
    read only = no

[netlogon]
    path = {dir}/state/sysvol/{domain}/scripts
    read only = no
"""


def write_smb_conf(directory):
    for sub in ("", "private", "lock", "state", "cache", "bind-dns", "run"):
        os.makedirs(os.path.join(directory, sub), mode=0o700, exist_ok=True)
    path = os.path.join(directory, "smb.conf")
    with open(path, "w") as f:
        f.write(SMB_CONF.format(
            dir=directory, workgroup=hosts.WORKGROUP, realm=hosts.REALM,
            netbios=hosts.DC_NAME.upper(), address=hosts.DC_ADDRESS,
            domain=hosts.DOMAIN))
    return path


def provision_domain(smb_conf):
    log = logging.getLogger("provision")
    log.setLevel(logging.ERROR)
    provision(log, system_session(), smbconf=smb_conf,
              realm=hosts.REALM, domain=hosts.WORKGROUP,
              hostname=hosts.DC_NAME, hostip=hosts.DC_ADDRESS,
              adminpass=hosts.PASSWORD, serverrole="active directory domain "
              "controller", dns_backend="SAMBA_INTERNAL", use_ntvfs=True,
              dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2)


def add_accounts(sam, secret):
    for user in (hosts.USER, hosts.OTHER_USER, hosts.SERVICE_ACCOUNT,
                 *hosts.TROUBLED):
        sam.newuser(user, hosts.PASSWORD)
    sam.newuser(hosts.SECRET_USER, secret)
    for host in hosts.HOSTS:
        sam.newcomputer(host.name.upper(),
                        service_principal_name_list=host.spns())
        # Without a password of its own the KDC has no keys for it.
        sam.setpassword(f"(sAMAccountName={host.account})",
                        f"{host.name}{hosts.PASSWORD}", False)


def set_attribute(sam, user, name, value, controls=None):
    res = sam.search(expression=f"(sAMAccountName={user})", attrs=[])
    message = ldb.Message(res[0].dn)
    message[name] = ldb.MessageElement(str(value), ldb.FLAG_MOD_REPLACE, name)
    sam.modify(message, controls)


def add_troubles(sam):
    """hosts.TROUBLED, each with what its name says."""
    # 42 days is what a password lives in a new domain.
    year = 365 * 86400 * 10**7
    now = unix2nttime(int(time.time()))
    set_attribute(sam, "expired", "pwdLastSet", now - year,
                  [f"local_oid:{dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID}:0",
                   "relax:0"])
    set_attribute(sam, "locked", "lockoutTime", now)
    set_attribute(sam, "mustchange", "pwdLastSet", 0)
    set_attribute(sam, "disabled", "userAccountControl",
                  dsdb.UF_NORMAL_ACCOUNT | dsdb.UF_ACCOUNTDISABLE)


def add_private_entries(sam):
    """For the second hop: nobody but the user (and administrators) may read
    these, so who reads one is that user, there."""
    domain = security.dom_sid(sam.get_domain_sid())
    for user in (hosts.USER, hosts.OTHER_USER, hosts.SECRET_USER):
        found = sam.search(expression=f"(sAMAccountName={user})",
                           attrs=["objectSid"])
        sid = ndr_unpack(security.dom_sid, found[0]["objectSid"][0])
        acl = security.descriptor.from_sddl(
            f"D:P(A;;GA;;;DA)(A;;GA;;;SY)(A;;RPLCLORC;;;{sid})", domain)
        dn, text = hosts.private_entry(user)
        sam.add({"dn": dn, "objectClass": "container", "description": text,
                 "nTSecurityDescriptor": ndr_pack(acl)})


def register(sam, account, spns):
    res = sam.search(expression=f"(sAMAccountName={account})",
                     scope=ldb.SCOPE_SUBTREE, attrs=[])
    message = ldb.Message(res[0].dn)
    message["servicePrincipalName"] = ldb.MessageElement(
        spns, ldb.FLAG_MOD_ADD, "servicePrincipalName")
    sam.modify(message)


def add_spns(sam):
    # The conflict: the web sites' names belong to the service account.
    register(sam, hosts.SERVICE_ACCOUNT, hosts.service_account_spns())
    # What the domain controller's own services would register in time.
    register(sam, f"{hosts.DC_NAME.upper()}$",
             [f"ldap/{n}" for n in (hosts.DC_NAME,
                                    f"{hosts.DC_NAME}.{hosts.DOMAIN}")])


def add_dns(sam):
    zone = (f"DC={hosts.DOMAIN},CN=MicrosoftDNS,DC=DomainDnsZones,"
            f"{sam.domain_dn()}")
    for name, addresses in hosts.dns_records():
        message = ldb.Message(ldb.Dn(sam, f"DC={name},{zone}"))
        message["objectClass"] = ["top", "dnsNode"]
        message["dnsRecord"] = ldb.MessageElement(
            [ndr_pack(ARecord(a)) for a in addresses],
            ldb.FLAG_MOD_ADD, "dnsRecord")
        sam.add(message)


def export_keytabs(lp, directory):
    enable_net_export_keytab()
    net = Net(None, lp)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    for host in hosts.HOSTS:
        net.export_keytab(keytab=os.path.join(directory, host.name),
                          principal=host.account)
        for owner in hosts.site_keytabs(host):
            net.export_keytab(
                keytab=os.path.join(directory, f"{host.name}-site"),
                principal=owner)


def main():
    directory = os.path.abspath(sys.argv[1])
    smb_conf = write_smb_conf(os.path.join(directory, "samba"))
    provision_domain(smb_conf)
    lp = LoadParm()
    lp.load(smb_conf)
    sam = SamDB(url=lp.samdb_url(), session_info=system_session(), lp=lp)
    sam.transaction_start()
    with open(f"{directory}/secret") as f:
        add_accounts(sam, f.readline().strip())
    add_dns(sam)
    sam.transaction_commit()
    add_troubles(sam)
    add_private_entries(sam)
    add_spns(sam)
    export_keytabs(lp, os.path.join(directory, "keytabs"))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Write the lab's configuration files and certificates: `configs.py DIR`.

krb5.conf is what a Debian user has (krb5-config's defaults; the KDC is found
through DNS), and reads DIR/krb5.conf.d, where the plugin's policy goes.
"""

import datetime
import ipaddress
import os
import secrets
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import hosts

KRB5_CONF = """\
[libdefaults]
    default_realm = {realm}
    kdc_timesync = 1
    ccache_type = 4
    forwardable = true
    proxiable = true
    rdns = false
"""

HERE = os.path.dirname(os.path.abspath(__file__))

# What an administrator writes for names that say nothing about a machine.
# (libkrb5 reads a section only when its braces are on lines of their own.)
POLICY = """\
[appdefaults]
    winrm = {{
        targets = {{
            {ip} = {{
                host = {host}
            }}
            {alias} = {{
                host = {host}
            }}
            {cluster} = {{
                nodes = {nodes}
            }}
        }}
    }}
"""

APACHE_MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user",
                  "dir", "auth_gssapi")

APACHE_CONF = """\
ServerRoot {dir}/apache
ServerName localhost
PidFile {dir}/apache/pid
DefaultRuntimeDir {dir}/apache
ErrorLog {dir}/apache/error.log
# The Authorization header says which ticket the client sent; the tests read
# its (unencrypted) service name.  The tickets are worth nothing elsewhere.
LogFormat "%A\\t%>s\\t%u\\t%{{Authorization}}i" tickets
CustomLog {dir}/apache/access.log tickets
User www-data
Group www-data
"""

APACHE_SITE = """\
Listen {address}:80
<VirtualHost {address}:80>
    DocumentRoot {dir}/sites/{name}
    <Location />
        AuthType GSSAPI
        AuthName "{name}"
        GssapiCredStore keytab:{dir}/keytabs/{name}-site
        GssapiConnectionBound On
        Require valid-user
    </Location>
</VirtualHost>
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def write_network(directory):
    """For /etc/netns/NAME: the DC is the only name server."""
    write(f"{directory}/netns/resolv.conf",
          f"nameserver {hosts.DC_ADDRESS}\nsearch {hosts.DOMAIN}\n")
    # As systemd's resolver and nss-myhostname answer for *.localhost.
    names = [h.fqdn for h in (*hosts.HOSTS, *hosts.BALANCED)]
    write(f"{directory}/netns/hosts", "127.0.0.1 localhost\n" + "".join(
        f"127.0.0.1 {name}.localhost\n" for name in names))
    write(f"{directory}/netns/nsswitch.conf",
          "passwd: files\ngroup: files\nhosts: files dns\n")


def write_krb5(directory):
    web03 = hosts.BY_NAME["web03"]
    plain = KRB5_CONF.format(realm=hosts.REALM)
    write(f"{directory}/krb5.plain.conf", plain)
    write(f"{directory}/krb5.conf",
          f"includedir {directory}/krb5.conf.d\n\n{plain}")
    write(f"{directory}/krb5.conf.d/gss-winrm.conf", POLICY.format(
        ip=web03.address, host=web03.fqdn,
        alias=f"{web03.aliases[0]}.{hosts.DOMAIN}",
        cluster=hosts.CLUSTER_FQDN,
        nodes=" ".join(h.fqdn for h in hosts.CLUSTER_NODES)))


def write_apache(directory):
    modules = "/usr/lib/apache2/modules"
    text = "".join(f"LoadModule {m}_module {modules}/mod_{m}.so\n"
                   for m in APACHE_MODULES)
    text += APACHE_CONF.format(dir=directory)
    for host in hosts.HOSTS:
        text += APACHE_SITE.format(dir=directory, name=host.name,
                                   address=host.address)
        write(f"{directory}/sites/{host.name}/index.html",
              f"the site of {host.name}\n")
    write(f"{directory}/apache/apache.conf", text)


def key_usage(is_ca):
    usages = dict.fromkeys(("content_commitment", "key_encipherment",
                            "data_encipherment", "key_agreement",
                            "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=is_ca,
                         crl_sign=is_ca, **usages)


def make_certificate(subject, alt_names=(), issuer=None, days=2):
    """A P-256 certificate; self-signed (the CA's) without an issuer. It has
    all that RFC 5280 demands, since Python 3.13 looks (VERIFY_X509_STRICT)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.datetime.now(datetime.timezone.utc)
    signer = issuer[1] if issuer else key
    builder = (x509.CertificateBuilder().subject_name(name)
               .issuer_name(issuer[0].subject if issuer else name)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(
                   hours=1 if days > 0 else 999))
               .not_valid_after(now + datetime.timedelta(days))
               .add_extension(x509.BasicConstraints(issuer is None, None),
                              critical=True)
               .add_extension(key_usage(issuer is None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                   key.public_key()), critical=False)
               .add_extension(
                   x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       signer.public_key()), critical=False))
    if alt_names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(alt_names), critical=False)
    return builder.sign(signer, hashes.SHA256()), key


def write_certificate(path, certificate, key=None):
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    if key:
        pem += key.private_bytes(serialization.Encoding.PEM,
                                 serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())
    write(path, pem.decode(), 0o600 if key else 0o644)


def write_certificates(directory):
    """A CA, and per host a certificate for every name it is reached by."""
    ca = make_certificate("gss-winrm lab CA")
    write_certificate(f"{directory}/ca.pem", ca[0])
    for host in hosts.HOSTS:
        alt_names = [x509.DNSName(n) for n in hosts.names_of(host)]
        alt_names.append(x509.IPAddress(ipaddress.ip_address(host.address)))
        write_certificate(f"{directory}/certs/{host.name}.pem",
                          *make_certificate(host.fqdn, alt_names, ca))
    every = [x509.DNSName(n) for h in hosts.HOSTS for n in hosts.names_of(h)]
    write_certificate(f"{directory}/certs/rogue.pem",
                      *make_certificate("rogue", every))
    write_certificate(f"{directory}/certs/expired.pem",
                      *make_certificate("expired", every, ca, days=-1))


def write_accounts(directory):
    """What the stand-ins' NTLM knows, and the password that nobody knows."""
    users = (hosts.USER, hosts.OTHER_USER, *hosts.TROUBLED)
    # A domain has two names, and clients may give either.
    write(f"{directory}/ntlm-users", "".join(
        f"{domain}:{user}:{hosts.PASSWORD}\n" for user in users
        for domain in (hosts.WORKGROUP, hosts.REALM)), 0o600)
    write(f"{directory}/secret", f"Aa1!{secrets.token_urlsafe(24)}\n", 0o600)


def write_second_hop(directory):
    """The command that the stand-ins' shells have besides the system's; and
    where the shells' tickets go, each in a directory of its own."""
    with open(f"{HERE}/standin/secondhop") as f:
        text = f.read()
    text = text.replace("@DC@", f"{hosts.DC_NAME}.{hosts.DOMAIN}")
    text = text.replace("@BASE@", hosts.BASE_DN)
    write(f"{directory}/bin/secondhop", text, 0o755)
    os.makedirs(f"{directory}/logons", mode=0o711)


def main():
    directory = os.path.abspath(sys.argv[1])
    write_network(directory)
    write_krb5(directory)
    write_apache(directory)
    write_certificates(directory)
    write_accounts(directory)
    write_second_hop(directory)


if __name__ == "__main__":
    main()

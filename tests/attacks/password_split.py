# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The password, from what the broker exports or from the user's own tickets.

A gateway that was taken over, or a program of the user, wants what CredSSP
delegates.

The machine is as it should be (rogue_machine.py).  The attacker has what the
gateway has: all that the broker says on a confined connection, and all tokens;
and, as a program of the user, the user's credential cache.
"""

import os
import threading

from impacket.krb5 import asn1
from pyasn1.codec.der import decoder

import realm
import rogue
from broker import scan     # tests/broker
import rogue_broker as broker
from rogue_credssp import read_credentials
from rogue_machine import CLIENT_MAGIC, SERVER_MAGIC, Machine, proof
from rogue_ntlm import Exchange
from rogue_place import DOMAIN, REALM, Scene, section

USER, PASSWORD = "split", "Only-the-broker-has-it-4711"
HOST, KEY, NONCE = f"split1.{DOMAIN}", b"the key of a TLS connection", \
    bytes(range(32))


class Seen:
    """What passes the gateway in one exchange by CredSSP."""

    def __init__(self):
        self.tokens, self.replies = [], []
        self.pub_key_auth = self.auth_info = b""
        self.at_machine = None          # what the machine got: no attacker's


def exchange_tokens(talk, machine, seen=None):
    """Legs until both are content."""
    machine.new()
    token, _, complete = talk.step()
    while token:
        if seen is not None:
            seen.tokens.append(token)
        answer, _, _ = machine.accept(token)
        if answer and seen is not None:
            seen.replies.append(answer)
        if complete or not answer:
            break
        token, _, complete = talk.step(answer)
    return complete


def delegate(talk, machine, host=HOST):
    """CREDSSP to DELEGATE; what was seen."""
    seen = Seen()
    talk.credssp(host)
    exchange_tokens(talk, machine, seen)
    binding = broker.binding(6, NONCE, KEY)
    seen.pub_key_auth = talk.bind(binding)
    if machine.unwrap(seen.pub_key_auth) != proof(CLIENT_MAGIC, NONCE, KEY):
        raise ValueError("the machine sees another pubKeyAuth")
    talk.verify(binding, machine.wrap(proof(SERVER_MAGIC, NONCE, KEY)))
    seen.auth_info = talk.delegate()
    seen.at_machine = read_credentials(machine.unwrap(seen.auth_info))
    talk.finish()
    return seen


def open_credssp(seen, request):
    """TSCredentials, by a request whose session key is known: the subkeys
    are in the request and in the reply."""
    keys = [request.subkey, request.session]
    for each in seen.replies:
        try:
            keys.insert(0, rogue.read_reply(each, request.session)[0])
        except rogue.Closed:
            pass
    for key in keys:
        try:
            if key is not None:
                return read_credentials(rogue.unseal(key, seen.auth_info))
        except rogue.Closed:
            pass
    return None


def try_bytes(t, what, stream, seen):
    """What can be made of these bytes and of the wire."""
    request = rogue.session_among(stream, seen.tokens[0])
    t.rogue(f"{what}, {len(stream)} bytes: " + (
        "no key that opens CredSSP's AP-REQ" if request is None else
        f"a key that opens CredSSP's AP-REQ: the session key of "
        f"{request.client}'s ticket for {request.server}"))
    got = open_credssp(seen, request) if request is not None else None
    t.rogue(f"got: {got[1]} with the password {got[2]!r}" if got
            else "got: nothing")
    t.ok(got is None, f"no password by {what}", got)
    return request


def test_machine(scene, talk, machine):
    """The exchange itself, and what the attacker does with a session key: it
    would open TSCredentials (by the machine's key, as a control)."""
    t = scene.t
    seen = delegate(talk, machine)
    t.ok(seen.at_machine[2] == PASSWORD, "control: the machine gets it",
         seen.at_machine)
    request = rogue.Request(seen.tokens[0]).open(scene.keys("split1.keytab"))
    t.ok((open_credssp(seen, request) or [None])[-1] == PASSWORD,
         "control: whoever has the session key gets it")
    return request


def export(talk, machine, scheme):
    talk.context(scheme, HOST)
    seen = Seen()
    exchange_tokens(talk, machine, seen)
    return talk.export(), seen


def test_export(scene, talk, machine, scheme, name):
    """CONTEXT to EXPORT, then CREDSSP to DELEGATE, on one connection."""
    t = scene.t
    before = len(talk.heard)
    exported, plain = export(talk, machine, scheme)
    theirs = rogue.Request(plain.tokens[0]).open(scene.keys("split1.keytab"))
    found = rogue.search(bytes(talk.heard[before:]), {
        f"the session key of {theirs.server}": theirs.session.contents})
    t.rogue(f"the export ({name}, {len(exported)} bytes) has: " +
            (", ".join(" ".join(each) for each in found) or "no session key"))
    t.ok(not found, f"{name}: no session key leaves the broker", found)
    seen = delegate(talk, machine)
    t.ok(seen.at_machine[2] == PASSWORD, f"{name}: control: delegated",
         seen.at_machine)
    request = try_bytes(t, f"the export ({name})", exported, seen)
    ours = rogue.Request(seen.tokens[0])
    t.ok(bytes(ours.ticket["enc-part"]["cipher"]) !=
         bytes(theirs.ticket["enc-part"]["cipher"]),
         f"{name}: CredSSP has a ticket of its own")
    # And the ticket by itself: any service of the machine would take it.
    stolen = request or rogue.session_among(exported, plain.tokens[0])
    test_ticket(scene, machine, stolen, name)
    return ours


def test_ticket(scene, machine, stolen, name):
    t = scene.t
    who = None
    if stolen is not None:
        token = rogue.make_request(stolen.ticket, stolen.session,
                                   stolen.client)
        try:
            who = machine.new().accept(token)[2]
        except ValueError as why:
            t.rogue(f"an AP-REQ of my own: {why}")
    t.rogue(f"an AP-REQ of my own, without the broker: accepted as {who}"
            if who else "no AP-REQ of my own")
    t.ok(who is None, f"{name}: no working ticket is left behind", who)


def test_once(scene, talk, machine, earlier):
    """Two delegations share no ticket either."""
    t = scene.t
    tickets = [bytes(each.ticket["enc-part"]["cipher"]) for each in earlier]
    for _ in range(2):
        request = rogue.Request(delegate(talk, machine).tokens[0])
        tickets.append(bytes(request.ticket["enc-part"]["cipher"]))
    t.rogue(f"{len(tickets)} delegations with {len(set(tickets))} tickets")
    t.ok(len(set(tickets)) == len(tickets),
         "each delegation has a ticket of its own")


def hurry(scene, rounds, number, tickets, problems):
    """One connection's contexts, begun and given up; by number of CredSSP or
    of the other kinds."""
    begin = {0: ("CredSSP", lambda talk: talk.credssp(HOST)),
             1: ("CredSSP", lambda talk: talk.credssp(HOST)),
             2: ("Kerberos", lambda talk: talk.context(broker.KERBEROS,
                                                       HOST)),
             3: ("Negotiate", lambda talk: talk.context(broker.NEGOTIATE,
                                                        HOST))}
    name, call = begin[number % 4]
    with broker.Talk(scene.socket) as talk:
        talk.confine()
        for _ in range(rounds):
            try:
                call(talk)
                request = rogue.Request(talk.step()[0])
                tickets.append((name, bytes(
                    request.ticket["enc-part"]["cipher"])))
                talk.finish()
            except broker.Refused as why:
                problems.append(f"{name}: {why}")
                return


def test_at_once(scene):
    """Many contexts at the same time: what one has fetched for itself is not
    found by another."""
    t, tickets, problems = scene.t, [], []
    threads = [threading.Thread(target=hurry, args=(
        scene, 25, number, tickets, problems)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    secret = [cipher for name, cipher in tickets if name == "CredSSP"]
    others = {cipher for name, cipher in tickets if name != "CredSSP"}
    t.rogue(f"at once: {len(secret)} times CredSSP with {len(set(secret))} "
            f"tickets, of which {len(set(secret) & others)} were in other "
            "contexts too")
    t.ok(secret and len(set(secret)) == len(secret),
         "at once: each delegation has a ticket of its own")
    t.ok(others and not set(secret) & others, "at once: and no other "
         "context has it")
    t.ok(not problems, "at once: none gets into another's way",
         "\n".join(problems))


def test_memory(scene, talk, machine, process):
    """What of a delegation is left in the broker (root looks)."""
    t = scene.t
    request = rogue.Request(delegate(talk, machine).tokens[0]).open(
        scene.keys("split1.keytab"))
    left = scan(process.pid, request.session.contents)
    t.rogue(f"the session key is {left} times in the broker's memory")
    t.ok(left == 0, "a ticket of CredSSP is wiped when it was used", left)
    t.ok(scan(process.pid, PASSWORD.encode()) == 1,
         "control: the password is there, once")


def test_channel(scene, talk, machine):
    """The same by two channels at the same time."""
    t = scene.t
    with talk.channel() as other:
        exported, _ = export(other, machine, broker.KERBEROS)
        seen = delegate(talk, machine)
        try_bytes(t, "the export of another channel", exported, seen)
        try_bytes(t, "all that the broker said", bytes(talk.heard), seen)


def test_cache(scene, machine):
    """Second cause: the user's own tickets."""
    t = scene.t
    scene.record()
    policy(scene)
    cache = scene.dir / "cache"
    scene.kinit(f"{USER}@{REALM}", PASSWORD, f"FILE:{cache}", "-f")
    scene.start_broker({"KRB5CCNAME": f"FILE:{cache}"})
    with broker.Talk(scene.socket) as user:
        user.login(f"{USER}@{REALM}", PASSWORD)
    with broker.Talk(scene.socket) as talk:
        talk.confine()
        export(talk, machine, broker.KERBEROS)
        seen = delegate(talk, machine)
    t.ok(seen.at_machine[2] == PASSWORD, "the user's cache: control: "
         "delegated", seen.at_machine)
    try_bytes(t, "the user's credential cache", cache.read_bytes(), seen)
    # A program of the user and somebody on the way to the KDC: what was asked
    # for by a ticket-granting ticket of the cache can be opened by its key.
    keys = rogue.keys_by_wire(scene.relay.exchanges, cache.read_bytes())
    t.rogue(f"{len(scene.relay.exchanges)} exchanges with the KDC, of which "
            f"the cache's keys open {len(keys)}")
    try_bytes(t, "what the KDC was asked for by the cache's keys",
              b"".join(key.contents for key in keys), seen)
    ours = auditor_keys(scene)
    ours += rogue.keys_by_wire(scene.relay.exchanges, b"".join(
        key.contents for key in ours))
    t.ok(rogue.session_among(b"".join(key.contents for key in ours),
                             seen.tokens[0]) is not None,
         "control: the KDC's own keys open all of it", len(ours))
    scene.stop()


def auditor_keys(scene):
    """The session keys of all tickets that the KDC gave for a password."""
    scene.realms.main.administer([
        f"ktadd -k {scene.dir}/kdc.keytab -norandkey krbtgt/{REALM}"])
    known = scene.keys("kdc.keytab") + scene.keys("split1.keytab")
    keys = []
    for _, answer in scene.relay.exchanges:
        if answer[:1] == b"\x6b":
            ticket = decoder.decode(answer, asn1Spec=asn1.AS_REP())[0]
            keys.append(rogue.key_of(rogue.open_ticket(ticket["ticket"],
                                                       known)["key"]))
    return keys


def test_ntlm(scene):
    """By NTLM: what is exported is a key of one context, made at random."""
    t = scene.t
    users = scene.dir / "ntlm-users"
    users.touch(mode=0o600)
    users.write_text(f"{REALM}:{USER}:{PASSWORD}\n"
                     f"TEST:{USER}:{PASSWORD}\n")
    mechs = scene.dir / "ntlm.conf"
    mechs.write_text(ntlmssp_line())
    # Who starts the broker would have NTLMv1, whose session key follows from
    # the password alone and is the same each time.
    env = {"GSS_MECH_CONFIG": str(mechs), "LM_COMPAT_LEVEL": "0"}
    machine = Machine(t, dict(scene.env, **env, NTLM_USER_FILE=str(users),
                              KRB5_KTNAME=f"{scene.dir}/none.keytab"))
    host = f"split2.{DOMAIN}"           # which the KDC does not know
    scene.start_broker(env)
    with broker.Talk(scene.socket) as user:
        user.login(f"TEST\\{USER}", PASSWORD)
    with broker.Talk(scene.socket) as talk:
        talk.confine()
        talk.context(broker.NEGOTIATE, host)
        plain = Seen()
        exchange_tokens(talk, machine, plain)
        exported = talk.export()
        heard = bytes(talk.heard)
        seen = delegate(talk, machine, host)
    t.ok(seen.at_machine[2] == PASSWORD, "NTLM: control: delegated",
         seen.at_machine)
    theirs = Exchange(plain.tokens, plain.replies)
    ours = Exchange(seen.tokens, seen.replies)
    t.ok(ours.by_password(PASSWORD) is not None,
         "NTLM: control: the keys follow from the password")
    planted = heard + ours.by_password(PASSWORD) + heard
    t.ok(ours.among(planted) is not None, "NTLM: control: a planted key is "
         "found")
    t.rogue(f"NTLM's export ({len(exported)} bytes) has "
            f"{theirs.among(exported) or 'no key that I know the use of'} "
            "of its own context")
    got = ours.among(heard)
    t.rogue(f"got: {got}" if got else "got: nothing of the other context")
    t.ok(got is None, "NTLM: what is exported opens no other context", got)
    scene.stop()


def ntlmssp_line():
    path = "/etc/gss/mech.d/mech.ntlmssp.conf"
    if not os.path.exists(path):
        raise realm.Failure("gss-ntlmssp is not there: tests/deps.sh check")
    with open(path) as f:
        return f.read()


def policy(scene):
    names = f"{HOST} split2.{DOMAIN}"
    scene.configure([
        section("credssp", f"delegate_to = {names}", "ntlm = true"),
        section("gateway", f"targets = {names}", "ntlm = true")])


def attack(t):
    scene = Scene(t)
    scene.host("split1", "HOST/%f WSMAN/%f HTTP/%n", "HTTP/%f", "127.0.11.61")
    scene.call("127.0.11.62", f"split2.{DOMAIN} split2")
    scene.user(USER, PASSWORD)
    policy(scene)
    machine = Machine(t, dict(scene.env,
                              KRB5_KTNAME=f"{scene.dir}/split1.keytab"))
    process = scene.start_broker()
    with broker.Talk(scene.socket) as user:
        user.login(f"{USER}@{REALM}", PASSWORD)
    with broker.Talk(scene.socket) as talk:
        talk.confine()
        requests = [test_machine(scene, talk, machine)]
        for scheme, name in ((broker.KERBEROS, "Kerberos"),
                             (broker.NEGOTIATE, "Negotiate")):
            requests.append(test_export(scene, talk, machine, scheme, name))
        test_channel(scene, talk, machine)
        test_once(scene, talk, machine, requests)
        test_memory(scene, talk, machine, process)
    test_at_once(scene)
    scene.stop()
    test_cache(scene, machine)
    test_ntlm(scene)

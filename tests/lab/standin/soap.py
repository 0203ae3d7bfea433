# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""WS-Management envelopes: requests read, responses and faults written."""

import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
WSMID = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
XFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
ANONYMOUS = A + "/role/anonymous"

PREFIXES = " ".join(f'xmlns:{p}="{uri}"' for p, uri in (
    ("s", S), ("a", A), ("w", W), ("rsp", RSP), ("x", XFER)))

IDENTIFY_RESPONSE = (
    f'<s:Envelope xmlns:s="{S}" xml:lang="en-US"><s:Header/><s:Body>'
    f'<wsmid:IdentifyResponse xmlns:wsmid="{WSMID}">'
    f"<wsmid:ProtocolVersion>{W}</wsmid:ProtocolVersion>"
    "<wsmid:ProductVendor>gss-winrm lab</wsmid:ProductVendor>"
    "<wsmid:ProductVersion>OS: {os} SP: 0.0 Stack: 3.0"
    "</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>")


class Fault(Exception):
    """A SOAP fault, sent with HTTP 500."""

    def __init__(self, subcode, reason, code, party="Sender"):
        super().__init__(reason)
        self.subcode, self.code, self.party = subcode, code, party

    # What WinRM says, and its error codes (MS-WSMV, wsmerror.h).
    @classmethod
    def timed_out(cls):
        return cls("w:TimedOut", "The WS-Management service cannot complete "
                   "the operation within the time specified in "
                   "OperationTimeout.", 2150858793, "Receiver")

    @classmethod
    def no_shell(cls):
        return cls("w:InvalidSelectors", "The request contains invalid "
                   "selectors for the resource.", 2150858843)

    @classmethod
    def bad_resource(cls):
        return cls("a:DestinationUnreachable", "The resource URI is missing "
                   "or wrong.", 2150858752)

    @classmethod
    def bad_action(cls):
        return cls("a:ActionNotSupported", "The action is not supported by "
                   "the service.", 2150858753)

    @classmethod
    def bad_schema(cls, what):
        return cls("w:SchemaValidationError", f"The SOAP XML in the message "
                   f"does not match the schema: {what}", 2150858817)

    @classmethod
    def of_size(cls, size):
        """One as long as a test wants it."""
        return cls("w:InternalError", ("The server has much to say. " * (
            size // 28 + 1))[:size], 2150858770, "Receiver")


class Request:
    """What the service needs of an envelope."""

    def __init__(self, data):
        try:
            root = ET.fromstring(data)
        except ET.ParseError as error:
            raise Fault.bad_schema(error) from None
        self.body = root.find(f"{{{S}}}Body")
        if root.tag != f"{{{S}}}Envelope" or self.body is None:
            raise Fault.bad_schema("not an Envelope with a Body")
        header = root.find(f"{{{S}}}Header")
        self.header = header if header is not None else ET.Element("none")
        self.identify = self.body.find(f"{{{WSMID}}}Identify") is not None
        self.action = self.text(f"{{{A}}}Action")
        self.message_id = self.text(f"{{{A}}}MessageID")
        self.resource = self.text(f"{{{W}}}ResourceURI")
        self.shell_id = self.selector("ShellId")
        self.timeout = seconds(self.text(f"{{{W}}}OperationTimeout"))

    def text(self, path):
        return (self.header.findtext(path) or "").strip()

    def selector(self, name):
        for node in self.header.iter(f"{{{W}}}Selector"):
            if node.get("Name") == name:
                return (node.text or "").strip().upper()
        return None

    def element(self, name):
        """The one element of the body, which must be rsp:NAME."""
        node = self.body.find(f"{{{RSP}}}{name}")
        if node is None:
            raise Fault.bad_schema(f"no rsp:{name}")
        return node


def seconds(duration, default=60.0):
    """PT20S, PT20.000S and the like; clients send nothing else."""
    if duration.startswith("PT") and duration.endswith("S"):
        try:
            return min(float(duration[2:-1]), default)
        except ValueError:
            pass
    return default


def new_id():
    return str(uuid.uuid4()).upper()


def envelope(action, relates_to, body):
    return (f'<s:Envelope xml:lang="en-US" {PREFIXES}><s:Header>'
            f"<a:Action>{action}</a:Action>"
            f"<a:MessageID>uuid:{new_id()}</a:MessageID>"
            f"<a:To>{ANONYMOUS}</a:To>"
            f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>"
            f"</s:Header><s:Body>{body}</s:Body></s:Envelope>").encode()


def response(request, body):
    return envelope(request.action + "Response", request.message_id, body)


def fault(error, relates_to, machine):
    reason = escape(str(error))
    body = (f"<s:Fault><s:Code><s:Value>s:{error.party}</s:Value><s:Subcode>"
            f"<s:Value>{error.subcode}</s:Value></s:Subcode></s:Code>"
            f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
            f'<s:Detail><f:WSManFault xmlns:f="{FAULT}" Code="{error.code}" '
            f'Machine="{escape(machine)}"><f:Message>{reason}</f:Message>'
            "</f:WSManFault></s:Detail></s:Fault>")
    return envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
                    relates_to, body)

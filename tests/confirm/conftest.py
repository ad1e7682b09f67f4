"""A DNS server on 127.0.0.1 whose answers a test writes as master file lines and behaviours."""

import socket
import socketserver
import threading
from collections import defaultdict

import dnslib
import pytest

SOA = "test. 60 IN SOA ns.test. root.test. 1 60 60 60 60"
EDE = 15  # the EDNS option that holds an extended error


class Zone:
    """What the server says: *rows* by name and type, and *manners* by name."""

    def __init__(self):
        self.rows = defaultdict(list)
        self.manners = {}
        self.asked = []

    def add(self, text):
        for rr in dnslib.RR.fromZone(text, ttl=60):
            self.rows[str(rr.rname), rr.rtype].append(rr)

    def behave(self, name, *manners):
        self.manners[name] = manners

    def respond(self, wire, *, tcp):
        query = dnslib.DNSRecord.parse(wire)
        name, kind = str(query.q.qname).lower(), query.q.qtype
        edns = any(rr.rtype == dnslib.QTYPE.OPT for rr in query.ar)
        self.asked.append((name, dnslib.QTYPE[kind], "tcp" if tcp else "udp", edns))
        manners = self.manners.get(name, ()) or self.manners.get(f"{name}{dnslib.QTYPE[kind]}", ())
        reply = query.reply()
        if "silent" in manners:
            return None
        if "junk" in manners:
            return b"\x00\x01junk"
        if "no-edns" in manners and edns:
            reply.header.rcode = dnslib.RCODE.FORMERR
            return reply.pack()
        if "truncated" in manners and not tcp:
            reply.header.tc = 1
            return reply.pack()
        for manner in manners:
            if manner.startswith("ede="):
                code = int(manner[4:]).to_bytes(2, "big")
                reply.add_ar(dnslib.EDNS0(opts=[dnslib.EDNSOption(EDE, code)]))
            if manner in {"SERVFAIL", "REFUSED", "NXDOMAIN"}:
                reply.header.rcode = getattr(dnslib.RCODE, manner)
        self._fill(reply, name, kind, manners)
        return reply.pack()

    def _rows(self, name, kind):
        return self.rows.get((name, kind), ())

    def _fill(self, reply, name, kind, manners):
        if reply.header.rcode:
            return
        if "referral" in manners:
            reply.header.ra = 0
            reply.add_auth(*dnslib.RR.fromZone("test. 60 IN NS ns.test."))
            return
        for rr in self._rows(name, dnslib.QTYPE.CNAME) or self._rows(name, kind):
            reply.add_answer(rr)
        if "chase" in manners:
            for cname in self._rows(name, dnslib.QTYPE.CNAME):
                for rr in self._rows(str(cname.rdata.label), kind):
                    reply.add_answer(rr)
        if reply.rr or "no-soa" in manners:
            return
        if not any(known == name or known.endswith("." + name) for known, _ in self.rows):
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        reply.add_auth(*dnslib.RR.fromZone(SOA))


class _Udp(socketserver.BaseRequestHandler):
    def handle(self):
        wire, out = self.request
        if (reply := self.server.zone.respond(wire, tcp=False)) is not None:
            out.sendto(reply, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        size = int.from_bytes(self.rfile.read(2), "big")
        if (reply := self.server.zone.respond(self.rfile.read(size), tcp=True)) is not None:
            self.wfile.write(len(reply).to_bytes(2, "big") + reply)


class _TcpServer(socketserver.TCPServer):
    allow_reuse_address = True


class DnsServer:
    def __init__(self):
        self.zone = Zone()
        udp = socketserver.UDPServer(("127.0.0.1", 0), _Udp)
        port = udp.server_address[1]
        self._servers = [udp, _TcpServer(("127.0.0.1", port), _Tcp)]
        for server in self._servers:
            server.zone = self.zone
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.place = f"127.0.0.1:{port}"

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def dns_server():
    server = DnsServer()
    yield server
    server.close()


@pytest.fixture
def deaf_place():
    """A port of 127.0.0.1 that is held but never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{deaf.getsockname()[1]}"

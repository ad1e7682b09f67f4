"""A small authoritative name server (UDP and TCP) over a zone's file, for use inside a namespace."""

import asyncio
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

ROOT = dns.name.root


class Answerer:
    """Wire in, wire out; *silent* names get no answer, *broken* ones SERVFAIL.

    *filtered*: loopback addresses are left out of answers, as unbound's ``private-address`` does:
    NOERROR with neither answer nor SOA. The zone's file is read again when it was replaced by another one.
    """

    def __init__(self, path: Path, silent=(), broken=(), *, filtered=False) -> None:
        self._path, self._read = path, None
        self._zone = self._load()
        self._filtered = filtered
        self._silent = {dns.name.from_text(name) for name in silent}
        self._broken = {dns.name.from_text(name) for name in broken}

    def __call__(self, wire: bytes) -> bytes | None:
        self._zone = self._load()
        query = dns.message.from_wire(wire)
        question = query.question[0]
        # A zone is looked up in lower case; the answer keeps the letters of the question.
        name = dns.name.from_text(question.name.to_text().lower())
        if name in self._silent:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if name in self._broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, name, question.rdtype)
        return response.to_wire()

    def _load(self):
        if (found := self._path.stat().st_ino) != self._read:
            self._read = found
            text = self._path.read_text()
            return dns.zone.from_text(text, origin=ROOT, relativize=False)
        return self._zone

    def _fill(self, response, name, kind) -> None:
        for _ in range(8):  # a CNAME chain ends somewhere
            alias = self._find(name, dns.rdatatype.CNAME)
            if alias is None or kind == dns.rdatatype.CNAME:
                break
            response.answer.append(alias)
            name = alias[0].target
        found = self._find(name, kind)
        if found is not None:
            if not (self._filtered and _is_loopback(found)):
                response.answer.append(found)
            return
        response.authority.append(self._find(ROOT, dns.rdatatype.SOA))
        below = any(known.is_subdomain(name) for known in self._zone)
        if not below:
            response.set_rcode(dns.rcode.NXDOMAIN)

    def _find(self, name, kind):
        found = self._zone.get_rdataset(name, kind)
        return found and dns.rrset.from_rdata_list(name, found.ttl, list(found))


def _is_loopback(found) -> bool:
    words = {data.to_text() for data in found}
    return any(word.startswith(("127.", "0.", "::1", "::ffff:127.")) for word in words)


async def serve(answer: Answerer, address: str, port: int = 53) -> None:
    """Start answering at *address*; returns once both sockets are bound."""

    class Udp(asyncio.DatagramProtocol):
        def connection_made(self, transport) -> None:
            self.transport = transport

        def datagram_received(self, data, addr) -> None:
            reply = answer(data)
            if reply is not None:
                self.transport.sendto(reply, addr)

    async def tcp(reader, writer) -> None:
        size = int.from_bytes(await reader.readexactly(2))
        reply = answer(await reader.readexactly(size))
        if reply is not None:
            writer.write(len(reply).to_bytes(2) + reply)
        writer.close()

    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Udp, local_addr=(address, port))
    await asyncio.start_server(tcp, address, port)

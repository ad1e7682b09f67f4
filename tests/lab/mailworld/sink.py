"""SMTP hosts of the outside world: each takes mail, or is in the trouble its name says.

accept: takes everything · inner: knows its users, 550 for the rest · strict: 550 for everybody ·
grey: 450 for the first try of each sender and recipient · busy: 421 at once · hang: never greets.
"""

import asyncio
import itertools

USERS = {"alice", "bob", "carol", "postmaster"}
_serial = itertools.count(1)
_seen = set()


async def serve(address: str, behaviour: str, kept: list) -> None:
    """Listen on *address* port 25; each message taken is noted in *kept*."""

    async def session(reader, writer) -> None:
        try:
            await _Session(reader, writer, behaviour, address, kept).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side went away; its log says why
        finally:
            writer.close()

    await asyncio.start_server(session, address, 25, backlog=512)


class _Session:
    def __init__(self, reader, writer, behaviour, address, kept) -> None:
        self.reader, self.writer = reader, writer
        self.behaviour, self.address, self.kept = behaviour, address, kept
        self.sender, self.recipients = "", []

    async def run(self) -> None:
        if self.behaviour == "hang":
            await self.reader.read()
            return
        if self.behaviour == "busy":
            await self.say("421 4.3.2 too many connections, try again later")
            return
        await self.say("220 mail.host.example ESMTP")
        while line := await self.reader.readline():
            words = line.decode("latin-1").strip()
            verb = words[:4].upper()
            if verb == "QUIT":
                await self.say("221 2.0.0 Bye")
                return
            await self.command(verb, words)

    async def command(self, verb: str, words: str) -> None:
        match verb:
            case "EHLO":
                for extension in ("PIPELINING", "SIZE 10000000", "ENHANCEDSTATUSCODES"):
                    await self.say(f"250-{extension}")
                await self.say("250 8BITMIME")
            case "MAIL":
                self.sender, self.recipients = _address(words), []
                await self.say("250 2.1.0 Ok")
            case "RCPT":
                await self.say(self.recipient(_address(words)))
            case "DATA" if self.recipients:
                await self.say("354 go on")
                await self.reader.readuntil(b"\r\n.\r\n")
                self.kept.append((self.address, self.sender, tuple(self.recipients)))
                await self.say(f"250 2.0.0 Ok: queued as S{next(_serial):07X}")
            case "DATA":
                await self.say("503 5.5.1 need RCPT")
            case _:
                await self.say("250 2.0.0 Ok")

    def recipient(self, address: str) -> str:
        local = address.partition("@")[0].lower()
        if self.behaviour == "grey" and (self.sender, address) not in _seen:
            _seen.add((self.sender, address))
            return "450 4.2.0 Greylisted, see http://postgrey.example/help"
        if self.behaviour == "strict":
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if self.behaviour == "inner" and local not in USERS:
            return f"550 5.1.1 <{address}>... User unknown"
        self.recipients.append(address)
        return "250 2.1.5 Ok"

    async def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()


def _address(words: str) -> str:
    return words.partition("<")[2].partition(">")[0]

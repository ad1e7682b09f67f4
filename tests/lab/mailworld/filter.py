"""A content filter as amavis is one, and a mail store behind LMTP: two local hops that are no loop.

SMTP on 127.0.0.1:10024 hands every message back to 127.0.0.1:10025 with one header more and
answers with the next hop's word; LMTP on 127.0.0.1:24 takes everything.
"""

import asyncio
import itertools
import smtplib

_serial = itertools.count(1)


def hand_back(client: str, sender: str, recipients: list[str], data: bytes) -> str:
    """Give the message to the MTA's second door; return its answer."""
    with smtplib.SMTP("127.0.0.1", 10025, local_hostname="localhost", timeout=30) as smtp:
        smtp.ehlo()
        if client and smtp.has_extn("xforward"):
            smtp.docmd("XFORWARD", client)
        smtp.mail(sender)
        for recipient in recipients:
            smtp.rcpt(recipient)
        code, said = smtp.data(b"X-Virus-Scanned: lab filter\r\n" + data)
    return f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): {code} {said.decode('latin-1')}"


class Session:
    """One client, spoken to until it quits, in SMTP or in LMTP."""

    def __init__(self, reader, writer, *, lmtp: bool) -> None:
        self.reader, self.writer, self.lmtp = reader, writer, lmtp
        self.client, self.sender, self.recipients = "", "", []

    async def run(self) -> None:
        await self.say(f"220 [127.0.0.1] {'LMTP' if self.lmtp else 'ESMTP'} filter ready")
        while line := await self.reader.readline():
            words = line.decode("latin-1").strip()
            if words.upper() == "QUIT":
                await self.say("221 2.0.0 Bye")
                break
            await self.command(words[:4].upper(), words)
        self.writer.close()

    async def command(self, verb: str, words: str) -> None:
        address = words.partition("<")[2].partition(">")[0]
        match verb:
            case "EHLO" | "LHLO":
                for extension in ("[127.0.0.1]", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"):
                    await self.say(f"250-{extension}")
                await self.say("250 XFORWARD NAME ADDR PORT PROTO HELO SOURCE")
            case "DATA":
                await self.data()
            case "MAIL":
                self.sender, self.recipients = address, []
                await self.say("250 2.1.0 Sender OK")
            case "RCPT":
                self.recipients.append(address)
                await self.say("250 2.1.5 Recipient OK")
            case "XFOR":  # who the first client was, for the log of the second door
                self.client = f"{self.client} {words[9:]}".strip()
                await self.say("250 2.0.0 Ok")
            case _:
                await self.say("250 2.0.0 Ok")

    async def data(self) -> None:
        await self.say("354 End data with <CR><LF>.<CR><LF>")
        data = (await self.reader.readuntil(b"\r\n.\r\n"))[:-3]
        if self.lmtp:
            for recipient in self.recipients:
                await self.say(f"250 2.0.0 <{recipient}> {next(_serial):08x} Saved")
        else:
            said = await asyncio.to_thread(
                hand_back, self.client, self.sender, self.recipients, data
            )
            await self.say(said)

    async def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()


async def main() -> None:
    await asyncio.start_server(lambda r, w: Session(r, w, lmtp=False).run(), "127.0.0.1", 10024)
    await asyncio.start_server(lambda r, w: Session(r, w, lmtp=True).run(), "127.0.0.1", 24)
    await asyncio.Event().wait()


asyncio.run(main())

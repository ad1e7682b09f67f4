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


async def session(reader, writer, *, lmtp: bool) -> None:
    """Speak SMTP or LMTP with one client until it quits."""

    async def say(text: str) -> None:
        writer.write(text.encode() + b"\r\n")
        await writer.drain()

    client, sender, recipients = "", "", []
    await say(f"220 [127.0.0.1] {'LMTP' if lmtp else 'ESMTP'} filter ready")
    while line := await reader.readline():
        words = line.decode("latin-1").strip()
        address = words.partition("<")[2].partition(">")[0]
        match words[:4].upper():
            case "EHLO" | "LHLO":
                await say("250-[127.0.0.1]\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE")
                await say(
                    "250-ENHANCEDSTATUSCODES\r\n250 XFORWARD NAME ADDR PORT PROTO HELO SOURCE"
                )
            case "MAIL":
                sender, recipients = address, []
                await say("250 2.1.0 Sender OK")
            case "RCPT":
                recipients.append(address)
                await say("250 2.1.5 Recipient OK")
            case "DATA":
                await say("354 End data with <CR><LF>.<CR><LF>")
                data = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                if lmtp:
                    for recipient in recipients:
                        await say(f"250 2.0.0 <{recipient}> {next(_serial):08x} Saved")
                else:
                    await say(await asyncio.to_thread(hand_back, client, sender, recipients, data))
            case "XFOR":  # who the first client was, for the log of the second door
                client = f"{client} {words[9:]}".strip()
                await say("250 2.0.0 Ok")
            case "QUIT":
                await say("221 2.0.0 Bye")
                break
            case _:
                await say("250 2.0.0 Ok")
    writer.close()


async def main() -> None:
    await asyncio.start_server(lambda r, w: session(r, w, lmtp=False), "127.0.0.1", 10024)
    await asyncio.start_server(lambda r, w: session(r, w, lmtp=True), "127.0.0.1", 24)
    await asyncio.Event().wait()


asyncio.run(main())

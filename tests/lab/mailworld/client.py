"""Send a plan of mail over SMTP from chosen source addresses, and tell how each was answered.

Runs inside the outside namespace: JSON list of mails on standard input, JSON list of replies out.
"""

import json
import smtplib
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def send(mail: dict) -> str:
    """Return the server's last word on *mail*: ``250 …`` when it was taken."""
    time.sleep(max(0.0, mail["at"] - time.monotonic()))
    try:
        with smtplib.SMTP(
            mail["server"],
            local_hostname=mail["helo"],
            source_address=(mail["source"], 0),
            timeout=60,
        ) as smtp:
            smtp.ehlo()
            code, said = smtp.mail(mail["sender"])
            for recipient in mail["recipients"]:
                if code == 250:
                    code, said = smtp.rcpt(recipient)
            if code == 250:
                code, said = smtp.data(mail["text"].encode())
            return f"{code} {said.decode('latin-1')}"
    except (OSError, smtplib.SMTPException) as fault:
        return f"--- {fault}"


def main() -> None:
    plan = json.load(sys.stdin)
    start = time.monotonic()
    for mail in plan:
        mail["at"] += start
    with ThreadPoolExecutor(6) as pool:
        json.dump(list(pool.map(send, plan)), sys.stdout)


main()

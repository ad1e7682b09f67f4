"""A log that is written to fast, with loops among healthy mail, and rotated in every way."""

import gzip
import os
import re
import shutil
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
LOOPS = 12
#: Every so manyth healthy message bounces to the domain that a rule of ours counts.
COUNTED = 10
HEALTHY = (
    "postfix/smtpd[343]: {q}: client=pc1.inner.example.net[10.1.0.51]",
    "postfix/cleanup[348]: {q}: message-id=<{n}.soak@pc1.inner.example.net>",
    "postfix/qmgr[342]: {q}: from=<alice@example.net>, size=410, nrcpt=1 (queue active)",
    (
        "postfix/smtp[349]: {q}: to=<cust{n}@oak.example>, relay=mail.oak.example[93.184.216.21]:25,"
        " delay=0.01, delays=0.01/0.01/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as S{n})"
    ),
    "postfix/qmgr[342]: {q}: removed",
)
BOUNCED = (
    "postfix/smtp[350]: {q}: to=<u{n}@count.test>, relay=mx.count.test[93.184.216.9]:25, delay=1,"
    " delays=1/0/0/0, dsn=5.1.1, status=bounced (host mx.count.test[93.184.216.9] said: 550 5.1.1"
    " <u{n}@count.test>: unknown)"
)


loop_domain = "loop-{}.test".format


class Writer(threading.Thread):
    """Writes the log; ``pause`` is held by whoever rotates it."""

    def __init__(self, path, *, lines, until, wild):
        super().__init__(daemon=True)
        self.path = path
        self.pause = threading.Lock()
        self.lines = self.counted = 0
        self._limit = lines
        self._begun = time.monotonic()
        self._until = until
        self._wild = wild
        self._sample = [line[19:] for line in SAMPLE.read_text().splitlines()]
        self._loops = 0
        self._number = 0

    def run(self):
        length = self._until - self._begun
        rate = self._limit / length
        while (now := time.monotonic()) < self._until and self.lines < self._limit:
            due = int(rate * (now - self._begun)) - self.lines
            # One loop after another in the *wild* part of the time, the last well before its end.
            if self._loops < min(LOOPS, LOOPS * (now - self._begun) / length / self._wild):
                self._write(self._loop(self._loops))
                self._loops += 1
            elif due > 0:
                self._write(self._mail(min(due, 5000)))
            time.sleep(0.02)

    def _write(self, texts):
        stamp = datetime.now(UTC).isoformat(timespec="microseconds")
        data = "".join(f"{stamp} mx {text}\n" for text in texts)
        with self.pause, self.path.open("a") as file:
            # Cut anywhere: the reader must not take half a line.
            half = len(data) // 2
            file.write(data[:half])
            file.flush()
            file.write(data[half:])
        self.lines += data.count("\n")

    def _mail(self, count):
        texts = []
        while len(texts) < count:
            self._number += 1
            names = {"q": f"{self._number:010X}", "n": self._number}
            texts += [text.format(**names) for text in HEALTHY]
            if self._number % COUNTED == 0:
                texts.append(BOUNCED.format(**names))
                self.counted += 1
        return texts

    def _loop(self, number):
        end = f"{number:02X}"
        return [
            re.sub(r"\b([0-9A-F]{8,10})\b", lambda m: m[1] + end, text).replace(
                "seaton.biz", loop_domain(number)
            )
            for text in self._sample
        ]


class Rotator:
    """Rotates the log in the ways that lose nothing."""

    def __init__(self, writer, rng):
        self.path = writer.path
        self.count = 0
        self._writer = writer
        self._rng = rng

    def rotate(self):
        self._rotate()
        if self._rng.random() < 0.2:
            self._rotate()  # twice within a poll

    def _rotate(self):
        copy = self._rng.random() < 0.4
        self._shift()
        first = self.path.with_name(self.path.name + ".1")
        if copy:
            with self._writer.pause:
                shutil.copy2(self.path, first)
                os.truncate(self.path, 0)
        else:
            with self._writer.pause:
                self.path.rename(first)
                self.path.touch()
        self.count += 1

    def _shift(self):
        old = [p for p in self.path.parent.glob(self.path.name + ".*") if p.name != "maillog"]
        for file in sorted(old, key=lambda p: -int(p.name.split(".")[1])):
            name, number, *ending = file.name.split(".")
            target = file.with_name(".".join([name, str(int(number) + 1), *ending]))
            file.rename(target)
            if target.name == "maillog.4":  # read to its end long ago, as logrotate's delaycompress
                with target.open("rb") as plain, gzip.open(f"{target}.gz.tmp", "wb", 1) as packed:
                    shutil.copyfileobj(plain, packed)
                shutil.copystat(target, f"{target}.gz.tmp")
                Path(f"{target}.gz.tmp").rename(f"{target}.gz")
                target.unlink()

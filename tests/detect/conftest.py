"""Pens that write lines of both MTAs, shared with the scenarios."""

import random
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scenarios"))

from stories.pen import Log
from stories.postfix_pen import PostfixPen
from stories.sendmail_pen import SendmailPen

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(params=[PostfixPen, SendmailPen], ids=["postfix", "sendmail"])
def pen(request):
    return request.param(Log(), random.Random(1), full=False)


@pytest.fixture
def postfix():
    return PostfixPen(Log(), random.Random(1), full=False)


@pytest.fixture
def sendmail():
    return SendmailPen(Log(), random.Random(1), full=False)


@pytest.fixture
def noon():
    return NOON

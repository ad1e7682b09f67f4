"""Notices: what is told to people."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class NoticeKind(StrEnum):
    """Why the notice goes out."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    REFUTED = "refuted"
    CLOSED = "closed"
    TEST = "test"
    HEALTH = "health"
    HEARTBEAT = "heartbeat"


class Notice(Struct, frozen=True, kw_only=True):
    """One message to people about *incident*; *key* makes it unique, so that it is sent once."""

    key: str
    incident: str
    kind: NoticeKind
    at: datetime
    title: str
    body: str

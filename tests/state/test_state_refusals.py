"""What the operating system refuses, as the error that says what to do about it."""

import errno
from pathlib import Path

import pytest

from logwatch_mx.errors import EffectError, PermissionDeniedError, StateError
from logwatch_mx.state.faults import refusal

STATE = Path("/var/lib/logwatch-mx/state.db")


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (errno.ENOSPC, EffectError, "No space left on device: make room"),
        (errno.EDQUOT, EffectError, "Disk quota exceeded: make room"),
        (errno.EACCES, PermissionDeniedError, "Permission denied"),
        (errno.EPERM, PermissionDeniedError, "Operation not permitted"),
        (errno.EROFS, StateError, "Read-only file system"),
        (errno.EIO, StateError, "Input/output error"),
    ],
)
def test_what_the_system_refuses_is_said_by_whose_fault_it_is(code, kind, said):
    error = refusal(STATE, OSError(code, said.partition(":")[0]))
    assert (type(error), str(error)) == (kind, f"{STATE}: {said}")
    assert getattr(error, "retry", False) is (kind is EffectError)

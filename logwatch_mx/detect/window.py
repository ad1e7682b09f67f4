"""Bounded memory: tables that forget the oldest half when full, and count what they forgot.

Attackers choose domains, message-ids and queue ids, so no table may grow with them.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import Struct

V = TypeVar("V")
#: Bytes, about: what a line kept as evidence takes besides its text.
BESIDES = 400


class Table(Struct, Generic[V]):
    """A two-generation dictionary: at most *cap* entries in each, looked-up ones are carried over.

    When the young generation is full it becomes the old one, and what only the old one held is
    forgotten and counted in *forgotten*. Where values grow, *weight* tells what was put into the
    young ones.
    """

    cap: int = 50_000
    young: dict[str, V] = {}
    old: dict[str, V] = {}
    forgotten: int = 0
    weight: int = 0

    def get(self, key: str) -> V | None:
        """Return the value of *key* or None, and keep it young."""
        value = self.young.get(key)
        if value is None and self.old:
            value = self.old.pop(key, None)
            if value is not None:
                self.set(key, value)
        return value

    def peek(self, key: str) -> V | None:
        """Return the value of *key* or None; unlike ``get`` this leaves no trace."""
        value = self.young.get(key)
        return self.old.get(key) if value is None else value

    def set(self, key: str, value: V) -> None:
        """Store *value*, forgetting the oldest generation when the table is full."""
        if key not in self.young and len(self.young) >= self.cap:
            self._turn()
        self.young[key] = value
        self.old.pop(key, None)

    def weigh(self, weight: int, most: int) -> None:
        """Count *weight* more in the young generation, which is full beyond *most*."""
        self.weight += weight
        if self.weight > most:
            self._turn()

    def _turn(self) -> None:
        self.forgotten += len(self.old)
        self.age()

    def pop(self, key: str) -> V | None:
        """Remove *key* and return its value or None."""
        value = self.young.pop(key, None)
        older = self.old.pop(key, None)
        return older if value is None else value

    def age(self) -> None:
        """Begin a new generation although there is room: what only the old one held is over."""
        self.old, self.young, self.weight = self.young, {}, 0

    def items(self) -> Iterator[tuple[str, V]]:
        """Yield all entries, old ones first, each in the order in which it came."""
        yield from self.old.items()
        yield from self.young.items()

    def __contains__(self, key: str) -> bool:
        """Say whether *key* is there; unlike ``get`` this leaves no trace."""
        return key in self.young or key in self.old

    def __len__(self) -> int:
        return len(self.young) + len(self.old)


def weight(*texts: bytes) -> int:
    """Return about how many bytes of memory are held by evidence that keeps *texts*."""
    return BESIDES + sum(map(len, texts))

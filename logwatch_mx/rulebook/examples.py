"""A rule's own examples, run. Who reads lines and counts is handed in; nothing here does.

An example says which subjects its lines raise; the runner says which ones they did raise.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from logwatch_mx.model.rule import Example, Rule

#: Lines in, and the example for what is own there; the subjects of the incidents that were raised.
Runner = Callable[[tuple[str, ...], Example], Collection[str]]


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that came out otherwise than its author said."""

    rule: str
    source: str
    example: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    @property
    def said(self) -> str:
        """One line for the operator."""
        parts = []
        if self.missing:
            parts.append(f"did not raise {', '.join(self.missing)}")
        if self.unexpected:
            parts.append(f"raised {', '.join(self.unexpected)}")
        return f'{self.source}: rule "{self.rule}": example "{self.example}": {" and ".join(parts)}'


def check_examples(rule: Rule, runner: Runner) -> list[Failure]:
    """Return the examples of *rule* that came out otherwise, in their order."""
    failures = []
    for example in rule.examples:
        raised = frozenset(runner(example.lines, example))
        expected = frozenset(example.expect)
        if raised != expected:
            failures.append(
                Failure(
                    rule=rule.id,
                    source=rule.source,
                    example=example.title,
                    missing=tuple(sorted(expected - raised)),
                    unexpected=tuple(sorted(raised - expected)),
                )
            )
    return failures

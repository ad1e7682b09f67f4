"""``logwatch-mx replay --tune``: what other thresholds would have raised."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

#: Alarms that are named for each value; --json names all.
NAMED = 12


def print_tuned(tuned: Any, *, as_json: bool) -> None:  # noqa: ANN401  # Tuned, imported when needed
    """Print every trial with its alarms, then the lines for config.toml."""
    if as_json:
        sys.stdout.write(json.dumps(_shape(tuned), indent=1) + "\n")
        return
    for line in _lines(tuned):
        click.echo(line)


def _lines(tuned: Any) -> Iterator[str]:  # noqa: ANN401  # as above
    setting = None
    for trial in tuned.trials:
        if trial.setting != setting:
            setting = trial.setting
            yield f"{setting}, over {tuned.days:.1f} days"
        mark = "  (configured)" if trial.configured else ""
        count = len(trial.alarms)
        yield f"  {trial.value:4}  {count} alarm{'s' * (count != 1)}{mark}"
        for incident in trial.alarms[:NAMED]:
            yield f"          {_clean(incident.id)}  {_state(incident)}"
        if count > NAMED:
            yield f"          and {count - NAMED} more"
    yield ""
    yield "Proposed for config.toml"
    for name, value in tuned.proposed.items():
        section, _, key = name.partition(".")
        yield f"  [{section}]"
        yield f"  {key} = {value}    # {tuned.why[name]}"


def _state(incident: Any) -> str:  # noqa: ANN401  # as above
    known = incident.verdict is not None
    return incident.state.value if known else f"{incident.counts.messages} messages"


def _shape(tuned: Any) -> dict[str, Any]:  # noqa: ANN401  # as above
    return {
        "schema": 1,
        "days": round(tuned.days, 3),
        "trials": [
            {
                "setting": trial.setting,
                "value": trial.value,
                "configured": trial.configured,
                "alarms": [{"id": i.id, "state": i.state.value} for i in trial.alarms],
            }
            for trial in tuned.trials
        ],
        "proposed": tuned.proposed,
        "why": tuned.why,
    }


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text[:200])

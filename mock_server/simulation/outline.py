"""What can be said of a run without writing its words?

Most requests ask for a run, not for what it says. As long as its client has done nothing to it, a run goes
through its scenario's statuses at the scenario's times; only the words differ. So the statuses are taken
once per scenario from a performance without words and moved to each run's beginning. Where more of a run
depends on its words (tool calls, an answer that is cut off), there is no outline and the run's own timeline
is asked. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mock_server.simulation.records import RunRecord
from mock_server.simulation.scenario import Calls, Moment, Says, Scenario, Status
from mock_server.simulation.script import filled
from mock_server.simulation.timeline import COMPLETED, Change, perform, usage
from mock_server.simulation.timestamps import rfc3339
from mock_server.simulation.tokens import count

_ANYONE = "run_00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class _Turn:
    """A change of status, milliseconds after the creation: fields it sets, and fields that tell when."""

    after: int
    fields: Mapping[str, Any]
    stamps: tuple[str, ...]
    ends: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """The statuses of every run of a scenario to which its client does nothing.

    `opening` names the events that every stream begins with, empty if those are not the run's first status;
    `next` tells when something else happens.
    """

    opening: tuple[str, ...]
    next: int
    turns: tuple[_Turn, ...]
    texts: tuple[str, ...]
    rest: int
    expires: int

    def status_at(self, record: RunRecord, now: int) -> str:
        """The status alone."""
        status = ""
        for turn in self.turns:
            if record.created_at + turn.after > now:
                break
            status = turn.fields.get("status", status)
        return status

    def fields_at(self, record: RunRecord, now: int) -> dict[str, Any]:
        """The fields of the run that change as time goes on."""
        begin: int = record.created_at
        fields: dict[str, Any] = {"status": ""}
        for turn in self.turns:
            at = begin + turn.after
            if at > now:
                break
            fields |= turn.fields
            for stamp in turn.stamps:
                fields[stamp] = rfc3339(at)
            if turn.ends:
                fields["usage"] = usage(record, _spoken(record, self.texts))
        return fields


@lru_cache(maxsize=4096)
def _spoken(record: RunRecord, texts: tuple[str, ...]) -> int:
    """How many tokens the run has spoken in the end; lists ask for the same runs again and again."""
    return sum(count(filled(text, record)) for text in texts)


def outline(record: RunRecord) -> Outline | None:
    """The outline of a run, if it has one."""
    return None if record.inputs else _of_scenario(record.scenario, record.pace)


def _takes_away(moment: Moment) -> bool:
    return isinstance(moment, Status) and None in moment.fields.values()


def _turn(change: Change, stamps: set[str]) -> _Turn:
    fields = {
        name: value
        for name, value in change.patch.items()
        if value is not None and name not in stamps and name != "usage"
    }
    return _Turn(
        change.at, fields, tuple(name for name in change.patch if name in stamps), "usage" in change.patch
    )


@lru_cache(maxsize=256)
def _of_scenario(scenario: Scenario, pace: float) -> Outline | None:
    texts = tuple(moment.text for moment in scenario.timeline if isinstance(moment, Says))
    timeline = perform(RunRecord(_ANYONE, "", 0, scenario, "", "", pace=pace))
    last, stamps = timeline.of_run[-1], {*scenario.lifecycles.run.timestamps.values()}
    if any(isinstance(moment, Calls) or _takes_away(moment) for moment in scenario.timeline):
        return None
    if texts and last.patch.get("status") != COMPLETED:
        return None
    first, following = timeline.changes[0], timeline.changes[:2][-1]
    return Outline(
        opening=first.events if first.target == _ANYONE and first.at == 0 else (),
        next=following.at,
        turns=tuple(_turn(change, stamps) for change in timeline.of_run),
        texts=texts,
        rest=timeline.changes[timeline.rests[0]].at,
        expires=timeline.expires_at,
    )

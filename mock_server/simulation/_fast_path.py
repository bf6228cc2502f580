"""Which statuses does a run reach, without writing its messages?

Most requests ask for a run, not for its messages. A run that its client has left alone takes its scenario's
statuses at the scenario's times; only the texts differ from run to run. So the statuses are computed once for
each scenario, from a timeline without texts, and then moved to each run's creation. Where more of a run
depends on its texts (tool calls, an unfinished message), there is no schedule, and the run's own timeline is
used. Only `snapshot` and `event_stream` import this module. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mock_server.simulation.lifecycle import COMPLETED
from mock_server.simulation.playback import Json, run_as_created
from mock_server.simulation.records import RunRecord
from mock_server.simulation.scenario import Message, Moment, Scenario, Status, ToolCalls
from mock_server.simulation.script import filled
from mock_server.simulation.timeline import Change, compute, usage
from mock_server.simulation.timestamps import rfc3339
from mock_server.simulation.tokens import count

_ANY_RUN = "run_00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class _StatusChange:
    """A change of the run's status, in milliseconds after its creation.

    `stamps` are the fields that are set to the time of the change.
    """

    after: int
    fields: Mapping[str, Any]
    stamps: tuple[str, ...]
    sets_usage: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """The statuses of a run whose client does nothing. All times are milliseconds after its creation.

    `opening` names the events that every stream begins with; it is empty if the stream begins otherwise.
    `next_change` is the time of the change after those events, `stop` the first time at which the run is
    `requires_action` or terminal.
    """

    opening: tuple[str, ...]
    next_change: int
    status_changes: tuple[_StatusChange, ...]
    texts: tuple[str, ...]
    stop: int
    expires: int

    def status_at(self, record: RunRecord, now: int) -> str:
        """The status alone."""
        status = ""
        for change in self.status_changes:
            if record.created_at + change.after > now:
                break
            status = change.fields.get("status", status)
        return status

    def run_at(self, record: RunRecord, now: int) -> Json:
        """The run as the API shows it."""
        created: int = record.created_at
        run = run_as_created(record, created + self.expires)
        for change in self.status_changes:
            at = created + change.after
            if at > now:
                break
            run |= change.fields
            for stamp in change.stamps:
                run[stamp] = rfc3339(at)
            if change.sets_usage:
                run["usage"] = usage(record, _written(record, self.texts))
        return run


@lru_cache(maxsize=4096)
def _written(record: RunRecord, texts: tuple[str, ...]) -> int:
    """The number of tokens that the run has written in the end; cached, since lists ask for it again."""
    return sum(count(filled(text, record)) for text in texts)


def schedule_of(record: RunRecord) -> Schedule | None:
    """The schedule of a run; None if its timeline has to be computed."""
    return None if record.inputs else _schedule(record.scenario, record.pace)


@lru_cache(maxsize=256)
def _schedule(scenario: Scenario, pace: float) -> Schedule | None:
    texts = tuple(moment.text for moment in scenario.timeline if isinstance(moment, Message))
    timeline = compute(RunRecord(_ANY_RUN, "", 0, scenario, "", "", pace=pace))
    last, stamps = timeline.of_run[-1], {*scenario.lifecycles.run.timestamps.values()}
    if any(_needs_timeline(moment, stamps) for moment in scenario.timeline):
        return None
    begun = sum("thread.message.created" in change.events for change in timeline.changes)
    if texts and (begun < len(texts) or last.patch.get("status") != COMPLETED):
        return None
    first, second = timeline.changes[0], timeline.changes[:2][-1]
    return Schedule(
        opening=first.events if first.target == _ANY_RUN and first.at == 0 else (),
        next_change=second.at,
        status_changes=tuple(_status_change(change, stamps) for change in timeline.of_run),
        texts=texts,
        stop=timeline.changes[timeline.stops[0]].at,
        expires=timeline.expires_at,
    )


def _needs_timeline(moment: Moment, stamps: set[str]) -> bool:
    """Whether a moment may remove fields of the run, or set fields that a schedule computes."""
    match moment:
        case ToolCalls() | Status(status="requires_action"):
            return True
        case Status(fields=fields):
            return None in fields.values() or not fields.keys().isdisjoint({*stamps, "usage"})
    return False


def _status_change(change: Change, stamps: set[str]) -> _StatusChange:
    fields = {
        name: value
        for name, value in change.patch.items()
        if value is not None and name not in stamps and name != "usage"
    }
    return _StatusChange(
        after=change.at,
        fields=fields,
        stamps=tuple(name for name in change.patch if name in stamps),
        sets_usage="usage" in change.patch,
    )

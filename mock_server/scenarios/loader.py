"""Is a scenario file valid, and does it follow the document's lifecycle?"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from mock_server.scenarios.yaml_fields import Fields, ScenarioError, read
from mock_server.simulation.conditions import ConditionError, check, parse_all
from mock_server.simulation.ids import MOST_CHILDREN
from mock_server.simulation.lifecycle import EXPIRED, REQUIRES_ACTION, Lifecycles, lifecycles
from mock_server.simulation.operations import Operations, operations
from mock_server.simulation.scenario import ALL, Event, Message, Moment, Scenario, Status, ToolCall, ToolCalls
from mock_server.simulation.trial import problem_with_client

EXPIRES = 600.0
"""Seconds after which a run expires, unless its scenario says otherwise."""
PLACEHOLDERS = ("said", "user", "model", "instructions", "outputs")
OWN_FIELDS = ("id", "status", "threadId")
"""Fields of a run that the mock itself reads; a scenario cannot set them."""
MOST_CALLS = 8
"""The largest number of tool calls in one moment; their ids are computed from it."""

AFTER_CANCEL: tuple[Moment, ...] = (Status(0, "cancelling", deltas=3), Status(1.5, "cancelled"))
AFTER_OUTPUTS: tuple[tuple[Moment, ...], ...] = (
    (
        Status(0, "in_progress"),
        Message(0.5, 2.0, "The tools answered: {{outputs}}"),
        Status(2.2, "completed"),
    ),
)


@dataclass(frozen=True)
class Facts:
    """What scenario files are checked against."""

    lifecycles: Lifecycles
    error_codes: tuple[str, ...]
    operations: Operations


def facts(document: Mapping[str, Any]) -> Facts:
    """The facts in a document."""
    error = document["components"]["schemas"]["LastError"]
    return Facts(lifecycles(document), tuple(error["properties"]["code"]["enum"]), operations(document))


def load(path: Path, facts: Facts, shown: Path | None = None) -> Scenario:
    """The scenario in a file. Raises `ScenarioError` for the first mistake."""
    if not path.stem.replace("-", "").isalnum():
        raise ScenarioError(f"{shown or path}: the name of a scenario consists of letters, digits and '-'")
    scenario = _Reader(facts, read(path, shown or path)).scenario(path.stem)
    # The built-in scenarios are played by tests; here that would slow the start.
    if path.parent != Path(__file__).parent and (problem := problem_with_client(scenario)):
        raise ScenarioError(f"{shown or path}: {problem}")
    return scenario


class _Reader:
    """Reads one file."""

    def __init__(self, facts: Facts, top: Fields) -> None:
        self._facts, self._top = facts, top
        self._breaks = top.text("breaks", "")

    def scenario(self, name: str) -> Scenario:
        """Read and check everything."""
        top = self._top
        top.only(
            "summary", "reveals", "breaks", "expires", "wire", "timeline", "after_cancel", "after_outputs"
        )
        timeline = self._moments(top.mappings("timeline"))
        cancel = self._moments(top.mappings("after_cancel")) if "after_cancel" in top else AFTER_CANCEL
        rounds = AFTER_OUTPUTS
        if "after_outputs" in top:
            rounds = tuple(self._moments(items) for items in top.lists_of_mappings("after_outputs"))
        scenario = Scenario(
            name=name,
            summary=top.text("summary"),
            reveals=top.text("reveals"),
            timeline=timeline,
            after_cancel=cancel,
            after_outputs=rounds,
            expires=top.seconds("expires", EXPIRES),
            lifecycles=self._facts.lifecycles,
            breaks=self._breaks,
            conditions=self._conditions(),
        )
        self._check_sizes(scenario)
        if not self._breaks:
            self._check_order(scenario)
        return scenario

    def _conditions(self) -> tuple[str, ...]:
        written = tuple(part for part in self._top.text("wire", "").split("+") if part)
        try:
            for condition in parse_all(written):
                check(condition, self._facts.operations)
        except ConditionError as error:
            raise self._top.error("wire", str(error)) from None
        return written

    def _moments(self, items: Sequence[Fields]) -> tuple[Moment, ...]:
        moments: list[Moment] = []
        for item in items:
            moment = self._moment(item)
            if moments and moment.at < moments[-1].at:
                raise item.error("at", f"{moment.at:g} is before the moment above it ({moments[-1].at:g})")
            moments.append(moment)
        return tuple(moments)

    def _moment(self, item: Fields) -> Moment:
        kinds: dict[str, Callable[[Fields], Moment]] = {
            "status": self._status,
            "message": self._message,
            "tool_calls": self._tool_calls,
            "event": self._event,
        }
        found = [kind for kind in kinds if kind in item]
        if len(found) != 1:
            raise item.error(
                "", f"a moment has one of {', '.join(kinds)}; here: {' and '.join(found) or 'none'}"
            )
        return kinds[found[0]](item)

    def _status(self, item: Fields) -> Status:
        item.only("at", "status", "error", "deltas", "fields")
        status, known = item.line("status"), tuple(self._facts.lifecycles.run.next)
        if status not in known and not self._breaks:
            raise item.error("status", f"{status!r} is not a status ({', '.join(known)})")
        deltas = item.value("deltas", (int, str), "a number or all", 0)
        if not (deltas == "all" or (isinstance(deltas, int) and deltas >= 0)):
            raise item.error("deltas", f"must be a number or all, not {deltas!r}")
        fields = item.value("fields", dict, "a mapping", {})
        if fields and not self._breaks:
            raise item.error(
                "fields",
                "needs the key breaks, which names the rule of the contract that this scenario breaks",
            )
        for name in OWN_FIELDS:
            if name in fields:
                raise item.error("fields", f"{name} is set by the mock; a scenario cannot set it")
        error = self._error(item)
        return Status(item.seconds("at"), status, error, ALL if deltas == "all" else deltas, fields)

    def _error(self, item: Fields) -> Mapping[str, Any] | None:
        error = item.value("error", dict, "a mapping with code and message", None)
        if error is None:
            return None
        if set(error) != {"code", "message"} or not all(isinstance(value, str) for value in error.values()):
            raise item.error("error", f"must have the strings code and message, not {error!r}")
        if error["code"] not in self._facts.error_codes and not self._breaks:
            allowed = ", ".join(self._facts.error_codes)
            raise item.error("error", f"{error['code']!r} is not a code of lastError ({allowed})")
        return dict(error)

    def _message(self, item: Fields) -> Message:
        item.only("at", "message", "until", "deltas", "finished")
        text = item.text("message")
        for part in text.split("{{")[1:]:
            name, closed, _ = part.partition("}}")
            if not closed or name not in PLACEHOLDERS:
                known = ", ".join(f"{{{{{word}}}}}" for word in PLACEHOLDERS)
                raise item.error("message", f"'{{{{{name[:20]}' is not a placeholder ({known})")
        finished = item.value("finished", bool, "true or false", True)
        return Message(item.seconds("at"), self._until(item), text, self._deltas(item), finished)

    def _tool_calls(self, item: Fields) -> ToolCalls:
        item.only("at", "tool_calls", "until", "deltas")
        calls = tuple(self._call(call) for call in item.mappings("tool_calls"))
        if len(calls) > MOST_CALLS:
            raise item.error("tool_calls", f"has {len(calls)} calls; at most {MOST_CALLS}")
        return ToolCalls(item.seconds("at"), self._until(item), calls, self._deltas(item))

    def _call(self, item: Fields) -> ToolCall:
        item.only("name", "arguments")
        arguments = item.value("arguments", (dict, str), "a mapping or a string", {})
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        return ToolCall(item.text("name"), text)

    def _event(self, item: Fields) -> Event:
        item.only("at", "event")
        if not self._breaks:
            raise item.error(
                "event",
                "needs the key breaks, which names the rule of the contract that this scenario breaks",
            )
        event = item.mapping("event")
        event.only("name", "data")
        data = event.value("data", dict, "a mapping")
        return Event(item.seconds("at"), event.line("name"), data)

    def _until(self, item: Fields) -> float:
        at = item.seconds("at")
        until = item.seconds("until", at)
        if until < at:
            raise item.error("until", f"{until:g} is before at ({at:g})")
        return until

    def _deltas(self, item: Fields) -> int | None:
        deltas = item.value("deltas", int, "a number", None)
        if deltas is not None and deltas < 1:
            raise item.error("deltas", f"must be at least 1, not {deltas}")
        return None if deltas is None else int(deltas)

    def _check_sizes(self, scenario: Scenario) -> None:
        moments = [*scenario.timeline, *chain.from_iterable(scenario.after_outputs)]
        made = sum(isinstance(moment, Message | ToolCalls) for moment in moments)
        if made > MOST_CHILDREN // 2:
            raise self._top.error("timeline", f"{made} messages and tool calls; at most {MOST_CHILDREN // 2}")

    def _check_order(self, scenario: Scenario) -> None:
        run = self._facts.lifecycles.run
        first = scenario.timeline[0]
        if not (isinstance(first, Status) and first.status == run.initial and first.at == 0):
            raise self._top.error("timeline", f"must begin with {{at: 0, status: {run.initial}}}")
        active = self._walk("timeline", scenario.timeline[1:], [run.initial])
        self._check_answer("after_cancel", scenario.after_cancel)
        self._walk("after_cancel", scenario.after_cancel, sorted(active))
        for number, moments in enumerate(scenario.after_outputs):
            self._check_answer(f"after_outputs[{number}]", moments)
            self._walk(f"after_outputs[{number}]", moments, [REQUIRES_ACTION])

    def _check_answer(self, section: str, moments: Sequence[Moment]) -> None:
        """A client's request changes the status at once, so that it cannot be repeated."""
        if not (isinstance(moments[0], Status) and moments[0].at == 0):
            raise self._error_in(section, "must begin with a status at 0")

    def _walk(self, section: str, moments: Sequence[Moment], before: list[str]) -> set[str]:
        """Check each transition, and return the active statuses on the way."""
        run, reached, calls = self._facts.lifecycles.run, set(before), False
        for moment in moments:
            if any(status in run.terminal for status in before):
                raise self._error_in(section, f"nothing can follow {before[0]!r}, which is terminal")
            calls = calls or isinstance(moment, ToolCalls)
            if not isinstance(moment, Status):
                continue
            for status in before:
                if not run.may_follow(status, moment.status):
                    allowed = ", ".join(run.next[status]) or "nothing"
                    raise self._error_in(
                        section, f"{moment.status!r} cannot follow {status!r} (allowed: {allowed})"
                    )
            if moment.status == REQUIRES_ACTION and not calls:
                raise self._error_in(section, f"{REQUIRES_ACTION!r} needs tool_calls before it")
            before = [moment.status]
            reached.add(moment.status)
        if not run.terminal.intersection(before) and not all(
            run.may_follow(last, EXPIRED) for last in before
        ):
            raise self._error_in(section, f"{before[0]!r} cannot end in {EXPIRED!r}")
        return reached - run.terminal

    def _error_in(self, section: str, problem: str) -> ScenarioError:
        return self._top.error(section.partition("[")[0], problem)

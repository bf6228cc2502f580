"""Does what is seen of a run, over time and from all sides, make one possible life?"""

import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from contract_tests.contract import EVENT_STREAM
from contract_tests.exchange import Exchange
from contract_tests.findings import Deviation, Grade, check
from contract_tests.moments import moment
from contract_tests.traces import Observation, Trace

_STARTED = frozenset({"in_progress", "requires_action", "cancelling"})
_SKEW = 300


def _lives(trace: Trace) -> bool:
    return trace.kind in ("run", "step")


def _told(one: Observation) -> str:
    return f"{one.status} ({one.source})"


@check("terminal-status-final", Trace)
def terminal_status_is_final(trace: Trace) -> Iterator[Deviation]:
    """A run, or step, in a terminal status stays in it.

    Source: the reference page "Create run", which speaks of a terminal state; `x-lifecycle`
    Grade: documented
    Advice: let nothing write the status of a run that is over
    """
    for earlier, later in trace.pairs() if _lives(trace) else ():
        if earlier.status in trace.lifecycle.terminal and later.status and later.status != earlier.status:
            seen = f"{_told(earlier)}, then {_told(later)}"
            place = f"{trace.kind}: {earlier.status} to {later.status}"
            yield Deviation(seen, earlier.status, later.exchange, place)


@check("status-never-returns-to-queue", Trace)
def status_never_returns_to_the_queue(trace: Trace) -> Iterator[Deviation]:
    """A run that was seen at work is not in the queue again.

    Source: the names of the documented statuses; after tool outputs services may queue a run anew
    Grade: documented
    Advice: serve list, retrieve and stream from one status
    """
    waited = False
    for earlier, later in trace.pairs() if trace.kind == "run" else ():
        waited = waited or earlier.status == "requires_action"
        if earlier.status in _STARTED and later.status == "queued" and not waited:
            yield Deviation(f"{_told(earlier)}, then {_told(later)}", "a later status", later.exchange, "run")


@check("status-reachable", Trace)
def status_is_reachable(trace: Trace) -> Iterator[Deviation]:
    """A status can be reached from the ones seen before it.

    Source: `x-lifecycle` in the document, the order of the OpenAI Assistants API
    Grade: assumed
    Advice: this deployment teaches us a transition; look whether it is meant
    """
    table = trace.lifecycle
    for earlier, later in trace.pairs() if _lives(trace) else ():
        known = table.knows(earlier.status) and table.knows(later.status)
        if (
            known
            and earlier.status not in table.terminal
            and not table.reachable(earlier.status, later.status)
        ):
            seen = f"{_told(earlier)}, then {_told(later)}"
            teaches = f"x-lifecycle:\n  statuses:\n    {earlier.status}:\n      next: [..., {later.status}]"
            place = f"{trace.kind}: {earlier.status} to {later.status}"
            yield Deviation(seen, "a status that may follow", later.exchange, place, teaches=teaches)


@check("first-status", Trace)
def first_status_is_initial(trace: Trace) -> Iterator[Deviation]:
    """A stream shows a run first in the status that runs begin with.

    Source: `x-lifecycle` in the document, as in the OpenAI Assistants API
    Grade: assumed
    Advice: this deployment teaches us how runs begin
    """
    stream = trace.stream
    if trace.kind == "run" and stream and stream.statuses and stream.statuses[0] != trace.lifecycle.initial:
        teaches = f"x-lifecycle:\n  initial: {stream.statuses[0]}"
        seen = f"the stream begins with {stream.statuses[0]}"
        yield Deviation(seen, trace.lifecycle.initial, stream.exchange, "run", teaches=teaches)


@check("terminal-run-unchanged", Trace)
def terminal_run_is_unchanged(trace: Trace) -> Iterator[Deviation]:
    """What is told of a run that is over does not change any more, but for its metadata.

    Source: the reference page "Create run", which speaks of a terminal state
    Grade: documented
    Advice: write usage, error and timestamps with the terminal status, not after it
    """
    names = [*trace.lifecycle.timestamps(), "lastError", "usage", "createdAt"] if _lives(trace) else []
    for earlier, later in trace.pairs():
        if not names or earlier.status not in trace.lifecycle.terminal or earlier.status != later.status:
            continue
        for name in names:
            old, new = earlier.body.get(name), later.body.get(name)
            if _empty(old) != _empty(new) and "stream" in (earlier.source, later.source):
                continue
            if old != new and not (_empty(old) and _empty(new)) and not _same(old, new):
                seen = f"{name}: {str(old)[:70]} ({earlier.source}), then {str(new)[:70]} ({later.source})"
                yield Deviation(seen, "the same", later.exchange, f"{trace.kind}.{name}")


def _empty(value: Any) -> bool:
    return value in (None, "", [], {})


def _same(old: Any, new: Any) -> bool:
    """Whether two texts name one moment."""
    one, other = moment(old), moment(new)
    return one is not None and other is not None and not one.differs(other)


@check("timestamp-fixed", Trace)
def timestamps_are_fixed(trace: Trace) -> Iterator[Deviation]:
    """A timestamp that is set stays as it is.

    Source: the names of the fields: a moment that has passed does not move
    Grade: documented
    Advice: stamp once, when it happens
    """
    names = ["createdAt", *trace.lifecycle.timestamps()] if _lives(trace) else ["createdAt"]
    for earlier, later in trace.pairs():
        for name in names:
            old, new = earlier.body.get(name), later.body.get(name)
            if not _empty(old) and old != new and not _same(old, new):
                seen = f"{name}: {old} ({earlier.source}), then {new} ({later.source})"
                yield Deviation(seen, str(old), later.exchange, f"{trace.kind}.{name}")


@check("timestamp-of-status", Trace)
def status_has_its_timestamp(trace: Trace) -> Iterator[Deviation]:
    """A run, or step, has the timestamp of its status.

    Source: the names of the fields and statuses; `x-lifecycle`
    Grade: documented
    Advice: write status and timestamp together
    """
    for one in trace.observations if _lives(trace) else ():
        name = trace.lifecycle.timestamp.get(one.status)
        if name and one.source != "stream" and _empty(one.body.get(name)):
            place = f"{trace.kind}: {one.status} without {name}"
            yield Deviation(f"{one.status} without {name}", name, one.exchange, place, _grade(trace))
        if (
            trace.kind == "run"
            and one.status == "completed"
            and one.source != "stream"
            and not one.body.get("startedAt")
        ):
            place = "run: completed without startedAt"
            yield Deviation("completed without startedAt", "startedAt", one.exchange, place, _grade(trace))


def _grade(trace: Trace) -> Grade:
    return Grade(trace.lifecycle.grades.get("timestamp", "documented"))


@check("timestamp-contradiction", Trace)
def timestamps_fit_the_status(trace: Trace) -> Iterator[Deviation]:
    """A run, or step, has no timestamp of a status that it is not in and has not passed.

    Source: the names of the fields and statuses
    Grade: documented
    Advice: leave the others absent or null
    """
    table = trace.lifecycle
    ends = {table.timestamp[status]: status for status in table.terminal if status in table.timestamp}
    for one in trace.observations if _lives(trace) else ():
        for name, status in ends.items():
            if not _empty(one.body.get(name)) and one.status and one.status != status:
                seen = f"{one.status} with {name}"
                yield Deviation(seen, f"no {name}", one.exchange, f"{trace.kind}: {seen}")
        if one.status == "queued" and not _empty(one.body.get("startedAt")) and not _waited(trace, one):
            yield Deviation(
                "queued with startedAt", "no startedAt", one.exchange, "run: queued with startedAt"
            )


def _waited(trace: Trace, now: Observation) -> bool:
    return any(one.status == "requires_action" for one in trace.observations if one.precedes(now))


@check("timestamps-ordered", Trace)
def timestamps_are_ordered(trace: Trace) -> Iterator[Deviation]:
    """Created, started and ended follow one another, and the expiry comes after the creation.

    Source: the names of the fields
    Grade: documented
    Advice: take all times from one clock
    """
    ends = trace.lifecycle.timestamps() - {"startedAt"}
    pairs = [("createdAt", "startedAt"), ("createdAt", "expiresAt")]
    pairs += [(begin, end) for end in sorted(ends) for begin in ("createdAt", "startedAt")]
    for one in trace.observations if _lives(trace) else ():
        for earlier, later in pairs:
            first, second = moment(one.body.get(earlier)), moment(one.body.get(later))
            if first and second and second.before(first):
                seen = f"{later} {one.body[later]} before {earlier} {one.body[earlier]}"
                yield Deviation(seen, f"{earlier} first", one.exchange, f"{trace.kind}: {earlier}, {later}")


@check("timestamp-not-in-future", Trace)
def timestamps_are_not_in_the_future(trace: Trace) -> Iterator[Deviation]:
    """What has happened has not happened in the future.

    Source: the names of the fields; the service's own Date
    Grade: documented
    Advice: take all times from one clock, in UTC
    """
    for one in trace.observations:
        now = max(_server_time(one), one.exchange.wall)
        names = ("createdAt", *(trace.lifecycle.timestamps() if _lives(trace) else ()))
        for name in names if one.exchange.wall else ():
            told = moment(one.body.get(name))
            if told and told.seconds > now + _SKEW:
                seen = f"{name} {one.body[name]}, {int(told.seconds - now)} s ahead"
                yield Deviation(seen, "a moment that has passed", one.exchange, f"{trace.kind}.{name}")


def _server_time(one: Observation) -> float:
    try:
        return parsedate_to_datetime(one.exchange.header("date")).timestamp()
    except (TypeError, ValueError):
        return 0.0


@check("created-now", Trace)
def created_at_is_now(trace: Trace) -> Iterator[Deviation]:
    """`createdAt` is the moment of the creation.

    Source: the name of the field; the service's own Date
    Grade: documented
    Advice: look at the service's clock and time zone
    """
    first = trace.observations[0]
    told, now = moment(first.body.get("createdAt")), _server_time(first) or first.exchange.wall
    if first.source.startswith("create") and told and now and abs(told.seconds - now) > _SKEW:
        seen = f"createdAt {first.body['createdAt']} at {time.strftime('%FT%TZ', time.gmtime(now))}"
        yield Deviation(seen, "the moment of the creation", first.exchange, trace.kind)


@check("failed-says-why", Trace)
def failed_says_why(trace: Trace) -> Iterator[Deviation]:
    """A run, or step, has `lastError` exactly when it failed.

    Source: the document's description of `failed` and `lastError`
    Grade: documented
    Advice: write the error with the status
    """
    for one in trace.observations if _lives(trace) else ():
        error = one.body.get("lastError")
        if one.status == "failed" and _empty(error) and trace.kind == "run":
            yield Deviation("failed without lastError", "lastError", one.exchange, f"{trace.kind}: failed")
        if one.status == "completed" and not _empty(error):
            yield Deviation(
                "completed with lastError", "no lastError", one.exchange, f"{trace.kind}: completed"
            )


@check("required-action-told", Trace)
def required_action_is_told(trace: Trace) -> Iterator[Deviation]:
    """A run has `requiredAction` exactly while it requires an action.

    Source: the names of field and status; the document's description of `requiredAction`
    Grade: documented
    Advice: write the action with the status and take it away with it
    """
    for one in trace.observations if trace.kind == "run" else ():
        action = one.body.get("requiredAction")
        if one.status == "requires_action" and _empty(action):
            yield Deviation(
                "requires_action without requiredAction", "requiredAction", one.exchange, "missing"
            )
        if one.status in trace.lifecycle.terminal | {"queued"} and not _empty(action):
            yield Deviation(f"{one.status} with requiredAction", "none", one.exchange, f"{one.status}")


@check("run-ends", Trace)
def run_ends(trace: Trace) -> Iterator[Deviation]:
    """A run leaves the queue and ends, or says what it waits for, within `--max-wait`.

    Source: the reference page "Create run": runs get into a terminal state
    Grade: documented
    Advice: look for a lost job; give a larger --max-wait where the model is that slow
    """
    for one in trace.observations if trace.kind == "run" else ():
        waits = one.status in trace.lifecycle.terminal | {"requires_action"}
        if "waited-out" in one.exchange.wants and not waits:
            yield Deviation(f"still {one.status}", "a status that lasts", one.exchange, one.status)


@check("run-creation-answered", Exchange)
def creation_is_answered(exchange: Exchange) -> Iterator[Deviation]:
    """The creation of a run is answered, at the latest when the run is over, within `--max-wait`.

    Source: the reference page "Create run"
    Grade: documented
    Advice: look for a lost job; give a larger --max-wait where the model is that slow
    """
    waits = exchange.operation is not None and exchange.operation.waits_for_run
    if (waits and not exchange.status and "Timeout" in exchange.error) or (waits and _is_cut_json(exchange)):
        took = exchange.received - exchange.sent
        yield Deviation(f"no answer after {took:.0f} s", "an answer", exchange)


def _is_cut_json(exchange: Exchange) -> bool:
    return exchange.cut and exchange.media_type != EVENT_STREAM


@check("steps-agree-with-run", Trace)
def steps_agree_with_their_run(trace: Trace) -> Iterator[Deviation]:
    """When a run is over, so are its steps, and they are no better than the run.

    Source: the reference pages of runs and run steps, whose statuses have one meaning
    Grade: documented
    Advice: end the steps with the run
    """
    over = [one for one in trace.observations if one.status in trace.lifecycle.terminal]
    for step in trace.related.get("steps", ()) if over else ():
        for sight in step.observations:
            if over[0].precedes(sight) and sight.status == "in_progress":
                seen = f"the step is in_progress, its run {over[0].status}"
                yield Deviation(seen, "a step that is over", sight.exchange, f"run {over[0].status}")


@check("step-names-its-work", Trace)
def step_names_its_work(trace: Trace) -> Iterator[Deviation]:
    """A step's details are of the step's type.

    Source: the reference page of run steps: type and stepDetails
    Grade: documented
    Advice: write both together
    """
    for one in trace.observations if trace.kind == "step" else ():
        details = one.body.get("stepDetails")
        told = details.get("type") if isinstance(details, Mapping) else None
        if isinstance(told, str) and told != one.body.get("type"):
            yield Deviation(f"type {one.body.get('type')}, details {told}", "one type", one.exchange, "step")


@check("usage-adds-up", Trace)
def usage_adds_up(trace: Trace) -> Iterator[Deviation]:
    """The total of the tokens is the sum of its parts.

    Source: the usage object of the OpenAI Assistants API
    Grade: assumed
    Advice: this deployment teaches us how tokens are counted
    """
    for one in trace.observations if _lives(trace) else ():
        usage = one.body.get("usage")
        counts = usage if isinstance(usage, Mapping) else {}
        parts = [counts.get(name) for name in ("promptTokens", "completionTokens", "totalTokens")]
        numbers = [part for part in parts if isinstance(part, int)]
        if len(numbers) == len(parts) and sum(numbers[:2]) != numbers[2]:
            seen = f"{numbers[0]} + {numbers[1]} is told as {numbers[2]}"
            yield Deviation(seen, "the sum", one.exchange, trace.kind)

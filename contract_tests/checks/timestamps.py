"""Do timestamps fit the status, one another and the clock?"""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from contract_tests.checks.values import empty, has_status, same_time
from contract_tests.findings import Deviation, check
from contract_tests.observations.timestamps import parse_timestamp
from contract_tests.observations.traces import Observation, Trace
from openapi import Grade

# In seconds: less than the smallest step between time zones, more than the error of any clock.
_SKEW = 1500
# Seconds that a service may take a run for expired too early.
_EARLY = 1.0
_SHORTEST, _LONGEST = 30, 7200
_STARTED = ("in_progress", "requires_action")


@check("timestamp-fixed", Trace)
def timestamps_are_fixed(trace: Trace) -> Iterator[Deviation]:
    """A timestamp that is set does not change.

    Source: the names of the fields: a past event does not move
    Grade: documented
    Allows: fewer digits, another zone
    Advice: write each timestamp once, when the event happens
    """
    names = ["createdAt", *trace.lifecycle.timestamps(), "expiresAt"] if has_status(trace) else ["createdAt"]
    for earlier, later in trace.pairs():
        for name in names:
            old, new = earlier.body.get(name), later.body.get(name)
            if not empty(old) and old != new and not same_time(old, new):
                # No page says that a deadline does not move.
                grade = Grade.ASSUMED if name == "expiresAt" else None
                seen = f"{name}: {old} ({earlier.source}), then {new or 'none'} ({later.source})"
                yield Deviation(seen, str(old), later.exchange, f"{trace.kind}.{name}", grade)


@check("timestamp-of-status", Trace)
def status_has_its_timestamp(trace: Trace) -> Iterator[Deviation]:
    """A run or step has the timestamp of its status.

    Source: the names of the fields and statuses; `x-lifecycle`
    Grade: documented
    Allows: timestamps that a stream leaves out; a run without work that was cancelled
    Advice: write status and timestamp together
    """
    for one in trace.observations if has_status(trace) else ():
        name = trace.lifecycle.timestamp.get(one.status)
        if name and one.source != "stream" and empty(one.body.get(name)):
            place = f"{trace.kind}: {one.status} without {name}"
            yield Deviation(f"{one.status} without {name}", name, one.exchange, place, _grade(trace))
        if _ran_without_start(trace, one):
            place = "run: completed without startedAt"
            yield Deviation("completed without startedAt", "startedAt", one.exchange, place, _grade(trace))


def _ran_without_start(trace: Trace, one: Observation) -> bool:
    """Whether a run completed without a start. A run that was being cancelled may skip its work."""
    completed = trace.kind == "run" and one.status == "completed" and one.source != "stream"
    stopped = any(other.status == "cancelling" for other in trace.observations)
    return completed and not stopped and empty(one.body.get("startedAt"))


def _grade(trace: Trace) -> Grade:
    return Grade(trace.lifecycle.grades.get("timestamp", "documented"))


@check("timestamp-contradiction", Trace)
def timestamps_fit_the_status(trace: Trace) -> Iterator[Deviation]:
    """A run or step has no timestamp of a status that it has not had.

    Source: the names of the fields and statuses
    Grade: documented
    Allows: cancelledAt from the moment when a client asks to cancel
    Advice: leave the other timestamps out, or null
    """
    table = trace.lifecycle
    ends = {table.timestamp[status]: status for status in table.terminal if status in table.timestamp}
    for one in trace.observations if has_status(trace) else ():
        for name, status in ends.items():
            if not empty(one.body.get(name)) and one.status and one.status != status:
                seen = f"{one.status} with {name}"
                # No page says whether cancelling sets the time when it is asked for or when it is done.
                grade = Grade.ASSUMED if status == "cancelled" and _was_cancelled(trace) else None
                yield Deviation(seen, f"no {name}", one.exchange, f"{trace.kind}: {seen}", grade)
        if one.status == "queued" and not empty(one.body.get("startedAt")) and not _started(trace, one):
            yield Deviation(
                "queued with startedAt", "no startedAt", one.exchange, "run: queued with startedAt"
            )


def _was_cancelled(trace: Trace) -> bool:
    """Whether a client asked to cancel the run, or the run of the step."""
    return any("cancel" in one.status or one.source == "cancelRun" for one in trace.observations)


def _started(trace: Trace, now: Observation) -> bool:
    """Whether the run was at work before. No page says that it is not queued again."""
    return any(one.status in _STARTED for one in trace.observations if one.precedes(now))


@check("timestamps-ordered", Trace)
def timestamps_are_ordered(trace: Trace) -> Iterator[Deviation]:
    """A resource is created before it starts, starts before it ends, and expires after its creation.

    Source: the names of the fields
    Grade: documented
    Allows: equal times; truncated digits
    Advice: take all timestamps from one clock
    """
    ends = trace.lifecycle.timestamps() - {"startedAt"}
    pairs = [("createdAt", "startedAt"), ("createdAt", "expiresAt")]
    pairs += [(begin, end) for end in sorted(ends) for begin in ("createdAt", "startedAt")]
    for one in trace.observations if has_status(trace) else ():
        for earlier, later in pairs:
            first, second = parse_timestamp(one.body.get(earlier)), parse_timestamp(one.body.get(later))
            if first and second and second.before(first):
                seen = f"{later} {one.body[later]} before {earlier} {one.body[earlier]}"
                yield Deviation(seen, f"{earlier} first", one.exchange, f"{trace.kind}: {earlier}, {later}")


@check("timestamp-not-in-future", Trace)
def timestamps_are_not_in_the_future(trace: Trace) -> Iterator[Deviation]:
    """No timestamp of a past event is in the future.

    Source: the names of the fields; the `Date` header of the service
    Grade: documented
    Allows: clocks that differ by up to 25 minutes; expiresAt
    Advice: take all timestamps from one clock, in UTC
    """
    for one in trace.observations:
        now = max(_server_time(one), one.exchange.wall)
        names = ("createdAt", *(trace.lifecycle.timestamps() if has_status(trace) else ()))
        for name in names if one.exchange.wall else ():
            found = parse_timestamp(one.body.get(name))
            if found and found.seconds > now + _SKEW:
                seen = f"{name} {one.body[name]}, {int(found.seconds - now)} s ahead"
                yield Deviation(seen, "a past time", one.exchange, f"{trace.kind}.{name}")


def _server_time(one: Observation) -> float:
    try:
        return parsedate_to_datetime(one.exchange.header("date")).timestamp()
    except (TypeError, ValueError):
        return 0.0


@check("created-now", Trace)
def created_at_is_now(trace: Trace) -> Iterator[Deviation]:
    """`createdAt` is the time of the creation.

    Source: the name of the field; the `Date` header of the service
    Grade: documented
    Allows: clocks that differ by up to 25 minutes
    Advice: check the clock and the time zone of the service
    """
    first = trace.observations[0]
    found, now = parse_timestamp(first.body.get("createdAt")), _server_time(first) or first.exchange.wall
    if first.is_creation and found and now and abs(found.seconds - now) > _SKEW:
        seen = f"createdAt {first.body['createdAt']} at {time.strftime('%FT%TZ', time.gmtime(now))}"
        yield Deviation(seen, "the time of the creation", first.exchange, trace.kind)


@check("expires-in-time", Trace)
def nothing_expires_early(trace: Trace) -> Iterator[Deviation]:
    """A run or step expires at its `expiresAt`, not before.

    Source: the name of the field; `x-lifecycle` in the document; the `Date` header of the service
    Grade: assumed
    Allows: no expiresAt; an expiry up to a second early
    Advice: compare the deadline with the clock that wrote it
    """
    first = trace.observations[0]
    deadline, created = (
        parse_timestamp(first.body.get("expiresAt")),
        parse_timestamp(first.body.get("createdAt")),
    )
    operation = first.exchange.operation
    if deadline is None or created is None or operation is None or not operation.creates(trace.kind):
        return
    # The service's clock was at `createdAt` when the resource was requested, or later.
    lasts = float(deadline.seconds - created.seconds) - float(max(deadline.precision, created.precision))
    for one in trace.observations:
        if one.status == "expired" and one.received - first.sent < lasts - _EARLY:
            seen = f"expired {one.received - first.sent:.1f} s after the request"
            expected = f"{lasts:.0f} s after it"
            yield Deviation(seen, expected, one.exchange, f"{trace.kind}: expired")
            return


@check("deadline-in-minutes", Trace)
def deadline_is_some_minutes_ahead(trace: Trace) -> Iterator[Deviation]:
    """A new run expires some minutes after its creation.

    Source: the runs of the OpenAI Assistants API; no page says how long a run may take
    Grade: assumed
    Advice: report the deadline to the maintainers of the contract
    """
    first = trace.observations[0]
    operation = first.exchange.operation
    created = parse_timestamp(first.body.get("createdAt"))
    if trace.kind != "run" or operation is None or not operation.starts_run or created is None:
        return
    deadline = parse_timestamp(first.body.get("expiresAt"))
    lasts = float(deadline.seconds - created.seconds) if deadline else 0.0
    if deadline is None or not _SHORTEST <= lasts <= _LONGEST:
        seen = f"expiresAt {lasts:.0f} s after createdAt" if deadline else "no expiresAt"
        yield Deviation(seen, "some minutes", first.exchange, "run: expiresAt")

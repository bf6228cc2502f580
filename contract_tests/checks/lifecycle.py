"""Does what is seen of a run, over time and from all sides, make one possible life?"""

from collections.abc import Iterator, Mapping

from contract_tests.checks.values import empty, lives, same
from contract_tests.document import EVENT_STREAM
from contract_tests.findings import Deviation, check
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.traces import Observation, Trace

_STARTED = frozenset({"in_progress", "requires_action", "cancelling"})


def _told(one: Observation) -> str:
    return f"{one.status} ({one.source})"


@check("terminal-status-final", Trace)
def terminal_status_is_final(trace: Trace) -> Iterator[Deviation]:
    """A run, or step, in a terminal status stays in it.

    Source: the reference page "Create run", which speaks of a terminal state; `x-lifecycle`
    Grade: documented
    Advice: let nothing write the status of a run that is over
    """
    for earlier, later in trace.pairs() if lives(trace) else ():
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
    for earlier, later in trace.pairs() if lives(trace) else ():
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
    names = [*trace.lifecycle.timestamps(), "lastError", "usage", "createdAt"] if lives(trace) else []
    for earlier, later in trace.pairs():
        if not names or earlier.status not in trace.lifecycle.terminal or earlier.status != later.status:
            continue
        for name in names:
            old, new = earlier.body.get(name), later.body.get(name)
            if empty(old) != empty(new) and "stream" in (earlier.source, later.source):
                continue
            if old != new and not (empty(old) and empty(new)) and not same(old, new):
                seen = f"{name}: {str(old)[:70]} ({earlier.source}), then {str(new)[:70]} ({later.source})"
                yield Deviation(seen, "the same", later.exchange, f"{trace.kind}.{name}")


@check("failed-says-why", Trace)
def failed_says_why(trace: Trace) -> Iterator[Deviation]:
    """A run, or step, has `lastError` exactly when it failed.

    Source: the document's description of `failed` and `lastError`
    Grade: documented
    Advice: write the error with the status
    """
    for one in trace.observations if lives(trace) else ():
        error = one.body.get("lastError")
        if one.status == "failed" and empty(error) and trace.kind == "run":
            yield Deviation("failed without lastError", "lastError", one.exchange, f"{trace.kind}: failed")
        if one.status == "completed" and not empty(error):
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
        if one.status == "requires_action" and empty(action):
            yield Deviation(
                "requires_action without requiredAction", "requiredAction", one.exchange, "missing"
            )
        if one.status in trace.lifecycle.terminal | {"queued"} and not empty(action):
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
        if Intent.LAST_POLL in one.exchange.intents and not waits:
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
    for one in trace.observations if lives(trace) else ():
        usage = one.body.get("usage")
        counts = usage if isinstance(usage, Mapping) else {}
        parts = [counts.get(name) for name in ("promptTokens", "completionTokens", "totalTokens")]
        numbers = [part for part in parts if isinstance(part, int)]
        if len(numbers) == len(parts) and sum(numbers[:2]) != numbers[2]:
            seen = f"{numbers[0]} + {numbers[1]} is told as {numbers[2]}"
            yield Deviation(seen, "the sum", one.exchange, trace.kind)


@check("creation-waits-for-the-run", Exchange)
def creation_waits_for_the_run(exchange: Exchange) -> Iterator[Deviation]:
    """A run that is created without `stream` is answered when it needs nobody's work any more.

    Source: frontends read the thread's messages as soon as the run's answer arrives
    Grade: observed
    Advice: answer when the run is over or waits for tool outputs; plain frontends show no reply otherwise
    """
    starts = exchange.operation is not None and exchange.operation.starts_run
    status = exchange.json.get("status") if isinstance(exchange.json, dict) else None
    if starts and exchange.ok and status in ("queued", "in_progress"):
        yield Deviation(
            f"answered while {status}", "a run that is over", exchange, f"{exchange.label}: {status}"
        )

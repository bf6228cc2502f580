"""Do the observations of a run or step, from all operations, follow its lifecycle?"""

from collections.abc import Iterator, Mapping

from contract_tests.checks.values import empty, has_status, same_time
from contract_tests.document import EVENT_STREAM
from contract_tests.findings import Deviation, check
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.traces import Observation, Trace
from openapi import Grade

_STARTED = frozenset({"in_progress", "requires_action", "cancelling"})


def _shown(one: Observation) -> str:
    return f"{one.status} ({one.source})"


@check("terminal-status-final", Trace)
def terminal_status_is_final(trace: Trace) -> Iterator[Deviation]:
    """A run or step in a terminal status stays in it.

    Source: the reference page "Create run", which speaks of a terminal state; `x-lifecycle`
    Grade: documented
    Allows: any status until then, in any order
    Advice: do not change the status of a terminal run
    """
    for earlier, later in trace.pairs() if has_status(trace) else ():
        if earlier.status in trace.lifecycle.terminal and later.status and later.status != earlier.status:
            seen = f"{_shown(earlier)}, then {_shown(later)}"
            place = f"{trace.kind}: {earlier.status} to {later.status}"
            yield Deviation(seen, earlier.status, later.exchange, place)


@check("status-never-returns-to-queue", Trace)
def status_never_returns_to_the_queue(trace: Trace) -> Iterator[Deviation]:
    """A run that has started does not return to the queue.

    Source: `x-lifecycle` in the document: no page gives the order of the statuses
    Grade: assumed
    Advice: serve list, retrieve and stream from the same status
    """
    waited = False
    for earlier, later in trace.pairs() if trace.kind == "run" else ():
        waited = waited or earlier.status == "requires_action"
        if earlier.status in _STARTED and later.status == "queued" and not waited:
            yield Deviation(
                f"{_shown(earlier)}, then {_shown(later)}", "a later status", later.exchange, "run"
            )


@check("status-reachable", Trace)
def status_is_reachable(trace: Trace) -> Iterator[Deviation]:
    """Each status can be reached from the statuses before it.

    Source: `x-lifecycle` in the document, after the OpenAI Assistants API
    Grade: assumed
    Advice: check whether the transition is intended; if so, report it to the maintainers of the contract
    """
    table = trace.lifecycle
    for earlier, later in trace.pairs() if has_status(trace) else ():
        known = table.knows(earlier.status) and table.knows(later.status)
        if (
            known
            and earlier.status not in table.terminal
            and not table.reachable(earlier.status, later.status)
        ):
            seen = f"{_shown(earlier)}, then {_shown(later)}"
            suggests = f"x-lifecycle:\n  statuses:\n    {earlier.status}:\n      next: [..., {later.status}]"
            place = f"{trace.kind}: {earlier.status} to {later.status}"
            yield Deviation(seen, "a reachable status", later.exchange, place, suggests=suggests)


@check("first-status", Trace)
def first_status_is_initial(trace: Trace) -> Iterator[Deviation]:
    """A stream first shows a run in its initial status.

    Source: `x-lifecycle` in the document, after the OpenAI Assistants API
    Grade: assumed
    Advice: report the initial status to the maintainers of the contract
    """
    stream = trace.stream
    if trace.kind == "run" and stream and stream.statuses and stream.statuses[0] != trace.lifecycle.initial:
        suggests = f"x-lifecycle:\n  initial: {stream.statuses[0]}"
        seen = f"the stream begins with {stream.statuses[0]}"
        yield Deviation(seen, trace.lifecycle.initial, stream.exchange, "run", suggests=suggests)


@check("terminal-run-unchanged", Trace)
def terminal_run_is_unchanged(trace: Trace) -> Iterator[Deviation]:
    """A terminal run does not change, except for its metadata.

    Source: the reference page "Create run", which speaks of a terminal state
    Grade: documented
    Allows: metadata; usage and lastError that come later or in some responses only; what a stream
    leaves out
    Advice: write usage, error and timestamps together with the terminal status
    """
    names = [*trace.lifecycle.timestamps(), "lastError", "usage", "createdAt"] if has_status(trace) else []
    for earlier, later in trace.pairs():
        if not names or earlier.status not in trace.lifecycle.terminal or earlier.status != later.status:
            continue
        for name in names:
            old, new = earlier.body.get(name), later.body.get(name)
            if empty(old) != empty(new) and _may_be_left_out(name, earlier, later):
                continue
            if old != new and not (empty(old) and empty(new)) and not same_time(old, new):
                seen = f"{name}: {str(old)[:70]} ({earlier.source}), then {str(new)[:70]} ({later.source})"
                yield Deviation(seen, "the same value", later.exchange, f"{trace.kind}.{name}")


def _may_be_left_out(name: str, earlier: Observation, later: Observation) -> bool:
    """Whether one of two responses may lack a field.

    No page says that every kind of response shows it, or that usage is counted when the run ends.
    """
    if "stream" in (earlier.source, later.source):
        return True
    counted = empty(earlier.body.get(name)) or earlier.source != later.source
    return name in ("usage", "lastError") and counted


@check("failed-says-why", Trace)
def failed_says_why(trace: Trace) -> Iterator[Deviation]:
    """A run or step has `lastError` if and only if it failed.

    Source: the document's description of `failed` and `lastError`; no page says when it is set
    Grade: assumed
    Advice: write the error together with the status
    """
    for one in trace.observations if has_status(trace) else ():
        error = one.body.get("lastError")
        if one.status == "failed" and empty(error) and trace.kind == "run":
            yield Deviation("failed without lastError", "lastError", one.exchange, f"{trace.kind}: failed")
        if one.status == "completed" and not empty(error):
            yield Deviation(
                "completed with lastError", "no lastError", one.exchange, f"{trace.kind}: completed"
            )


@check("required-action-told", Trace)
def required_action_is_present(trace: Trace) -> Iterator[Deviation]:
    """A run has `requiredAction` if and only if it is `requires_action`.

    Source: the description of `requiredAction` in the document; no page says when it is set
    Grade: assumed
    Advice: set and remove the action together with the status
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
    """A run reaches a terminal status or `requires_action` within `--max-wait`.

    Source: the reference page "Create run": runs reach a terminal state
    Grade: documented
    Allows: any time up to --max-wait; requires_action
    Advice: look for a lost job, or increase --max-wait for a slow model
    """
    for one in trace.observations if trace.kind == "run" else ():
        settled = one.status in trace.lifecycle.terminal | {"requires_action"}
        if Intent.LAST_POLL in one.exchange.intents and not settled:
            expected = "a terminal status or requires_action"
            yield Deviation(f"still {one.status}", expected, one.exchange, one.status)


@check("run-creation-answered", Exchange)
def run_creation_is_answered(exchange: Exchange) -> Iterator[Deviation]:
    """A request that creates a run gets a response within `--max-wait`.

    Source: the reference page "Create run"
    Grade: documented
    Allows: any time up to --max-wait; an answer at once
    Advice: look for a lost job, or increase --max-wait for a slow model
    """
    waits = exchange.operation is not None and exchange.operation.waits_for_run
    if (waits and not exchange.status and "Timeout" in exchange.error) or (waits and _is_cut_json(exchange)):
        took = exchange.received - exchange.sent
        yield Deviation(f"no response after {took:.0f} s", "a response", exchange)


def _is_cut_json(exchange: Exchange) -> bool:
    return exchange.cut and exchange.media_type != EVENT_STREAM


@check("steps-agree-with-run", Trace)
def steps_agree_with_their_run(trace: Trace) -> Iterator[Deviation]:
    """When a run is terminal, none of its steps stays in progress.

    Source: the reference pages of runs and run steps, whose statuses have the same meaning
    Grade: documented
    Allows: a step that ends a moment after its run; any step of a run that did not complete
    Advice: end the steps together with the run
    """
    ended = next((one for one in trace.observations if one.status in trace.lifecycle.terminal), None)
    for step in trace.related.get("steps", ()) if ended else ():
        # A step may end a moment after its run: what counts is the last look of each kind.
        last = {one.source: one for one in step.observations if ended and ended.precedes(one)}
        for one in last.values():
            if ended and one.status == "in_progress":
                seen = f"the step is in_progress, its run is {ended.status}"
                # No page says what becomes of the steps of a run that did not complete.
                grade = None if ended.status == "completed" else Grade.ASSUMED
                yield Deviation(seen, "a terminal step", one.exchange, f"run {ended.status}", grade)


@check("step-names-its-work", Trace)
def step_details_have_its_type(trace: Trace) -> Iterator[Deviation]:
    """The details of a step have the type of the step.

    Source: the step objects of the OpenAI Assistants API; no page describes stepDetails
    Grade: assumed
    Advice: write type and details together
    """
    for one in trace.observations if trace.kind == "step" else ():
        details = one.body.get("stepDetails")
        named = details.get("type") if isinstance(details, Mapping) else None
        if isinstance(named, str) and named != one.body.get("type"):
            seen = f"type {one.body.get('type')}, details of type {named}"
            yield Deviation(seen, "the same type", one.exchange, "step")


@check("usage-adds-up", Trace)
def usage_adds_up(trace: Trace) -> Iterator[Deviation]:
    """`totalTokens` is the sum of `promptTokens` and `completionTokens`.

    Source: the usage object of the OpenAI Assistants API
    Grade: assumed
    Advice: report to the maintainers of the contract how tokens are counted
    """
    for one in trace.observations if has_status(trace) else ():
        usage = one.body.get("usage")
        counts = usage if isinstance(usage, Mapping) else {}
        parts = [counts.get(name) for name in ("promptTokens", "completionTokens", "totalTokens")]
        numbers = [part for part in parts if isinstance(part, int)]
        if len(numbers) == len(parts) and sum(numbers[:2]) != numbers[2]:
            seen = f"{numbers[0]} + {numbers[1]} is reported as {numbers[2]}"
            yield Deviation(seen, "the sum", one.exchange, trace.kind)


@check("creation-waits-for-the-run", Exchange)
def creation_waits_for_the_run(exchange: Exchange) -> Iterator[Deviation]:
    """Creating a run without `stream` blocks until the run is `requires_action` or terminal.

    Source: frontends read the messages of the thread as soon as the response arrives
    Grade: observed
    Advice: respond when the run has ended or requires tool outputs; otherwise such frontends show no reply
    """
    starts = exchange.operation is not None and exchange.operation.starts_run
    status = exchange.json.get("status") if isinstance(exchange.json, dict) else None
    if starts and exchange.ok and status in ("queued", "in_progress"):
        expected = "a terminal run, or requires_action"
        yield Deviation(f"returned while {status}", expected, exchange, f"{exchange.label}: {status}")

"""Does the service do the one thing it is for, and offer what the document says it offers?"""

from collections.abc import Iterator

from contract_tests.client.samples import valid_body
from contract_tests.client.service import Inconclusive, Service
from contract_tests.document import Operation, Role, document
from contract_tests.findings import Deviation, Outcome, check
from contract_tests.observations.assembly import Story
from contract_tests.observations.exchange import Intent


@check("run-can-be-created", Service)
def run_can_be_created(service: Service) -> Iterator[Deviation]:
    """A thread with a message of the user can be run.

    Source: the reference page "Create run"
    Grade: documented
    Advice: look at the answer; give a model with --model and a thread with --thread where that is the reason
    """
    try:
        service.finished_run()
    except Inconclusive as reason:
        exchange = reason.exchange
        if exchange is None or exchange.operation is None or not exchange.operation.starts_run:
            raise
        shown = exchange.body[:160].decode("utf-8", "backslashreplace")
        seen = f"{exchange.status or exchange.error} {shown}".strip()
        lawful = exchange.status in (401, 402, 403, 429, 503) or (
            exchange.refused and not service.settings.model
        )
        outcome = Outcome.UNTRIED if lawful else Outcome.BROKEN
        yield Deviation(seen, f"a run of {service.model}", exchange, outcome=outcome)


@check("operation-offered", Story)
def operation_is_offered(story: Story) -> Iterator[Deviation]:
    """Every operation of the document is there.

    Source: the reference pages, one for each operation
    Grade: documented
    Advice: offer the operation; where that is not meant to be, keep it as a known difference
    """
    alive = {one.id: one for one in story.traces}
    creates = any(one.ok and one.operation and one.operation.creates("thread") for one in story.exchanges)
    for exchange in story.exchanges:
        operation = exchange.operation
        if operation is None or exchange.intents or exchange.status not in (404, 405, 501):
            continue
        ids = exchange.path_parameters.values()
        served = any(one.ok for one in story.exchanges if one.operation == operation)
        if served or (exchange.status == 404 and not all(name in alive for name in ids)):
            continue
        outcome = Outcome.NOT_OFFERED if _is_optional(operation, creates) else Outcome.BROKEN
        yield Deviation(f"status {exchange.status}", f"{operation.id} to work", exchange, outcome=outcome)


def _is_optional(operation: Operation, creates_threads: bool) -> bool:
    """Whether a service may leave an operation out: a service may have fixed threads of its own."""
    if operation.parameters:
        return not operation.is_documented
    return operation.kind == "thread" or not operation.is_documented or not creates_threads


@check("operation-tried", Story)
def operation_was_tried(story: Story) -> Iterator[Deviation]:
    """Every operation of the document could be tried.

    Source: the reference pages, one for each operation
    Grade: documented
    Advice: give a thread, a model and a larger budget, so that everything can be looked at
    """
    tried = {one.operation.id for one in story.exchanges if one.operation}
    for operation in document().documented_operations():
        if operation.id not in tried:
            seen = f"{operation.id} was never called"
            yield Deviation(seen, "a call", place=operation.id, outcome=Outcome.UNTRIED)


@check("unknown-id-refused", Service)
def unknown_run_is_refused(service: Service) -> Iterator[Deviation]:
    """A run, message or step that does not exist is not answered with success.

    Source: RFC 9110 15.5.5; the ids of the reference pages name what exists
    Grade: documented
    Advice: answer 404 with the code `not_found`
    """
    service.shared_thread()
    for operation in document().documented_operations(Role.READ, Role.MODIFY):
        *parents, own = operation.parameters
        if not parents:
            continue  # The fact leaves threads out.
        try:
            path = {**service.ids(parents), own: f"{own.removesuffix('Id')}_tune_check_unknown"}
        except Inconclusive:
            continue
        body = valid_body(operation, metadata={})
        exchange = service.call(operation.id, path=path, body=body, intents=[Intent.UNKNOWN_ID])
        if exchange.ok:
            yield Deviation(f"status {exchange.status} for an unknown id", "404", exchange)


@check("unknown-id-is-404", Story)
def unknown_id_is_404(story: Story) -> Iterator[Deviation]:
    """What does not exist is answered with 404.

    Source: errors elsewhere on the same host: 404 with a code
    Grade: observed
    Advice: keep 400 for requests that are not well formed
    """
    for exchange in story.exchanges:
        if Intent.UNKNOWN_ID in exchange.intents and exchange.refused and exchange.status not in (404, 429):
            yield Deviation(f"status {exchange.status}", "404", exchange)

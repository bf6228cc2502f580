"""Can runs be created, and is every operation of the document offered?"""

from collections.abc import Iterator

from contract_tests.client.samples import valid_body
from contract_tests.client.service import Inconclusive, Service
from contract_tests.document import Operation, Role, document
from contract_tests.findings import Deviation, Outcome, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Intent


@check("run-can-be-created", Service)
def run_can_be_created(service: Service) -> Iterator[Deviation]:
    """A run can be created in a thread with a user message.

    Source: the reference page "Create run"
    Grade: documented
    Allows: a refusal for want of money, rights or rate; an unknown model without --model
    Advice: read the response; give a model with --model or a thread with --thread if it asks for one
    """
    try:
        service.finished_run()
    except Inconclusive as reason:
        exchange = reason.exchange
        if exchange is None or exchange.operation is None or not exchange.operation.starts_run:
            raise
        shown = exchange.body[:160].decode("utf-8", "backslashreplace")
        seen = f"{exchange.result} {shown}".strip()
        may_refuse = exchange.status in (401, 402, 403, 429, 503)
        may_refuse = may_refuse or (exchange.refused and not service.settings.model)
        outcome = Outcome.UNTRIED if may_refuse else Outcome.BROKEN
        yield Deviation(seen, f"a run of {service.model}", exchange, outcome=outcome)


@check("operation-offered", History)
def operation_is_offered(history: History) -> Iterator[Deviation]:
    """Every documented operation is offered.

    Source: the reference pages, one for each operation
    Grade: documented
    Allows: fixed threads instead of creating and listing them
    Advice: offer the operation, or keep it as a known difference
    """
    known = {one.id for one in history.traces}
    creates = any(one.ok and one.operation and one.operation.creates("thread") for one in history.exchanges)
    for exchange in history.exchanges:
        operation = exchange.operation
        if operation is None or exchange.intents or exchange.status not in (404, 405, 501):
            continue
        ids = exchange.path_parameters.values()
        served = any(one.ok for one in history.exchanges if one.operation == operation)
        if served or (exchange.status == 404 and not all(name in known for name in ids)):
            continue
        outcome = Outcome.NOT_OFFERED if _is_optional(operation, creates) else Outcome.BROKEN
        yield Deviation(
            f"status {exchange.status}", f"{operation.id} to be offered", exchange, outcome=outcome
        )


def _is_optional(operation: Operation, creates_threads: bool) -> bool:
    """Whether a service may leave an operation out. It may have fixed threads instead of creating them."""
    if operation.parameters:
        return not operation.is_documented
    return operation.kind == "thread" or not operation.is_documented or not creates_threads


@check("operation-tried", History)
def operation_was_tried(history: History) -> Iterator[Deviation]:
    """Every documented operation could be tried.

    Source: the reference pages, one for each operation
    Grade: documented
    Allows: whatever is not tried
    Advice: give a thread, a model and a larger budget
    """
    tried = {one.operation.id for one in history.exchanges if one.operation}
    for operation in document().documented_operations():
        if operation.id not in tried:
            seen = f"{operation.id} was never requested"
            yield Deviation(seen, "a request", place=operation.id, outcome=Outcome.UNTRIED)


@check("unknown-id-refused", Service)
def unknown_id_is_refused(service: Service) -> Iterator[Deviation]:
    """A request for an unknown run, message or step is not successful.

    Source: RFC 9110 15.5.5; the ids in the reference pages identify existing objects
    Grade: documented
    Allows: any refusal, of any status; threads that come into being when they are used
    Advice: return 404 with the code `not_found`
    """
    service.shared_thread()
    for operation in document().documented_operations(Role.READ, Role.MODIFY):
        *parents, own = operation.parameters
        if not parents:
            continue  # The fact excludes threads.
        try:
            path = {**service.ids(parents), own: f"{own.removesuffix('Id')}_tune_check_unknown"}
        except Inconclusive:
            continue
        body = valid_body(operation, metadata={})
        exchange = service.request(operation.id, path=path, body=body, intents=[Intent.UNKNOWN_ID])
        if exchange.ok:
            yield Deviation(f"status {exchange.status} for an unknown id", "404", exchange)


@check("unknown-id-is-404", History)
def unknown_id_is_404(history: History) -> Iterator[Deviation]:
    """A request for an unknown id is rejected with 404.

    Source: errors elsewhere on the same host: 404 with a code
    Grade: observed
    Advice: use 400 only for malformed requests
    """
    for exchange in history.exchanges:
        if Intent.UNKNOWN_ID in exchange.intents and exchange.refused and exchange.status not in (404, 429):
            yield Deviation(f"status {exchange.status}", "404", exchange)

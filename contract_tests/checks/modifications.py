"""Does a modification change what is asked, and nothing else?"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from contract_tests.checks.echoes import STABLE, changed
from contract_tests.checks.values import contains
from contract_tests.client.service import Service
from contract_tests.document import Role, document
from contract_tests.findings import Deviation, check
from contract_tests.observations.exchange import Intent
from contract_tests.observations.lifecycle import NO_LIFECYCLE, lifecycles
from openapi import Grade


@check("modify-run-changes-metadata", Service, needs=("a run with every documented field",))
def modifying_a_run_changes_its_metadata(service: Service) -> Iterator[Deviation]:
    """Modifying a run changes its metadata permanently, and nothing else.

    Source: the reference page of modify run
    Grade: documented
    Allows: metadata that is merged or replaced; further fields that change; a refused empty
    modification; the progress of a run that has not ended
    Advice: write only the metadata
    """
    path = service.own_run()
    yield from _modify(service, "run", path, {"metadata": {"modified": "yes"}})
    yield from _modify(service, "run", path, {})


@check("modify-thread-changes-what-is-asked", Service)
def modifying_a_thread_changes_what_is_asked(service: Service) -> Iterator[Deviation]:
    """Modifying a thread changes its title or metadata permanently, and nothing else.

    Source: the reference page of modify thread
    Grade: documented
    Allows: metadata that is merged or replaced; further fields that change
    Advice: write only the fields in the request
    """
    thread = service.fresh_thread(title="Before", metadata={"kept": "yes"})
    yield from _modify(service, "thread", {"threadId": thread}, {"title": "After"})
    yield from _modify(service, "thread", {"threadId": thread}, {"metadata": {"modified": "yes"}})
    yield from _modify(service, "thread", {"threadId": thread}, {})


def _modify(
    service: Service, kind: str, path: Mapping[str, str], change: Mapping[str, Any]
) -> Iterator[Deviation]:
    reading, modifying = (document().operation(role, kind).id for role in (Role.READ, Role.MODIFY))
    before = service.require(reading, path=path)
    known = document().documented.properties(document().documented.response_schema(reading, 200))
    # A service may reject a modification of nothing.
    send = service.require if change else partial(service.request, intents=[Intent.ODD])
    modified = send(modifying, path=path, body=dict(change))
    after = service.require(reading, path=path)
    for exchange in (modified, after) if modified.ok else ():
        if not isinstance(before.json, dict) or not isinstance(exchange.json, dict):
            continue
        place = f"{exchange.label} after {modifying}"
        for name, value in change.items():
            if not contains(exchange.json.get(name), value):
                seen = f"{name}: {str(exchange.json.get(name))[:80]}"
                yield Deviation(seen, str(value), exchange, f"{place}: {name}")
        for name, value in _fixed(kind, before.json).items():
            # Fields that no page describes, such as the time of the last change, may change.
            if name in known and name not in change and changed(value, exchange.json.get(name), name):
                seen = f"{name} became {str(exchange.json.get(name))[:80]!r}"
                # No page says that a deadline does not move.
                grade = Grade.ASSUMED if name == "expiresAt" else None
                yield Deviation(seen, str(value)[:80], exchange, f"{place}: {name}", grade)


def _fixed(kind: str, before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields that nothing but a modification may change: not those of a run that goes on by itself."""
    goes_on = kind == "run" and before.get("status") not in lifecycles().get(kind, NO_LIFECYCLE).terminal
    names = {*STABLE[kind], "metadata"} if goes_on else before.keys()
    return {name: value for name, value in before.items() if name in names}

"""What do recorded exchanges show about a service?"""

import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version

from contract_tests.baseline import Known
from contract_tests.checks import REGISTRY
from contract_tests.checks.evaluation import SUBJECTS, evaluate
from contract_tests.client.service import Service
from contract_tests.findings import Finding
from contract_tests.observations.assembly import History, assemble
from contract_tests.observations.exchange import Exchange
from contract_tests.previous import Previous
from contract_tests.recordings.har import read
from contract_tests.redaction import Secrets
from contract_tests.report import Cost, Outputs, Report, Terminal, console, timelines
from contract_tests.report.model import CONFORMS
from openapi import Grade

CHECKS = [check for check in REGISTRY.values() if check.subject in SUBJECTS]
"""The checks that send no requests."""

_TRIED = "operation-tried"


@dataclass(frozen=True)
class OfflineOptions:
    """The options of a check that sends no requests. `verify` is for the proxy, as httpx takes it."""

    threshold: Grade
    known: Known
    outputs: Outputs
    key: str = ""
    verify: ssl.SSLContext | bool = True
    previous: Previous = field(default_factory=Previous)


def check_exchanges(exchanges: Sequence[Exchange]) -> tuple[History, list[Finding]]:
    """The history in exchanges, and the findings of every check that sends no requests."""
    history = assemble(exchanges)
    return history, evaluate(history, CHECKS)


def check_recording(path: str, base: str, options: OfflineOptions) -> int:
    """Check a HAR file and write the report. Returns the exit code. Raises `UsageError`."""
    recording = read(path, base)
    recording.secrets.add(options.key)
    details = {"recording": path, "entries": recording.described}
    found = report(recording.exchanges, recording.base, options, details)
    # An operation without recorded bodies was requested all the same.
    kept = [one for one in found.findings if one.slug != _TRIED or one.place not in recording.without_body]
    found = replace(found, findings=tuple(kept))
    if recording.unrecorded and found.exit_code == CONFORMS:
        advice = "so they could not be checked; export the HAR with the contents of responses"
        found = replace(found, problem=f"{recording.unrecorded}, {advice}")
    return show(found, options, recording.secrets)


def show(found: Report, options: OfflineOptions, secrets: Secrets) -> int:
    """Show a report and write its files. Returns the exit code."""
    Terminal(console(), secrets).show(found)
    for line in options.outputs.write(found, secrets):
        print(f"tune-check: {line}", file=sys.stderr)
    return found.exit_code


def report(
    exchanges: Sequence[Exchange], target: str, options: OfflineOptions, details: Mapping[str, str]
) -> Report:
    """The report about recorded exchanges. `details` are shown in it."""
    history, findings = check_exchanges(exchanges)
    secrets = exchanges[0].secrets if exchanges else Secrets()
    applied = options.known.accept((one.redacted(secrets) for one in findings), date.today())
    applied = applied.without(options.previous)
    own = sum(check.subject is Service for check in REGISTRY.values())
    started = min((one.sent for one in exchanges), default=0.0)
    ended = max((one.received for one in exchanges), default=0.0)
    return Report(
        target=target,
        details={
            **details,
            "not checked": f"{own} checks that send requests of their own",
            "fails on": f"broken {options.threshold} facts",
            "known differences": options.known.path,
            "tune-check": version("tune-contract"),
        },
        findings=applied.left,
        timelines=timelines(history),
        costs=(Cost("requests", len(exchanges)), Cost("seconds", ended - started)),
        threshold=options.threshold,
        accepted=applied.accepted,
        tried=tuple(check.slug for check in CHECKS),
        problem="" if exchanges else "there was no request to the run API to check",
    )

"""What do exchanges that others made say about a service?"""

import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

from contract_tests.baseline import Known
from contract_tests.checks import REGISTRY
from contract_tests.checks.evaluation import SUBJECTS, evaluate
from contract_tests.client.service import Service
from contract_tests.findings import Finding
from contract_tests.observations.assembly import Story, assemble
from contract_tests.observations.exchange import Exchange
from contract_tests.recordings.har import read
from contract_tests.redaction import Secrets
from contract_tests.report import Cost, Outputs, Report, Terminal, console, pictures
from openapi import Grade

CHECKS = [check for check in REGISTRY.values() if check.subject in SUBJECTS]
"""The checks that need no requests of their own."""


def look(exchanges: Sequence[Exchange]) -> tuple[Story, list[Finding]]:
    """The story of exchanges and the findings of every check that needs no requests of its own."""
    story = assemble(exchanges)
    return story, evaluate(story, CHECKS)


@dataclass(frozen=True)
class Asked:
    """What was asked of a judgement that sends nothing: the bar, the known differences, the reports."""

    bar: Grade
    known: Known
    outputs: Outputs
    key: str = ""
    verify: ssl.SSLContext | bool = True


def judge_recording(path: str, base: str, asked: Asked) -> int:
    """Judge a HAR file, show and write the report; the exit code."""
    recording = read(path, base)
    recording.secrets.add(asked.key)
    details = {"recording": path, "entries": recording.described}
    told = report(recording.exchanges, recording.base, asked, details)
    return show(told, asked, recording.secrets)


def show(told: Report, asked: Asked, secrets: Secrets) -> int:
    """Show a report and write its other forms; the exit code."""
    Terminal(console(), secrets).show(told)
    for line in asked.outputs.write(told, secrets):
        print(f"tune-check: {line}", file=sys.stderr)
    return told.exit_code


def report(exchanges: Sequence[Exchange], target: str, asked: Asked, details: Mapping[str, str]) -> Report:
    """The report about exchanges that others made."""
    story, findings = look(exchanges)
    applied = asked.known.accept(findings, date.today())
    own = sum(check.subject is Service for check in REGISTRY.values())
    how = {
        **details,
        "not judged": f"{own} checks that need requests of their own",
        "fails on": f"broken {asked.bar} facts",
        "known differences": asked.known.path,
        "tune-check": version("tune-contract"),
    }
    started = min((one.sent for one in exchanges), default=0.0)
    ended = max((one.received for one in exchanges), default=0.0)
    return Report(
        target=target,
        details=how,
        findings=applied.left,
        pictures=pictures(story),
        costs=(Cost("requests", len(exchanges)), Cost("seconds", ended - started)),
        bar=asked.bar,
        accepted=applied.accepted,
        checks=len(CHECKS),
        problem="" if exchanges else "there was no call of the run API to judge",
    )

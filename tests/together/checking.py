"""What do single checks find in a deployment, without a whole session?"""

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from contract_tests.checks import REGISTRY
from contract_tests.client.connection import CannotCheck
from contract_tests.client.service import Service
from contract_tests.findings import Finding, Outcome, Severity, merge
from contract_tests.session.scheduler import Scheduler
from contract_tests.settings import Settings
from tests.together.cases import Case
from tests.together.deployment import KEY
from tests.together.serve import serving


def settings_of(case: Case, url: str, profile: str) -> Settings:
    """The settings that a user would choose for a deployment."""
    options = dict(zip(case.options[::2], case.options[1::2], strict=True))
    return Settings(
        url=url,
        key=KEY,
        profile=profile,
        thread=options.get("--thread", ""),
        model=options.get("--model", ""),
        max_wait=float(options.get("--max-wait", 30)),
    )


def found_by(settings: Settings, slugs: Iterable[str], everything: bool = False) -> list[Finding]:
    """The broken facts that these checks find. Only what they need is sent, unless `everything` is true."""
    with tempfile.TemporaryDirectory() as folder:
        scheduler = Scheduler(settings, Path(folder), time.time())
        try:
            if everything:
                scheduler.start(REGISTRY.values(), [])
            found = [finding for slug in slugs for finding in _found_by(scheduler, slug)]
        finally:
            scheduler.close()
    return [finding for finding in merge(found) if finding.outcome is Outcome.BROKEN]


def _found_by(scheduler: Scheduler, slug: str) -> list[Finding]:
    check = REGISTRY[slug]
    return scheduler.probe(check) if check.subject is Service else scheduler.evaluate(check)


def found_in(
    case: Case, slugs: Iterable[str], profile: str = "smoke", everything: bool = False
) -> list[Finding]:
    """The broken facts that these checks find in a deployment."""
    with serving(case.app(), **dict(case.serving)) as url:
        return found_by(settings_of(case, url, profile), slugs, everything)


def connected(case: Case) -> bool:
    """Whether a deployment can be checked with the key of the settings."""
    with serving(case.app(), **dict(case.serving)) as url, tempfile.TemporaryDirectory() as folder:
        scheduler = Scheduler(settings_of(case, url, "smoke"), Path(folder), time.time())
        try:
            scheduler.service.connect()
        except CannotCheck:
            return False
        finally:
            scheduler.close()
    return True


def failures(findings: Iterable[Finding]) -> list[str]:
    """The failures among the findings, as text."""
    return [
        f"{finding.slug}: {finding.place}: {finding.seen}; expected {finding.expected}"
        for finding in findings
        if finding.severity() is Severity.FAILURE
    ]

"""How does pytest learn what to judge, and how do its tests reach the service under test?"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.baseline import load
from contract_tests.client.service import CannotJudge
from contract_tests.findings import REGISTRY, Check, Finding, Outcome, Severity
from contract_tests.observations.assembly import assemble
from contract_tests.options import add_options, settings_from
from contract_tests.report import pictures
from contract_tests.session.plan import budget, plan
from contract_tests.session.plugin import ACCEPTED, FINDINGS, SLUG, Verdict
from contract_tests.session.scheduler import Scheduler
from contract_tests.settings import Settings, UsageError

CANNOT_JUDGE = 3
_ORDER = (
    "test_service",
    "test_operations",
    "test_stream",
    "test_lifecycle",
    "test_workflows",
    "test_exchanges",
)
_LOOKS = 2
_PLACE = pytest.StashKey[tuple[Settings, Path, float]]()
_VERDICT = pytest.StashKey[Verdict]()
_SCHEDULER = pytest.StashKey[Scheduler]()
Tell = Callable[[Check | str, list[Finding]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options of the checker."""
    add_options(parser.getgroup("tune-check", "judging a deployment of the run API"))


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; the workers of pytest-xdist share one budget, which lies in a directory."""
    try:
        settings = settings_from(config)
        known = load(settings.known, REGISTRY, missing_ok=settings.update_known)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    inherited = getattr(config, "workerinput", {}).get("judgement")
    directory = Path(inherited["directory"]) if inherited else Path(tempfile.mkdtemp(prefix="tune-check-"))
    if not inherited:
        config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    started = float(inherited["started"]) if inherited else time.time()
    config.stash[_PLACE] = (settings, directory, started)
    config.stash[_VERDICT] = Verdict(settings, plan(settings), budget(settings, directory, started), known)
    config.pluginmanager.register(config.stash[_VERDICT], "tune-check-verdict")
    config.addinivalue_line("markers", "xdist_group: what runs in one process (pytest-xdist)")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the budget lies."""
    _, directory, started = node.config.stash[_PLACE]
    node.workerinput["judgement"] = {"directory": str(directory), "started": started}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of pytest-xdist says of itself at its end."""
    node.config.stash[_VERDICT].take(getattr(node, "workeroutput", {}).get("judgement", {}))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each check of the subject that a test module is about."""
    subject = getattr(metafunc.module, "SUBJECT", None)
    if subject is not None and "check" in metafunc.fixturenames:
        checks = [check for check in REGISTRY.values() if check.subject is subject]
        metafunc.parametrize("check", checks, ids=[check.slug for check in checks])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks comes before what only looks; what looks stays in one process."""
    items.sort(key=_rank)
    for item in items:
        if _rank(item) >= _LOOKS:
            item.add_marker(pytest.mark.xdist_group("looks"))


def _rank(item: pytest.Item) -> int:
    return _ORDER.index(item.path.stem) if item.path.stem in _ORDER else len(_ORDER)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where other processes do the work, greet the service before they are started."""
    config = session.config
    if bool(getattr(config.option, "numprocesses", 0)) and not hasattr(config, "workerinput"):
        _greet(Scheduler(*config.stash[_PLACE]))


def _greet(scheduler: Scheduler) -> None:
    try:
        scheduler.service.greet()
    except CannotJudge as reason:
        pytest.exit(scheduler.client.secrets.redact(str(reason)), CANNOT_JUDGE)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Greet the service, then begin with everything that the chosen tests need."""
    config = session.config
    is_worker = hasattr(config, "workerinput")
    hands_on = bool(getattr(config.option, "numprocesses", 0)) and not is_worker
    if config.option.collectonly or not session.items or hands_on:
        return
    scheduler = Scheduler(*config.stash[_PLACE])
    config.stash[_SCHEDULER] = scheduler
    if is_worker:
        scheduler.service.find_base()
    else:
        _greet(scheduler)
        specs = [item.callspec.params for item in session.items if hasattr(item, "callspec")]
        operations = [params["operation"] for params in specs if "operation" in params]
        scheduler.start([params["check"] for params in specs if "check" in params], operations)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let go of the service; hand on what is known beside the findings."""
    config = session.config
    scheduler = config.stash.get(_SCHEDULER, None)
    if scheduler is None:
        return
    seen = pictures(assemble(scheduler.record.exchanges))
    output = {
        "base": scheduler.client.base,
        "stopped": scheduler.stopped,
        "pictures": [one.as_json() for one in seen],
    }
    if hasattr(config, "workeroutput"):
        config.workeroutput["judgement"] = output
    config.stash[_VERDICT].take(output)
    scheduler.close()


@pytest.fixture
def scheduler(pytestconfig: pytest.Config) -> Scheduler:
    """The judgement that this test is part of."""
    return pytestconfig.stash[_SCHEDULER]


@pytest.fixture
def tell(request: pytest.FixtureRequest, scheduler: Scheduler) -> Tell:
    """Takes the findings of a test and decides whether it fails."""
    bar, verdict = scheduler.settings.grade, request.config.stash[_VERDICT]

    def take(check: Check | str, findings: list[Finding]) -> None:
        slug = check if isinstance(check, str) else check.slug
        applied = verdict.accept(findings)
        told = applied.left
        properties = request.node.user_properties
        properties.append((SLUG, slug))
        properties.append((FINDINGS, json.dumps([one.as_json() for one in told])))
        properties.append((ACCEPTED, json.dumps([(one.as_json(), why) for one, why in applied.accepted])))
        grave = [one for one in told if one.severity(bar) is Severity.FAILURE]
        if grave:
            pytest.fail(
                "\n".join(f"{one.place}: {one.seen}; expected {one.expected}" for one in grave), pytrace=False
            )
        if told and all(one.outcome is Outcome.NOT_OFFERED for one in told):
            pytest.skip(f"not offered: {told[0].seen}")

    return take

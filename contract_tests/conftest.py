"""How does pytest run the checks as tests, in one process or several?"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests import previous
from contract_tests.baseline import load
from contract_tests.client.budget import BudgetExceeded
from contract_tests.client.connection import CannotCheck
from contract_tests.findings import REGISTRY, Check, Finding, Outcome, Severity
from contract_tests.internal_error import details_of
from contract_tests.options import add_options, settings_from
from contract_tests.recordings.har_file import save
from contract_tests.session.plan import budget, plan
from contract_tests.session.plugin import ACCEPTED, FINDINGS, SLUG, ResultsPlugin
from contract_tests.session.progress import ProgressPlugin
from contract_tests.session.scheduler import Scheduler
from contract_tests.settings import Settings, UsageError

CANNOT_CHECK = 3
# The modules that send requests come first. From the third on, they evaluate what was recorded.
_ORDER = (
    "test_service",
    "test_operations",
    "test_stream",
    "test_lifecycle",
    "test_workflows",
    "test_exchanges",
)
_EVALUATING = 2
# Settings, the directory of the shared budget, and when the session began.
_SESSION = pytest.StashKey[tuple[Settings, Path, float]]()
_RESULTS = pytest.StashKey[ResultsPlugin]()
_SCHEDULER = pytest.StashKey[Scheduler]()
Reporter = Callable[[Check | str, list[Finding]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options of the checker."""
    add_options(parser.getgroup("tune-check", "checking a deployment of the run API"))


def pytest_configure(config: pytest.Config) -> None:
    """Read the options. The workers of pytest-xdist share one budget in a directory."""
    try:
        settings = settings_from(config)
        known = load(settings.known, REGISTRY, missing_ok=settings.update_known)
        previous.load(settings.baseline)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    inherited = getattr(config, "workerinput", {}).get("session")
    directory = Path(inherited["directory"]) if inherited else _new_directory()
    if not inherited:
        config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    starts = [one.started for one in config.pluginmanager.get_plugins() if isinstance(one, ProgressPlugin)]
    started = float(inherited["started"]) if inherited else next(iter(starts), time.time())
    shared = budget(settings, directory, started)
    config.stash[_SESSION] = (settings, directory, started)
    config.stash[_RESULTS] = ResultsPlugin(settings, plan(settings), shared, known)
    config.pluginmanager.register(config.stash[_RESULTS], ResultsPlugin.NAME)
    config.addinivalue_line("markers", "xdist_group: tests that run in one process (pytest-xdist)")


def _new_directory() -> Path:
    """A new directory for the shared budget. `tune-check` removes it even if pytest is interrupted."""
    return Path(tempfile.mkdtemp(prefix="tune-check-", dir=os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY")))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the budget is."""
    _, directory, started = node.config.stash[_SESSION]
    node.workerinput["session"] = {"directory": str(directory), "started": started}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the output of a worker of pytest-xdist."""
    node.config.stash[_RESULTS].take(getattr(node, "workeroutput", {}).get("session", {}))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Generate one test for each check of the subject of a test module."""
    subject = getattr(metafunc.module, "SUBJECT", None)
    if subject is not None and "check" in metafunc.fixturenames:
        checks = [check for check in REGISTRY.values() if check.subject is subject]
        metafunc.parametrize("check", checks, ids=[check.slug for check in checks])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests that send requests first. Those that evaluate the record run in one process."""
    items.sort(key=_rank)
    for item in items:
        if _rank(item) >= _EVALUATING:
            item.add_marker(pytest.mark.xdist_group("evaluating"))


def _rank(item: pytest.Item) -> int:
    return _ORDER.index(item.path.stem) if item.path.stem in _ORDER else len(_ORDER)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Connect to the service before pytest-xdist starts its workers."""
    config = session.config
    if bool(getattr(config.option, "numprocesses", 0)) and not hasattr(config, "workerinput"):
        _connect(Scheduler(*config.stash[_SESSION]))


def _connect(scheduler: Scheduler) -> None:
    try:
        scheduler.service.connect()
    except (CannotCheck, BudgetExceeded) as reason:
        pytest.exit(scheduler.client.secrets.redact(str(reason)), CANNOT_CHECK)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Connect to the service, then begin everything that the selected tests need."""
    config = session.config
    is_worker = hasattr(config, "workerinput")
    delegates = bool(getattr(config.option, "numprocesses", 0)) and not is_worker
    if config.option.collectonly or not session.items or delegates:
        return
    scheduler = Scheduler(*config.stash[_SESSION])
    config.stash[_SCHEDULER] = scheduler
    if is_worker:
        scheduler.service.find_base()
    else:
        _connect(scheduler)
        specs = [item.callspec.params for item in session.items if hasattr(item, "callspec")]
        operations = [params["operation"] for params in specs if "operation" in params]
        scheduler.start([params["check"] for params in specs if "check" in params], operations)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand on the timelines of this process and close its connections."""
    config = session.config
    scheduler = config.stash.get(_SCHEDULER, None)
    if scheduler is None:
        return
    observed = scheduler.observed()
    _save_har(config, scheduler)
    output = {
        "errors": [(f"exploration {name}", details_of(error)) for name, error in scheduler.errors().items()],
        "base": scheduler.client.base,
        "stopped": scheduler.stopped,
        "problem": scheduler.client.gone,
        "waited": scheduler.service.connection.waited,
        "timelines": [one.as_json() for one in observed or ()],
        "late": observed is None,
    }
    if hasattr(config, "workeroutput"):
        config.workeroutput["session"] = output
    config.stash[_RESULTS].take(output)
    scheduler.close()


def _save_har(config: pytest.Config, scheduler: Scheduler) -> None:
    """Save the traffic of this process if `--save-har` asks for it."""
    path = scheduler.settings.save_har
    if not path or hasattr(config, "workeroutput"):
        return
    try:
        save(path, [*scheduler.record.exchanges, *scheduler.record.again], scheduler.client.secrets)
    except OSError as error:
        message = f"--save-har: {path} could not be written: {error.strerror or error}"
        config.stash[_RESULTS].messages.append(message)


@pytest.fixture
def scheduler(pytestconfig: pytest.Config) -> Scheduler:
    """The scheduler of this process."""
    return pytestconfig.stash[_SCHEDULER]


@pytest.fixture
def report(request: pytest.FixtureRequest, scheduler: Scheduler) -> Reporter:
    """A function that reports the findings of a test. It fails or skips the test accordingly."""
    threshold, results = scheduler.settings.grade, request.config.stash[_RESULTS]

    def take(check: Check | str, findings: list[Finding]) -> None:
        slug = check if isinstance(check, str) else check.slug
        applied = results.accept(findings)
        left = applied.left
        properties = request.node.user_properties
        properties.append((SLUG, slug))
        properties.append((FINDINGS, json.dumps([one.as_json() for one in left])))
        properties.append((ACCEPTED, json.dumps([(one.as_json(), why) for one, why in applied.accepted])))
        severe = [one for one in left if one.severity(threshold) is Severity.FAILURE]
        if severe:
            lines = [f"{one.place}: {one.seen}; expected {one.expected}" for one in severe]
            pytest.fail("\n".join(lines), pytrace=False)
        if left and all(one.outcome is Outcome.NOT_OFFERED for one in left):
            pytest.skip(f"not offered: {left[0].seen}")

    return take

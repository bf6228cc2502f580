"""How is a deployment checked from the command line? `tune-check URL` runs pytest behind one command."""

import io
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest

from contract_tests import STARTED, previous
from contract_tests.baseline import load
from contract_tests.checks import REGISTRY
from contract_tests.client.client import verification
from contract_tests.client.hypothesis_cache import write_charmap
from contract_tests.configuration import configured
from contract_tests.internal_error import InternalError, details_of, paragraph
from contract_tests.options import KEY_VARIABLE, OPTIONS, Option, settings_of
from contract_tests.plain_text import one_line
from contract_tests.recordings.offline import OfflineOptions, check_recording
from contract_tests.recordings.proxy import serve
from contract_tests.redaction import Secrets
from contract_tests.report import Outputs
from contract_tests.report.model import CONFORMS, INTERNAL_ERROR, NOT_CHECKED, USAGE_ERROR
from contract_tests.report.outputs import check_path
from contract_tests.report.terminal import guarded, in_github_job
from contract_tests.session.plan import plan
from contract_tests.session.progress import ProgressPlugin
from contract_tests.settings import Settings, UsageError, base_url, readable
from openapi import Grade

_PACKAGE = Path(__file__).parent
# The suite ignores the configuration, plugins and options of the directory it is called from. Only our own
# plugins write to the terminal. A plugin that raises before a test is torn down makes all later tests fail.
# So what the checks do not use is not there.
_UNUSED = (
    *("cacheprovider", "doctest", "faulthandler", "junitxml", "logging", "pastebin", "setuponly"),
    *("setupplan", "stepwise", "subtests", "terminal", "threadexception", "unittest"),
    *("unraisableexception", "warnings"),
)
_PYTEST = (
    *("-c", os.devnull),
    *("--rootdir", str(_PACKAGE)),
    "--import-mode=importlib",
    "--assert=plain",
    *(word for name in _UNUSED for word in ("-p", f"no:{name}")),
    "-s",
)
_LISTEN = "127.0.0.1:4011"
_OFFLINE = frozenset(
    {"key", "grade", "known", "baseline", "markdown", "json", "html", "junitxml", "sarif", "code_quality"}
)
_FORWARDING = frozenset({"insecure", "ca"})
_FLAGS = {"expression": "-k", "exitfirst": "-x", "processes": "-n"}
_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None}


@dataclass
class Invocation:
    """One call of the command: when it began, and which texts it must not show."""

    started: float = field(default_factory=time.time)
    secrets: Secrets = field(default_factory=Secrets)
    annotations: list[str] = field(default_factory=list)


def _option(option: Option) -> click.Option:
    if option.type is bool:
        return click.Option([option.flag], is_flag=True, help=option.help)
    kind: Any = click.Choice([str(one) for one in option.choices]) if option.choices else str
    metavar = option.metavar or None
    return click.Option([option.flag], type=kind, metavar=metavar, multiple=option.many, help=option.help)


def run(url: str | None, har: str, proxy_to: str, listen: str, **given: Any) -> int:
    """Check a deployment, a recording or proxied traffic. Returns the exit code. Raises `UsageError`."""
    invocation = click.get_current_context().ensure_object(Invocation)
    invocation.secrets.add(given["key"] or "", os.environ.get(KEY_VARIABLE, ""))
    sources = configured(Path.cwd()) if not (har or proxy_to) else {}
    configured_url = sources.pop("url", None)
    url = url or configured_url
    given = {**given, **{_name(name): value for name, value in sources.items() if not given[_name(name)]}}
    if har and proxy_to:
        raise UsageError("--har and --proxy-to: give only one of them")
    if har or proxy_to:
        options = _offline_options("--har" if har else "--proxy-to", given)
        if har:
            return check_recording(har, base_url(url) if url else "", options)
        if url:
            raise UsageError(f"--proxy-to: it checks {proxy_to}; remove {url}")
        return serve(base_url(proxy_to), listen, options)
    if not url:
        raise UsageError("URL: give the service to check, for example tune-check https://studio.tune.app")
    return check_deployment(url, passed=_for_pytest(given), started=invocation.started, **given)


def _name(option: str) -> str:
    """The name of an option in Python."""
    return option.replace("-", "_")


def check_deployment(
    url: str, dry_run: bool, junitxml: str, passed: tuple[str, ...], started: float, **given: Any
) -> int:
    """Check a deployment by sending requests. `passed` are options of pytest. Returns the exit code."""
    named = {name.replace("_", "-"): value for name, value in given.items() if value not in (None, (), False)}
    settings = settings_of(url, named)
    load(settings.known, REGISTRY, missing_ok=settings.update_known)
    previous.load(settings.baseline)
    Outputs.of({**given, "junitxml": junitxml}).check()
    if settings.save_har:
        check_path("--save-har", Path(settings.save_har))
    for line in plan(settings).lines():
        click.echo(f"plan: {line}")
    if dry_run:
        return CONFORMS
    progress = ProgressPlugin(str(Path(junitxml).absolute()) if junitxml else "", started)
    with (
        tempfile.TemporaryDirectory(prefix="tune-check-", ignore_cleanup_errors=True) as scratch,
        _environment(_changes(settings, scratch)),
    ):
        write_charmap(Path(scratch))
        options = [one for name in named if name != "key" for one in _typed(name, named[name])]
        arguments = [*_PYTEST, str(_PACKAGE), f"--url={settings.url}", *options, *passed]
        code = pytest.main(arguments, plugins=[progress])
        invocation = click.get_current_context().ensure_object(Invocation)
        invocation.annotations += progress.annotations
        return progress.exit_code(code)


def _offline_options(mode: str, given: dict[str, Any]) -> OfflineOptions:
    """The options of a check that sends no requests. Raises `UsageError` for options that it does not use."""
    named = {name: value for name, value in given.items() if value not in (None, (), False)}
    useless = sorted(named.keys() - _OFFLINE - (_FORWARDING if mode == "--proxy-to" else set()))
    if useless:
        flags = ", ".join(_FLAGS.get(name, f"--{name.replace('_', '-')}") for name in useless)
        raise UsageError(f"{mode}: it sends no requests of its own and does not use {flags}; remove it")
    key = str(named.get("key") or os.environ.get(KEY_VARIABLE, ""))
    outputs = Outputs.of(named)
    outputs.check()
    threshold, known = Grade(named.get("grade", "documented")), load(named.get("known", ""), REGISTRY)
    ca = str(readable("--ca", named["ca"])) if "ca" in named else ""
    verify = verification(Settings("", insecure=bool(named.get("insecure")), ca=ca))
    return OfflineOptions(threshold, known, outputs, key, verify, previous.load(named.get("baseline", "")))


def _changes(settings: Settings, scratch: str) -> dict[str, str | None]:
    """The environment of the suite. It leaves no files in the directory it is called from."""
    return {**_ENVIRONMENT, "TUNE_API_KEY": settings.key or None, "HYPOTHESIS_STORAGE_DIRECTORY": scratch}


def _typed(name: str, value: Any) -> list[str]:
    """An option as an argument of pytest. The key is not passed like this: process lists would show it."""
    values = value if isinstance(value, tuple) else (value,)
    return [f"--{name}" if one is True else f"--{name}={one}" for one in values]


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Change the environment for the duration of the block. None removes a variable."""
    before = dict(os.environ)
    for name, value in changes.items():
        os.environ.pop(name, None)
        os.environ.update({} if value is None else {name: value})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _list_checks(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        for check in REGISTRY.values():
            click.echo(f"{check.slug:<34} {check.grade:<11} {check.fact}")
        context.exit()


command = click.Command(
    "tune-check",
    params=[
        click.Argument(["url"], metavar="URL", required=False),
        *(_option(option) for option in OPTIONS),
        click.Option(["--har"], metavar="FILE", default="", help="check a HAR file that a browser recorded"),
        click.Option(
            ["--proxy-to"], metavar="URL", default="", help="forward requests to URL and check the traffic"
        ),
        click.Option(
            ["--listen"],
            metavar="ADDRESS",
            default=_LISTEN,
            help=f"address of --proxy-to (default {_LISTEN})",
        ),
        click.Option(["--dry-run"], is_flag=True, help="print the ceilings and the plan, then exit"),
        click.Option(
            ["-k", "expression"], metavar="EXPRESSION", help="run only matching checks, like -k of pytest"
        ),
        click.Option(["-x", "exitfirst"], is_flag=True, help="stop at the first violation"),
        click.Option(["-n", "processes"], metavar="N", help="use N processes (requires pytest-xdist)"),
        click.Option(["--junitxml"], metavar="FILE", default="", help="write a JUnit report"),
        click.Option(
            ["--list-checks"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_list_checks,
            help="list every check with its grade and its fact, then exit",
        ),
    ],
    callback=lambda **given: run(**given),
    help="Check whether the service at URL conforms to the contract of the run API.",
    epilog="Exit codes: 0 conforms, 1 violations, 2 usage error, 3 could not check, 4 internal error.",
)

click.version_option(package_name="tune-contract", message="%(prog)s %(version)s")(command)


def _for_pytest(given: dict[str, Any]) -> tuple[str, ...]:
    """Remove the options that belong to pytest from `given`, and return them as its arguments."""
    passed: list[str] = []
    if expression := given.pop("expression"):
        passed += ["-k", expression]
    if given.pop("exitfirst"):
        passed.append("-x")
    if processes := given.pop("processes"):
        passed += ["-p", "xdist", "-n", processes, "--dist", "loadgroup"]
    return tuple(passed)


def main(argv: list[str] | None = None) -> int:
    """Entry point of `tune-check`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A response may have characters that the terminal's encoding lacks.
            stream.reconfigure(errors="backslashreplace")
    invocation = Invocation(STARTED if argv is None else time.time())
    with guarded(), _terminable():
        code = _main(argv, invocation)
    for line in invocation.annotations if in_github_job() else ():
        click.echo(line)
    return code


def _main(argv: list[str] | None, invocation: Invocation) -> int:
    try:
        name = "tune-check"
        return int(command.main(args=argv, prog_name=name, standalone_mode=False, obj=invocation) or 0)
    except UsageError as error:
        click.echo(f"tune-check: {one_line(str(error))}", err=True)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
    except (click.Abort, KeyboardInterrupt):
        click.echo("tune-check: interrupted", err=True)
        return NOT_CHECKED
    except Exception as error:
        about = paragraph([InternalError(details_of(error))], invocation.secrets)
        click.echo(f"tune-check: {about}", err=True)
        return INTERNAL_ERROR
    return USAGE_ERROR


@contextmanager
def _terminable() -> Iterator[None]:
    """Treat SIGTERM, with which CI servers cancel a job, like Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())

"""How is a deployment judged from the command line? `tune-check URL`, which is pytest behind one command."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from contract_tests.baseline import load
from contract_tests.checks import REGISTRY
from contract_tests.client.client import verification
from contract_tests.client.hypothesis_cache import tell_what_utf_8_encodes
from contract_tests.options import KEY_VARIABLE, OPTIONS, Option, settings_of
from contract_tests.recordings.offline import Asked, judge_recording
from contract_tests.recordings.proxy import serve
from contract_tests.report import Outputs
from contract_tests.report.model import CONFORMS, UNJUDGED, WRONG_USE
from contract_tests.session.plan import plan
from contract_tests.session.progress import Session
from contract_tests.settings import Settings, UsageError, base_url, readable
from openapi import Grade

_PACKAGE = Path(__file__).parent
# The suite runs by its own rules, wherever it is called from: no configuration, no plugin, no option of the
# caller's counts, and nobody but us writes to the terminal.
_PYTEST = (
    *("-c", os.devnull),
    *("--rootdir", str(_PACKAGE)),
    "--import-mode=importlib",
    *("-p", "no:cacheprovider"),
    *("-p", "no:terminal"),
    *("-p", "no:warnings"),
    *("-p", "no:unraisableexception"),
    *("-p", "no:threadexception"),
    "-s",
)
_LISTEN = "127.0.0.1:4011"
_OFFLINE = frozenset({"key", "grade", "known", "markdown", "json", "html"})
_FORWARDING = frozenset({"insecure", "ca"})
_FLAGS = {"expression": "-k", "exitfirst": "-x", "processes": "-n"}
_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None}


def _option(option: Option) -> click.Option:
    if option.type is bool:
        return click.Option([option.flag], is_flag=True, help=option.help)
    kind: Any = click.Choice([str(one) for one in option.choices]) if option.choices else str
    metavar = option.metavar or None
    return click.Option([option.flag], type=kind, metavar=metavar, multiple=option.many, help=option.help)


def run(url: str | None, har: str, proxy_to: str, listen: str, **given: Any) -> int:
    """Judge a deployment, a recording, or the traffic of others; the exit code."""
    if har and proxy_to:
        raise UsageError("--har and --proxy-to: give one of them")
    if har or proxy_to:
        asked = _asked("--har" if har else "--proxy-to", given)
        if har:
            return judge_recording(har, base_url(url) if url else "", asked)
        if url:
            raise UsageError(f"--proxy-to: {proxy_to} is what is judged; leave {url} away")
        return serve(base_url(proxy_to), listen, asked)
    if not url:
        raise UsageError("URL: say which service to judge, for example tune-check https://studio.tune.app")
    return judge(url, passed=_for_pytest(given), **given)


def judge(url: str, dry_run: bool, passed: tuple[str, ...], **given: Any) -> int:
    """Judge a deployment by requests; the exit code."""
    named = {name.replace("_", "-"): value for name, value in given.items() if value not in (None, (), False)}
    settings = settings_of(url, named)
    load(settings.known, REGISTRY, missing_ok=settings.update_known)
    Outputs.of(settings.markdown, settings.json, settings.html).check()
    for line in plan(settings).lines():
        click.echo(f"plan: {line}")
    if dry_run:
        return CONFORMS
    session = Session()
    with (
        tempfile.TemporaryDirectory(prefix="tune-check-", ignore_cleanup_errors=True) as scratch,
        _environment(_changes(settings, scratch)),
    ):
        tell_what_utf_8_encodes(Path(scratch))
        options = [one for name in named if name != "key" for one in _typed(name, named[name])]
        arguments = [*_PYTEST, str(_PACKAGE), f"--url={settings.url}", *options, *passed]
        code = pytest.main(arguments, plugins=[session])
    return session.exit_code(code)


def _asked(mode: str, given: dict[str, Any]) -> Asked:
    """What counts of the options where nothing is sent by us. Raises `UsageError` for the others."""
    named = {name: value for name, value in given.items() if value not in (None, (), False)}
    useless = sorted(named.keys() - _OFFLINE - (_FORWARDING if mode == "--proxy-to" else set()))
    if useless:
        flags = ", ".join(_FLAGS.get(name, f"--{name.replace('_', '-')}") for name in useless)
        raise UsageError(f"{mode}: no use for {flags}, since nothing is sent on our own; leave it away")
    key = str(named.get("key") or os.environ.get(KEY_VARIABLE, ""))
    outputs = Outputs.of(*(named.get(name, "") for name in ("markdown", "json", "html")))
    outputs.check()
    bar, known = Grade(named.get("grade", "documented")), load(named.get("known", ""), REGISTRY)
    ca = str(readable("--ca", named["ca"])) if "ca" in named else ""
    verify = verification(Settings("", insecure=bool(named.get("insecure")), ca=ca))
    return Asked(bar, known, outputs, key, verify)


def _changes(settings: Settings, scratch: str) -> dict[str, str | None]:
    """What is different in the environment of the suite; nothing is left where it is called from."""
    return {**_ENVIRONMENT, "TUNE_API_KEY": settings.key or None, "HYPOTHESIS_STORAGE_DIRECTORY": scratch}


def _typed(name: str, value: Any) -> list[str]:
    """An option as pytest takes it. The key is none: in the environment no process list shows it."""
    values = value if isinstance(value, tuple) else (value,)
    return [f"--{name}" if one is True else f"--{name}={one}" for one in values]


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Change the environment while the block lasts."""
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
        click.Option(["--har"], metavar="FILE", default="", help="judge a recording, a browser's HAR"),
        click.Option(
            ["--proxy-to"], metavar="URL", default="", help="judge what others send to URL through here"
        ),
        click.Option(
            ["--listen"], metavar="ADDRESS", default=_LISTEN, help=f"where --proxy-to listens ({_LISTEN})"
        ),
        click.Option(["--dry-run"], is_flag=True, help="say the ceilings and the plan, and stop"),
        click.Option(
            ["-k", "expression"], metavar="EXPRESSION", help="only the checks that match, as pytest's -k"
        ),
        click.Option(["-x", "exitfirst"], is_flag=True, help="stop at the first violation"),
        click.Option(["-n", "processes"], metavar="N", help="spread over N processes (needs pytest-xdist)"),
        click.Option(["--junitxml"], metavar="FILE", help="write a JUnit report"),
        click.Option(
            ["--list-checks"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_list_checks,
            help="name every check with its grade and its fact, and stop",
        ),
    ],
    callback=lambda **given: run(**given),
    help="Judge whether the service at URL keeps the contract of the run API.",
    epilog="Exit: 0 conforms, 1 violations, 2 wrong use, 3 could not judge.",
)

click.version_option(package_name="tune-contract", message="%(prog)s %(version)s")(command)


def _for_pytest(given: dict[str, Any]) -> tuple[str, ...]:
    """The options that are pytest's own."""
    passed: list[str] = []
    if expression := given.pop("expression"):
        passed += ["-k", expression]
    if given.pop("exitfirst"):
        passed.append("-x")
    if processes := given.pop("processes"):
        passed += ["-p", "xdist", "-n", processes, "--dist", "loadgroup"]
    if junitxml := given.pop("junitxml"):
        Outputs(junitxml=junitxml).check()
        passed.append(f"--junitxml={Path(junitxml).absolute()}")
    return tuple(passed)


def main(argv: list[str] | None = None) -> int:
    """Entry point of `tune-check`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A service may say what a terminal has no letters for.
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(command.main(args=argv, prog_name="tune-check", standalone_mode=False) or 0)
    except UsageError as error:
        click.echo(f"tune-check: {error}", err=True)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
    except click.Abort:
        click.echo("tune-check: interrupted", err=True)
        return UNJUDGED
    return WRONG_USE


if __name__ == "__main__":
    sys.exit(main())

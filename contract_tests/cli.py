"""How is a deployment judged from the command line? `tune-check URL`, which is pytest behind one command."""

import os
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from contract_tests.judgement import plan
from contract_tests.options import OPTIONS, Option, settings_of
from contract_tests.settings import WrongUse

CONFORMS, VIOLATIONS, WRONG_USE, CANNOT_JUDGE = range(4)
_EXITS = {
    int(pytest.ExitCode.OK): CONFORMS,
    int(pytest.ExitCode.TESTS_FAILED): VIOLATIONS,
    int(pytest.ExitCode.USAGE_ERROR): WRONG_USE,
    CANNOT_JUDGE: CANNOT_JUDGE,
}
_PACKAGE = Path(__file__).parent
# The suite is judged by its own rules, wherever it is called from: no configuration of the caller's counts.
_PYTEST = (
    "-c",
    os.devnull,
    "--rootdir",
    str(_PACKAGE),
    "--import-mode=importlib",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:schemathesis",
    "-p",
    "no:hypothesispytest",
    "-q",
    "--no-header",
    "--tb=short",
)


def _option(option: Option) -> click.Option:
    if option.type is bool:
        return click.Option([option.flag], is_flag=True, help=option.help)
    kind: Any = click.Choice(option.choices) if option.choices else str
    return click.Option(
        [option.flag], type=kind, metavar=option.metavar or None, multiple=option.many, help=option.help
    )


def run(url: str, dry_run: bool, passed: tuple[str, ...], **given: Any) -> int:
    """Judge a deployment; the exit code."""
    named = {name.replace("_", "-"): value for name, value in given.items() if value not in (None, (), False)}
    settings = settings_of(url, named)
    for line in plan(settings).lines():
        click.echo(f"plan: {line}")
    if dry_run:
        return CONFORMS
    arguments = [*_PYTEST, str(_PACKAGE), f"--url={settings.url}", *_pass_on(named), *passed]
    code = int(pytest.main(arguments))
    return _EXITS.get(code, CANNOT_JUDGE)


def _pass_on(named: dict[str, Any]) -> list[str]:
    """The options as pytest takes them; the key goes by the environment, where no process list shows it."""
    if "key" in named:
        os.environ["TUNE_API_KEY"] = named.pop("key")
    arguments: list[str] = []
    for name, value in named.items():
        values = value if isinstance(value, tuple) else (value,)
        arguments += [f"--{name}" if one is True else f"--{name}={one}" for one in values]
    return arguments


command = click.Command(
    "tune-check",
    params=[
        click.Argument(["url"], metavar="URL"),
        *(_option(option) for option in OPTIONS),
        click.Option(["--dry-run"], is_flag=True, help="say the ceilings and the plan, and stop"),
        click.Option(["-k", "expression"], metavar="EXPRESSION", help="only the checks that match, as pytest's -k"),
        click.Option(["-x", "exitfirst"], is_flag=True, help="stop at the first violation"),
        click.Option(["-n", "processes"], metavar="N", help="spread over N processes (needs pytest-xdist)"),
        click.Option(["--junitxml"], metavar="FILE", help="write a JUnit report"),
    ],
    callback=lambda **given: run(passed=_for_pytest(given), **given),
    help="Judge whether the service at URL keeps the contract of the run API.",
    epilog="Exit: 0 conforms, 1 violations, 2 wrong use, 3 could not judge.",
)


def _for_pytest(given: dict[str, Any]) -> tuple[str, ...]:
    """The options that are pytest's own."""
    passed: list[str] = []
    if expression := given.pop("expression"):
        passed += ["-k", expression]
    if given.pop("exitfirst"):
        passed.append("-x")
    if processes := given.pop("processes"):
        passed += ["-n", processes, "--dist", "loadgroup"]
    if junitxml := given.pop("junitxml"):
        passed.append(f"--junitxml={junitxml}")
    return tuple(passed)


def main(argv: list[str] | None = None) -> int:
    """Entry point of `tune-check`."""
    try:
        return int(command.main(args=argv, prog_name="tune-check", standalone_mode=False) or 0)
    except WrongUse as error:
        click.echo(f"tune-check: {error}", err=True)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
    except click.Abort:
        click.echo("tune-check: interrupted", err=True)
    return WRONG_USE


if __name__ == "__main__":
    sys.exit(main())

"""Which options are there? One table, for `tune-check` and for `pytest contract_tests`."""

import difflib
import os
from dataclasses import dataclass
from typing import Any

import pytest

from contract_tests.checks import REGISTRY
from contract_tests.settings import PROFILES, Settings, UsageError, base_url, readable
from openapi import Grade

KEY_VARIABLE = "TUNE_API_KEY"


@dataclass(frozen=True)
class Option:
    """One option: its name, its help, and the type of its value (`bool` for a flag)."""

    name: str
    help: str
    type: type = str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    many: bool = False

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return f"--{self.name}"

    @property
    def dest(self) -> str:
        """The name of the value in the configuration of pytest."""
        return f"tune_{self.name.replace('-', '_')}"


OPTIONS = (
    Option("key", f"access key (default: {KEY_VARIABLE} in the environment)", metavar="KEY"),
    Option("model", "model for all runs", metavar="NAME"),
    Option("thread", "existing thread to use if none can be created", metavar="ID"),
    Option("org", "organization to act for", metavar="ID"),
    Option("profile", "thoroughness (default standard)", choices=tuple(PROFILES)),
    Option("grade", "fail on broken facts up to this grade (default documented)", choices=tuple(Grade)),
    Option("seed", "seed; the same seed sends the same requests (default 1)", int, "N"),
    Option("max-runs", "start at most N runs", int, "N"),
    Option("max-tokens", "let all runs together write at most N tokens", int, "N"),
    Option("max-requests", "send at most N requests", int, "N"),
    Option("max-seconds", "stop after this time", float, "SECONDS"),
    Option("max-wait", "maximum duration of a run (default 30)", float, "SECONDS"),
    Option("timeout", "maximum duration of any other request (default 15)", float, "SECONDS"),
    Option("wait", "wait this long for a service that is starting (default 0)", float, "SECONDS"),
    Option("require", "check that must have been tried; repeatable", metavar="CHECK", many=True),
    Option("max-untried", "accept at most N checks that could not be tried", int, "N"),
    Option(
        "header",
        "additional header of every request, as 'Name: value'; repeatable",
        metavar="HEADER",
        many=True,
    ),
    Option("proxy", "send all requests through this HTTP proxy", metavar="URL"),
    Option("insecure", "do not verify certificates", bool),
    Option("ca", "file of certificates to trust", metavar="FILE"),
    Option("known", "file of known differences, with reasons and dates", metavar="FILE"),
    Option("update-known", "write the current failures into the file of --known", bool),
    Option("prune-known", "remove entries of --known that no longer differ", bool),
    Option("known-strict", "fail if an entry of --known no longer differs", bool),
    Option(
        "markdown", "write a Markdown report (a GitHub job summary gets it automatically)", metavar="FILE"
    ),
    Option("json", "write a JSON report", metavar="FILE"),
    Option("save-har", "save all traffic of the check as a HAR file, without secrets", metavar="FILE"),
    Option("sarif", "write a SARIF report, for code scanning", metavar="FILE"),
    Option("code-quality", "write a code quality report, for GitLab", metavar="FILE"),
    Option("baseline", "fail only on what an earlier JSON report does not have", metavar="FILE"),
    Option("html", "write an HTML report with a timeline of every run", metavar="FILE"),
)


def add_options(group: Any) -> None:
    """Register the options with pytest. `group` is one of its option groups."""
    group.addoption("--url", dest="tune_url", metavar="URL", help="service to check, with or without /v1")
    for option in OPTIONS:
        if option.type is bool:
            group.addoption(option.flag, dest=option.dest, action="store_true", help=option.help)
        else:
            action = {"action": "append"} if option.many else {}
            metavar = option.metavar or None
            group.addoption(option.flag, dest=option.dest, metavar=metavar, help=option.help, **action)


def settings_from(config: pytest.Config) -> Settings:
    """The settings for the options of pytest. Raises `UsageError`."""
    url = config.getoption("tune_url")
    if not url:
        raise UsageError("--url: give the service to check, for example --url https://studio.tune.app")
    given = {option.name: config.getoption(option.dest) for option in OPTIONS}
    return settings_of(url, {name: value for name, value in given.items() if value not in (None, [], False)})


def settings_of(url: str, given: dict[str, Any]) -> Settings:
    """The settings for a URL and options by name. Raises `UsageError`."""
    values = {option.name: _read(option, given[option.name]) for option in OPTIONS if option.name in given}
    key = values.pop("key", "") or os.environ.get(KEY_VARIABLE, "")
    if any(ord(char) < 33 or ord(char) > 126 for char in key):
        raise UsageError("--key: it has a space, a line end or a character outside ASCII; copy it again")
    for name in ("update-known", "prune-known", "known-strict"):
        if values.get(name) and not values.get("known"):
            raise UsageError(f"--{name}: name the file with --known")
    values["require"] = tuple(_known_check(slug) for slug in values.pop("require", ()))
    if values.get("ca"):
        readable("--ca", values["ca"])
    if "org" in values:
        values["organization"] = values.pop("org")
    values["headers"] = tuple(_header(text) for text in values.pop("header", ()))
    if "grade" in values:
        values["grade"] = Grade(values["grade"])
    return Settings(base_url(url), key, **{name.replace("-", "_"): value for name, value in values.items()})


def _read(option: Option, value: Any) -> Any:
    if option.choices and value not in option.choices:
        raise UsageError(f"{option.flag}: {value!r} is not one of {', '.join(option.choices)}")
    if option.type not in (int, float):
        return value
    try:
        number = option.type(value)
    except ValueError:
        raise UsageError(f"{option.flag}: {value!r} is not a number") from None
    if not (number >= 0 and number < 10**9) or (option.type is float and number == 0):
        raise UsageError(f"{option.flag}: {value} is out of range; give a positive number")
    return number


def _known_check(slug: str) -> str:
    if slug not in REGISTRY:
        near = difflib.get_close_matches(slug, REGISTRY, 1)
        hint = f"did you mean {near[0]}?" if near else "tune-check --list-checks lists them"
        raise UsageError(f"--require: there is no check {slug!r}; {hint}")
    return slug


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or any(char in text for char in "\r\n"):
        raise UsageError("--header: write it as 'Name: value'")
    return name.strip(), value.strip()

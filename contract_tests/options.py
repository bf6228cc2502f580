"""Which options does a judgement have? One table, for `tune-check` and for `pytest contract_tests`."""

import os
from dataclasses import dataclass
from typing import Any

import pytest

from contract_tests.settings import PROFILES, Settings, UsageError, base_url, readable
from openapi import Grade

KEY_VARIABLE = "TUNE_API_KEY"


@dataclass(frozen=True)
class Option:
    """One option: its name, what it is for, and the type of its value (`bool` for a switch)."""

    name: str
    help: str
    type: type = str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    many: bool = False

    @property
    def flag(self) -> str:
        """The option as it is typed."""
        return f"--{self.name}"

    @property
    def dest(self) -> str:
        """The name of the option's value in pytest's configuration."""
        return f"tune_{self.name.replace('-', '_')}"


OPTIONS = (
    Option("key", f"the access key (or {KEY_VARIABLE} in the environment)", metavar="KEY"),
    Option("model", "the model that runs use", metavar="NAME"),
    Option("thread", "a thread to use where none can be created", metavar="ID"),
    Option("org", "the organization to act for", metavar="ID"),
    Option("profile", "how thorough: smoke, standard (default) or deep", choices=tuple(PROFILES)),
    Option("grade", "fail on broken facts up to this grade", choices=tuple(Grade)),
    Option("seed", "the same seed sends the same requests (default 1)", int, "N"),
    Option("max-runs", "start no more runs", int, "N"),
    Option("max-tokens", "let all runs write no more tokens, by maxCompletionTokens", int, "N"),
    Option("max-requests", "send no more requests", int, "N"),
    Option("max-seconds", "take no longer", float, "SECONDS"),
    Option("max-wait", "how long a run may take to end (default 30)", float, "SECONDS"),
    Option("timeout", "how long any other answer may take (default 15)", float, "SECONDS"),
    Option("header", "a further header of every request, as 'Name: value'", metavar="HEADER", many=True),
    Option("proxy", "send everything through this HTTP proxy", metavar="URL"),
    Option("insecure", "accept any certificate", bool),
    Option("ca", "a file with the certificates to trust", metavar="FILE"),
    Option("known", "the differences that are known, with their reasons and dates", metavar="FILE"),
    Option("update-known", "write the failures of now into the file of --known", bool),
    Option(
        "markdown", "write a report in Markdown (a GitHub job's summary gets it by itself)", metavar="FILE"
    ),
    Option("json", "write a report for programs", metavar="FILE"),
    Option("html", "write a report as one page, with a picture of every run", metavar="FILE"),
)


def add_options(group: Any) -> None:
    """Give pytest the options."""
    group.addoption("--url", dest="tune_url", metavar="URL", help="the service to judge, with or without /v1")
    for option in OPTIONS:
        if option.type is bool:
            group.addoption(option.flag, dest=option.dest, action="store_true", help=option.help)
        else:
            action = {"action": "append"} if option.many else {}
            metavar = option.metavar or None
            group.addoption(option.flag, dest=option.dest, metavar=metavar, help=option.help, **action)


def settings_from(config: pytest.Config) -> Settings:
    """The settings that pytest's options mean. Raises `UsageError`."""
    url = config.getoption("tune_url")
    if not url:
        raise UsageError("--url: say which service to judge, for example --url https://studio.tune.app")
    given = {option.name: config.getoption(option.dest) for option in OPTIONS}
    return settings_of(url, {name: value for name, value in given.items() if value not in (None, [], False)})


def settings_of(url: str, given: dict[str, Any]) -> Settings:
    """The settings that a URL and the options given mean. Raises `UsageError`."""
    values = {option.name: _read(option, given[option.name]) for option in OPTIONS if option.name in given}
    key = values.pop("key", "") or os.environ.get(KEY_VARIABLE, "")
    if any(ord(char) < 33 or ord(char) > 126 for char in key):
        raise UsageError(
            "--key: a key has no spaces, line ends or letters outside ASCII; look at how it was copied"
        )
    if values.get("update-known") and not values.get("known"):
        raise UsageError("--update-known: say with --known which file to write")
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


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or any(char in text for char in "\r\n"):
        raise UsageError("--header: write it as 'Name: value'")
    return name.strip(), value.strip()

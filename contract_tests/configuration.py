"""Which options are set by a file or by the environment?

The command line comes first, then the environment, then the file.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_tests.options import OPTIONS, Option
from contract_tests.settings import UsageError

FILE, PROJECT, TABLE = "tune-check.toml", "pyproject.toml", "tool.tune-check"
PREFIX = "TUNE_CHECK_"
_URL = Option("url", "service to check, with or without /v1")
_JUNIT = Option("junitxml", "write a JUnit report")
_KNOWN = {option.name: option for option in (_URL, *OPTIONS, _JUNIT)}


def configured(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The options by name, from the file in a folder and from the environment. Raises `UsageError`."""
    return {**_from_file(folder), **_from_environment(environment)}


def variable(option: Option) -> str:
    """The name of the environment variable of an option."""
    return PREFIX + option.name.upper().replace("-", "_")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in _KNOWN.values():
        text = environment.get(variable(option), "")
        if text and option.type is bool:
            found[option.name] = _flag(variable(option), text)
        elif text:
            found[option.name] = tuple(text.splitlines()) if option.many else text
    return {name: value for name, value in found.items() if value is not False}


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("1", "true", "0", "false"):
        raise UsageError(f"{name}: {text!r} is neither true nor false")
    return text.lower() in ("1", "true")


def _from_file(folder: Path) -> dict[str, Any]:
    path, table = folder / FILE, _table(folder / FILE)
    if table is None:
        path = folder / PROJECT
        table = ((_table(path) or {}).get("tool") or {}).get("tune-check") or {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {TABLE} is not a table")
    found = {name: _value(path, name, value) for name, value in table.items()}
    return {name: value for name, value in found.items() if value is not False}


def _table(path: Path) -> dict[str, Any] | None:
    """The content of a file, None if there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None


def _value(path: Path, name: str, value: Any) -> Any:
    option = _KNOWN.get(name)
    if option is None:
        near = difflib.get_close_matches(name, _KNOWN, 1)
        hint = f"did you mean {near[0]}?" if near else "tune-check --help lists the options"
        raise UsageError(f"{path}: {name}: there is no such option; {hint}")
    if name == "key":
        raise UsageError(f"{path}: key: a file is no place for a key; set TUNE_API_KEY")
    numbers = (int, float) if option.type is float else (option.type,)
    wanted = bool if option.type is bool else list if option.many else (str, *numbers)
    if not isinstance(value, wanted) or (isinstance(value, bool) and option.type is not bool):
        kinds = {bool: "true or false", int: "a number", float: "a number"}
        kind = "a list of texts" if option.many else kinds.get(option.type, "a text")
        raise UsageError(f"{path}: {name}: {value!r} is not {kind}")
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    return value if option.type is bool else str(value)

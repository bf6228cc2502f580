"""Which options does each command have? Read from the commands themselves."""

import re
from collections.abc import Iterator

import click

from contract_tests.cli import command as tune_check
from mock_server.cli import command as tune_mock
from spec_review.cli import command as tune_review
from tests.docs.markdown import code, codes, sentence, table

COMMANDS = {"tune-mock": tune_mock, "tune-check": tune_check, "tune-review": tune_review}


def options(name: str) -> str:
    """The table of a command's options, in the order of its help."""
    return table(["option", "default", "what it does"], map(_row, _options(COMMANDS[name])))


def _options(command: click.Command) -> Iterator[click.Option]:
    yield from (one for one in command.params if isinstance(one, click.Option) and not one.hidden)


def _row(option: click.Option) -> list[str]:
    typed = codes(f"{flag}{_value(option)}" for flag in option.opts if flag.startswith("-"))
    return [typed, _default(option), _help(option)]


def _value(option: click.Option) -> str:
    """What follows the option on the command line."""
    if option.is_flag:
        return ""
    if option.metavar:
        return f" {option.metavar}"
    if isinstance(option.type, click.Choice):
        return " WORD"
    kind = option.type.name.split()[0].upper()
    return {"INTEGER": " N", "FLOAT": " NUMBER"}.get(kind, f" {kind}")


def _default(option: click.Option) -> str:
    value = None if option.is_flag or option.multiple else option.default
    return (
        code(f"{value:g}" if isinstance(value, float) else f"{value}")
        if isinstance(value, str | int | float)
        else ""
    )


def _help(option: click.Option) -> str:
    text = sentence(re.sub(r"\s*\[default: ([^\]]+)\]$", r" Default: \1.", option.help or ""))
    if isinstance(option.type, click.Choice):
        words = codes(map(str, option.type.choices))
        text += "" if all(word in text for word in option.type.choices) else f" One of {words}."
    if option.multiple and "epeatable" not in text:
        text += " Repeatable."
    return re.sub(r"(?<![`\w-])--[a-z]+(?:-[a-z]+)*", r"`\g<0>`", text)

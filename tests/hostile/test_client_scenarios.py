"""Does no scenario file hang or end the mock, whatever is in it?"""

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import openapi
from mock_server.scenarios.library import BUILT_IN, Library
from mock_server.scenarios.loader import OWN_FIELDS, facts, load
from mock_server.scenarios.yaml_fields import ScenarioError
from mock_server.scenarios.yaml_text import LARGEST_FILE, MOST_NODES
from mock_server.simulation.trial import problem_with_client
from mock_server.storage.lmdb import codec
from tests.hostile.seeds import EXAMPLES

FACTS = facts(openapi.load())
GOOD = BUILT_IN.joinpath("instant.yaml").read_text(encoding="utf-8")
HEAD = "summary: s\nreveals: r\nbreaks: b\ntimeline:\n  - {at: 0, status: queued}\n"
BOMB = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
)
FILES = {
    "an alias bomb": BOMB,
    "an alias bomb in arguments": f"{HEAD}  - at: 1\n    status: failed\n    fields: {{x: *a11}}\n{BOMB}",
    "a recursive alias": "summary: &a [*a]\n",
    "a deep list": "summary: " + "[" * 100_000,
    "a deep mapping": "{a: " * 100_000,
    "deep indentation": "".join(" " * depth + "a:\n" for depth in range(600)),
    "deep dashes": "- " * 100_000,
    "many values": f"summary: [{'1, ' * (MOST_NODES + 1)}]",
    "a date": f"{HEAD}  - {{at: 1, status: failed, fields: {{x: 2024-01-01}}}}\n",
    "a time": f"{HEAD}  - {{at: 1, status: failed, fields: {{x: 2024-99-99 00:00:00}}}}\n",
    "not a number": f"{HEAD}  - {{at: .nan, status: failed}}\n",
    "infinity": f"{HEAD}  - {{at: 1, status: failed, fields: {{x: .inf}}}}\n",
    "a long number": f"{HEAD}  - {{at: {'9' * 10_000}, status: failed}}\n",
    "a sexagesimal number": f"{HEAD}  - {{at: 1:2:3, status: failed}}\n",
    "a tag": f"{HEAD}  - {{at: !!int abc, status: failed}}\n",
    "a tag of Python": f"{HEAD}  - {{at: !!python/object/apply:os.system [x], status: failed}}\n",
    "binary data": f"{HEAD}  - {{at: 1, status: failed, fields: {{x: !!binary '?'}}}}\n",
    "a key that is a list": f"{HEAD}  - {{at: 1, status: failed, fields: {{[x]: 1}}}}\n",
    "a list as a key": "? [a, b]\n: c\n",
    "keys with line breaks": f'{HEAD}"a\\nb\\e[31m": 1\n',
    "a large file": "#" * (LARGEST_FILE + 1),
    "NUL": "summary: \0",
    "two documents": "a: b\n---\nc: d\n",
    "a repeated condition": f"{HEAD}wire: duplicate=1+duplicate=1\n",
    "no status": "summary: s\nreveals: r\nbreaks: b\ntimeline:\n  - {at: 0, message: hi}\n",
    "an event name of two lines": f'{HEAD}  - {{at: 1, event: {{name: "a\\nb", data: {{}}}}}}\n',
    "a status of two lines": f'{HEAD}  - {{at: 1, status: "a\\nb"}}\n',
}
# What YAML has and JSON does not, and what a run cannot do without.
FIELDS = {
    "a set": "{x: !!set {a, b}}",
    "an ordered mapping": "{x: !!omap [a: 1]}",
    "pairs": "{x: !!pairs [a: 1]}",
    "a mapping of a foreign kind": "{x: !own {a: 1}}",
    "a set as fields": "!!set {a, b}",
    "a number as a key": "{1: x}",
    "a boolean as a key": "{yes: x}",
    "null as a key": "{~: x}",
    "a nested number as a key": "{x: {y: [{1.5: z}]}}",
    "a merge": "{x: {<<: {a: 1}}}",
    "a duplicate key": "{x: {a: 1, a: 2}}",
    "an integer of 65 bits": "{x: 18446744073709551616}",
    "a long hexadecimal integer": "{x: 0x1ffffffffffffffff}",
    "infinity": "{x: [-.inf]}",
    "not a number": "{x: .NaN}",
    "a float that is infinite": "{x: 1.0e+999}",
    "binary data": "{x: !!binary aGk=}",
    "a timestamp": "{x: 2024-01-01T00:00:00Z}",
    **{f"{name} {value}": f"{{{name}: {value}}}" for name in OWN_FIELDS for value in ("null", "1", "x")},
}
FILES |= {
    f"fields: {kind}": f"{HEAD}  - {{at: 1, status: failed, fields: {FIELDS[kind]}}}\n" for kind in FIELDS
}


def load_or_refuse(file: Path) -> str:
    """The error for a file, one printable line; empty if it is loaded."""
    error = ""
    try:
        scenario = load(file, FACTS)
    except ScenarioError as refused:
        error = str(refused)
    else:
        assert problem_with_client(scenario) == ""
        assert codec.scenario_bytes(codec.scenario(codec.scenario_bytes(scenario)))
    assert not error or error.isprintable()
    assert len(error) < 2000
    return error


@pytest.mark.parametrize("kind", FILES)
def test_a_hostile_file_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(FILES[kind], encoding="utf-8")
    assert str(file) in load_or_refuse(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("pipe", "zero", "folder", "missing"):
        assert load_or_refuse(tmp_path / f"{name}.yaml")


@pytest.mark.parametrize("kind", FILES)
def test_the_last_good_version_of_an_edited_file_stays(kind: str, tmp_path: Path) -> None:
    warnings: list[str] = []
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD, encoding="utf-8")
    library = Library(openapi.load(), tmp_path, warnings.append)
    good = library.scenarios()["mine"]
    file.write_text(FILES[kind] + "\n# edited", encoding="utf-8")
    assert library.scenarios()["mine"] == good
    assert len(warnings) == 1
    assert "the last good version is kept" in warnings[0]


TOKENS = st.sampled_from(
    [
        *("summary: s\n", "reveals: r\n", "breaks: b\n", "timeline:\n", "  - {at: 0, status: queued}\n"),
        *("  - ", "at: ", "status: ", "message: ", "event: ", "fields: ", "tool_calls: ", "name: ", "data: "),
        *(
            "[",
            "]",
            "{",
            "}",
            ", ",
            ": ",
            "\n",
            "  ",
            "&a ",
            "*a",
            "- ",
            "? ",
            "!!int ",
            "!!set ",
            "<<: *a",
            "|\n",
        ),
        *(
            "0",
            "1.5",
            "0o7",
            "09",
            "0x",
            "1_0",
            "2024-01-01",
            "true",
            "~",
            "'",
            '"',
            "é",
            "\t",
            "---\n",
            "%YAML 1.2\n",
        ),
        *(f"  - {{at: 1, status: failed, fields: {value}}}\n" for value in FIELDS.values()),
        *("after_cancel:\n", "after_outputs:\n", "  -\n", "  - {at: 1, status: requires_action}\n"),
        *("  - {at: 1, tool_calls: [{name: f}]}\n", "  - {at: 2, status: completed}\n", "expires: 0\n"),
        *(
            "-0",
            "+1",
            "1e400",
            ".5",
            "_",
            "0b2",
            "x" * 300,
            "{{user}}",
            "{{",
            "=",
            "completed",
            "\ufeff",
            "#",
        ),
    ]
)


@settings(
    max_examples=EXAMPLES or 300,
    deadline=None,
    derandomize=not EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TOKENS, max_size=25), st.integers(0, 2**32))
def test_any_file_is_loaded_or_refused(tmp_path: Path, parts: list[str], seed: int) -> None:
    file = tmp_path / "x.yaml"
    rng = random.Random(seed)
    at = rng.randrange(len(GOOD))
    for text in (
        "".join(parts),
        HEAD + "".join(parts),
        GOOD[:at] + "".join(parts) + GOOD[at + rng.randrange(9) :],
    ):
        file.write_text(text, encoding="utf-8")
        load_or_refuse(file)

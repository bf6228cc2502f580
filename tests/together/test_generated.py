"""Does the checker leave generated conforming deployments alone, and does it catch generated faults?

The usual tests take a few of each; with `PROVE` hundreds. Each runs as a command of its own, because checks
are forked from a process that has no other threads.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openapi import Grade
from tests.together.generated.conforming import items, options_of
from tests.together.generated.document import operations
from tests.together.generated.mutation.catalogue import candidates, every, stratum
from tests.together.generated.options import CHOICES, Options, made, read, sample, singles
from tests.together.generated.shrinking import shrink
from tests.together.measure import RESULTS

PROVE = bool(os.environ.get("PROVE"))
SEED = os.environ.get("PROVE_SEED", "1")


def run(module: str, output: Path, *arguments: str) -> Any:
    """What a measuring command wrote. With `PROVE` its text stays in build/together too."""
    command = [sys.executable, "-m", f"tests.together.generated.{module}", "--output", str(output)]
    done = subprocess.run([*command, "--seed", SEED, *arguments], capture_output=True, text=True)
    print(done.stdout[-20_000:], done.stderr[-5_000:])
    if PROVE:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{output.stem}.txt").write_text(done.stdout)
    return json.loads(output.read_text())


def test_there_are_enough_free_choices_and_each_says_why_it_conforms() -> None:
    assert len(CHOICES) >= 40
    assert [one.name for one in CHOICES if not one.metadata["why"].strip()] == []
    assert [one.name for one in CHOICES if one.default != one.metadata["values"][0]] == []


def test_a_combination_is_drawn_again_and_read_back() -> None:
    drawn = sample(12, 3)
    assert [one.as_json() for one in drawn] == [one.as_json() for one in sample(12, 3)]
    assert [read(one.as_json()) for one in drawn] == drawn
    assert [options_of(items(one)) for one in drawn] == drawn


def test_every_value_of_every_option_is_drawn_alone_once() -> None:
    names = {name for one in singles() for name in one.differences()}
    assert names == {one.name for one in CHOICES if one.name != "exceptions"}
    assert Options().differences() == {}


def test_a_failing_set_shrinks_to_what_makes_it_fail() -> None:
    def fails(parts: Any) -> list[bool]:
        return [{"c", "g"} <= {*part} for part in parts]

    assert sorted(shrink("abcdefgh", fails)) == ["c", "g"]


def test_the_document_yields_thousands_of_faults_each_with_a_name_of_its_own() -> None:
    faults = [one for one in every() if not one.equivalent]
    assert len(faults) > 5000
    assert len({one.name for one in every()}) == len(every())
    assert {one.operation for one in faults} >= {*operations()}
    assert {one.grade for one in faults} == {*Grade}


def test_the_same_seed_draws_the_same_faults_from_every_stratum() -> None:
    faults = [one for one in every() if not one.equivalent]
    source = candidates(5, faults)
    first = [next(source) for _ in {stratum(one) for one in faults}]
    again = candidates(5, faults)
    assert [one.name for one in first] == [next(again).name for _ in first]
    assert {stratum(one) for one in first} == {stratum(one) for one in faults}


def test_what_breaks_nothing_says_why_and_is_never_drawn_for_a_rate() -> None:
    named = [one for one in every() if one.operator == "drop" and one.place == "usage"]
    assert named
    assert all(one.equivalent for one in named)


def test_choices_of_a_base_are_options() -> None:
    assert all(made(dict(base)) for base in {one.base for one in every()})


@pytest.mark.parametrize(("profile", "count"), [("smoke", 300), ("standard", 150), ("deep", 10)])
def test_no_generated_conforming_deployment_fails(profile: str, count: int, tmp_path: Path) -> None:
    if not PROVE and profile != "smoke":
        pytest.skip("takes long: set PROVE=1")
    options = ("--count", str(count) if PROVE else "2", "--no-explain")
    found = run("conforming", tmp_path / f"conforming-{profile}.json", "--profile", profile, *options)
    assert [one["options"] for one in found["deployments"] if one["exit"] != 0] == []


def test_a_fault_is_caught_and_what_breaks_nothing_is_not_failed(tmp_path: Path) -> None:
    for name, word in (
        ("wrong status | createThread | answer | 201 | always", "caught"),
        ("drop | getRun | usage | - | always", "MISSED"),
    ):
        (found,) = run("mutants", tmp_path / "found.json", "--profile", "smoke", "--only", name)
        assert (found["word"], found["fired"] > 0) == (word, True)


@pytest.mark.skipif(not PROVE, reason="takes hours: set PROVE=1")
def test_generated_faults_are_caught(tmp_path: Path) -> None:
    found = run("mutants", tmp_path / "mutants.json", "--profile", "standard", "--count", "1000")
    documented = [one for one in found if one["grade"] == Grade.DOCUMENTED]
    missed = [one["name"] for one in documented if one["word"] != "caught"]
    others = [one for one in found if one["grade"] != Grade.DOCUMENTED]
    assert len(missed) <= 0.03 * len(documented), "\n".join(missed)
    assert sum(one["word"] == "caught" for one in others) >= 0.85 * len(others)

"""Does the command `tune-check` end with the right exit code and write the right reports?"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.cli import main
from tests.together.cases import cases
from tests.together.deployment import KEY
from tests.together.serve import serving

FORMS = {"html": "--html", "json": "--json", "markdown": "--markdown", "xml": "--junitxml"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("TUNE_", "GITHUB_"))}
# One process at a time: each of these tests starts a check of its own.
pytestmark = pytest.mark.xdist_group("command")


def check(
    *arguments: str, key: str = KEY, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `tune-check` as a job would."""
    command = [Path(sys.executable).with_name("tune-check"), *arguments]
    known = {**ENVIRONMENT, "CI": "true", "TUNE_API_KEY": key, **environment}
    return subprocess.run(command, cwd=cwd, env=known, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def good() -> Iterator[str]:
    """A conforming deployment."""
    with serving(cases("plain")[0].app()) as url:
        yield url


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[str]:
    """A deployment that needs no key."""
    with serving(cases("open-to-all")[0].app()) as url:
        yield url


def test_every_report_is_written_and_none_contains_the_key(good: str, tmp_path: Path) -> None:
    paths = {form: tmp_path / f"report.{form}" for form in FORMS}
    options = [text for form, option in FORMS.items() for text in (option, str(paths[form]))]
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()
    done = check(good, "--profile", "smoke", *options, cwd=here, TMPDIR=str(scratch))
    assert [*here.iterdir(), *scratch.iterdir()] == []
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].startswith("plan: at most 5 runs of 128 tokens")
    assert lines[-2].startswith("Spent: ")
    assert lines[-1].startswith(f"Conforms to the contract: {good} (exit 0)")
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    report = json.loads(paths["json"].read_text())
    assert report["exitCode"] == 0
    assert any(span["label"] == "completed" for run in report["runs"] for span in run["statuses"])
    assert any(run["events"] for run in report["runs"])
    assert all(KEY not in path.read_text() for path in paths.values())


def test_a_broken_fact_is_in_every_report_and_can_be_accepted(
    open_to_all: str, good: str, tmp_path: Path
) -> None:
    junit, known = tmp_path / "junit.xml", tmp_path / "known.yaml"
    only = ["-k", "no-key-refused"]
    done = check(open_to_all, *only, "--junitxml", str(junit))
    assert done.returncode == 1
    assert "  no-key-refused: Without a key, every operation is rejected." in done.stdout
    (suite,) = ElementTree.parse(junit).getroot()
    assert suite.attrib["failures"] == "1"
    failed = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert [(case.attrib["classname"], case.attrib["name"]) for case in failed] == [
        ("tune-check.auth", "no-key-refused")
    ]
    assert "curl" in (failed[0].findtext("failure") or "")
    assert KEY not in junit.read_text()

    written = check(open_to_all, *only, "--known", str(known), "--update-known")
    assert written.returncode == 0, written.stdout
    assert re.search(rf"{known}: \d+ added, 0 removed", written.stdout)
    again = check(open_to_all, *only, "--known", str(known))
    assert again.returncode == 0
    assert "Known difference no-key-refused" in again.stdout

    strict = check(good, *only, "--known", str(known), "--known-strict")
    assert strict.returncode == 1
    assert "known-difference-gone" in strict.stdout
    fixed = check(good, *only, "--known", str(known))
    assert fixed.returncode == 0
    command = re.search("Remove them with: tune-check (.*)", fixed.stdout)
    assert command is not None
    assert "slug" in known.read_text()
    assert check(*shlex.split(command[1]), *only).returncode == 0
    assert "slug" not in known.read_text()


def test_pytest_runs_the_same_suite(open_to_all: str) -> None:
    command = [sys.executable, "-m", "pytest", "contract_tests", "--url", open_to_all, "-k", "no-key-refused"]
    done = subprocess.run(
        command, env={**ENVIRONMENT, "TUNE_API_KEY": KEY}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "Violates the contract" in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_a_rejected_key_is_exit_3(good: str) -> None:
    done = check(good, key="sk-tune-of-another-user")
    assert done.returncode == 3
    assert "rejects the key (401); give another key" in done.stdout.splitlines()[-1]
    assert "of-another-user" not in done.stdout + done.stderr


def test_an_unreachable_service_is_exit_3_with_any_number_of_processes() -> None:
    done = check("http://127.0.0.1:9", "-n", "2")
    assert done.returncode == 3
    assert "cannot be reached" in done.stdout.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_budget_without_runs_is_exit_3(good: str) -> None:
    done = check(good, "-k", "run-can-be-created", "--max-runs", "0")
    assert done.returncode == 3
    assert "no run could be started: --max-runs 0 is spent" in done.stdout.splitlines()[-1]


def test_an_expression_without_matches_is_a_usage_error(good: str) -> None:
    done = check(good, "-k", "no-such-check")
    assert (done.returncode, done.stderr) == (
        2,
        "tune-check: -k matches no check; --list-checks lists them\n",
    )


def test_an_interruption_ends_soon_with_a_report() -> None:
    with serving(cases("plain")[0].app()) as url:
        command = [sys.executable, "-u", "-m", "contract_tests", url]
        process = subprocess.Popen(
            command,
            env={**ENVIRONMENT, "TUNE_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout
        assert process.stdout.readline().startswith("plan: ")
        # Requests follow the second line of the plan.
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "interrupted" in out
    assert "Traceback" not in out


WRONG: dict[str, tuple[list[str], str]] = {
    "no URL": ([], "URL: give the service to check"),
    "malformed URL": (["http://[bad"], "URL: 'http://[bad' is not a URL"),
    "another scheme": (["ftp://host"], "is not an http or https URL"),
    "an unknown profile": (["http://h", "--profile", "huge"], "'huge' is not one of"),
    "an unknown grade": (["http://h", "--grade", "sure"], "'sure' is not one of 'documented'"),
    "not a number": (["http://h", "--max-runs", "few"], "--max-runs: 'few' is not a number"),
    "missing directory": (["http://h", "--html", "missing/x.html"], "--html: there is no directory missing"),
    "missing JUnit directory": (
        ["http://h", "--junitxml", "missing/x.xml"],
        "--junitxml: there is no directory",
    ),
    "missing file": (["http://h", "--known", "missing.yaml"], "--known: there is no file missing.yaml"),
    "nothing to update": (["http://h", "--update-known"], "--update-known: name the file with --known"),
    "unknown option": (["http://h", "--profil", "smoke"], "No such option"),
}


@pytest.mark.parametrize(("arguments", "complaint"), WRONG.values(), ids=WRONG)
def test_a_usage_error_is_reported_before_anything_is_sent(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err


def test_a_dry_run_prints_the_ceilings_and_exits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:9", "--dry-run", "--max-runs", "7", "--grade", "observed"]) == 0
    assert capsys.readouterr().out.startswith("plan: at most 7 runs")


def test_the_checks_and_the_version_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-checks"]) == 0
    assert re.search(r"^no-key-refused +documented +Without a key", capsys.readouterr().out, re.MULTILINE)
    assert main(["--version"]) == 0
    assert re.fullmatch(r"tune-check \d+\.\d+\.\d+\n", capsys.readouterr().out)

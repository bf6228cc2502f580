"""How does the command end when the service, the caller or the checker itself fails?"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from _pytest.runner import SetupState

from contract_tests import cli
from contract_tests.cli import main
from contract_tests.client.explore import EXPLORATIONS, Exploration
from contract_tests.session.scheduler import Scheduler
from tests.hostile.deployment import Behaviour, hostile_deployment

KEY = "sk-tune-4f9Lq81aZpW3"
QUICK = ["--profile", "smoke", "--max-wait", "3", "--timeout", "3"]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUNE_API_KEY", KEY)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.chdir(tmp_path)


def case(path: Path, name: str) -> ElementTree.Element:
    """The test case of this name in a JUnit report."""
    return next(one for one in ElementTree.parse(path).iter("testcase") if one.attrib["name"] == name)


def test_a_service_that_dies_ends_the_session_without_a_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit = tmp_path / "junit.xml"
    with hostile_deployment(KEY, share=0, dies_after=30) as deployment:
        assert main([deployment.url, *QUICK, "--junitxml", str(junit)]) == 3
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.search(r"\(exit 3\): the service is gone since second \d+\.\d, after [A-Z]+ \w+", last)
    error = case(junit, "verdict").find("error")
    assert error is not None
    assert "is gone" in error.attrib["message"]


def test_an_unreachable_service_is_an_error_in_junit(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    assert main(["http://127.0.0.1:9", *QUICK, "--junitxml", str(junit)]) == 3
    (suite,) = ElementTree.parse(junit).getroot()
    assert (suite.attrib["tests"], suite.attrib["errors"]) == ("1", "1")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_with_reports_and_without_temporary_files(
    ending: signal.Signals, tmp_path: Path
) -> None:
    scratch, junit = tmp_path / "scratch", tmp_path / "junit.xml"
    scratch.mkdir()
    with hostile_deployment(KEY, only=Behaviour(framing=_never_ends), share=1, polite=12) as deployment:
        command = [sys.executable, "-m", "contract_tests", deployment.url, "--junitxml", str(junit)]
        environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(Path(__file__).parents[2])}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert deployment.reached(13, seconds=60)
        process.send_signal(ending)
        out, _ = process.communicate(timeout=60)
    assert process.returncode in (1, 3)
    assert "(exit" in out.splitlines()[-1]
    assert case(junit, "verdict") is not None
    assert list(scratch.iterdir()) == []


def _never_ends(request: object, _: bytes) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")  # type: ignore[attr-defined]
    request.sleep(60)  # type: ignore[attr-defined]


def test_an_error_of_a_check_is_an_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: Scheduler, check: object) -> None:
        raise ZeroDivisionError(f"no {KEY}")

    monkeypatch.setattr(Scheduler, "probe", broken)
    with hostile_deployment(KEY, share=0) as deployment:
        assert main([deployment.url, *QUICK, "-k", "head-has-no-body"]) == 4
    last = capsys.readouterr().out.splitlines()[-1]
    assert "internal error of tune-check, not of the service" in last
    (file,) = tmp_path.glob("tune-check-error-*.txt")
    assert str(file) in last
    assert "ZeroDivisionError" in file.read_text()
    assert KEY not in file.read_text() + last


def test_a_test_that_is_not_torn_down_is_an_internal_error_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    teardown = SetupState.teardown_exact

    def not_torn_down(self: SetupState, nextitem: pytest.Item | None) -> None:
        monkeypatch.setattr(SetupState, "teardown_exact", teardown)
        raise MemoryError("no room")

    monkeypatch.setattr(SetupState, "teardown_exact", not_torn_down)
    with hostile_deployment(KEY, share=0) as deployment:
        assert main([deployment.url, *QUICK, "-k", "head-has-no-body or any-answer-accepted"]) == 4
    last = capsys.readouterr().out.splitlines()[-1]
    assert "in the tear-down of test_service[head-has-no-body]: " in last
    assert re.search(
        r"MemoryError: no room at test_endings\.py:\d+; then in the set-up of test_service", last
    )
    assert re.search(r"; report it with the file \S+\.txt$", last)


def test_an_error_of_an_exploration_is_reported_once_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(one for one in EXPLORATIONS if one.smoke)

    def broken(self: Scheduler, one: Exploration) -> None:
        if one is first:
            raise AssertionError("no exploration")

    monkeypatch.setattr(Scheduler, "_explore", broken)
    with hostile_deployment(KEY, share=0) as deployment:
        assert main([deployment.url, *QUICK, "-k", "response-schema or unknown-id-is-404"]) == 4
    last = capsys.readouterr().out.splitlines()[-1]
    where = f"in the exploration {first.name}: AssertionError: no exploration at test_endings.py"
    assert where in last
    assert "then in" not in last


def test_an_error_outside_of_pytest_is_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"::error::{KEY}")

    monkeypatch.setattr(cli, "load", broken)
    assert main(["http://127.0.0.1:9"]) == 4
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert err.startswith("tune-check: internal error of tune-check, not of the service: ZeroDivisionError")
    assert KEY not in err


def test_too_little_tried_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    with hostile_deployment(KEY, share=0) as deployment:
        options = [deployment.url, *QUICK, "-k", "any-answer-accepted or run-pages-complete"]
        assert main([*options]) == 0
        assert main([*options, "--require", "run-pages-complete"]) == 3
        assert "run-pages-complete could not be tried, and --require names it" in capsys.readouterr().out
        assert main([*options, "--max-untried", "0"]) == 3
        assert "1 checks could not be tried, and --max-untried allows 0" in capsys.readouterr().out
        assert main([*options, "--require", "run-page-complete"]) == 2
    assert "did you mean run-pages-complete?" in capsys.readouterr().err


def test_in_a_github_job_failures_are_annotations(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert main(["http://127.0.0.1:9", "--max-seconds", "20"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith(
        "::error title=tune-check Not checked::http://127.0.0.1:9/v1 cannot be reached"
    )
    assert lines[-2] == f"::{lines[0].removeprefix('::stop-commands::')}::"


def test_in_a_github_job_the_runner_reads_no_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert main(["http://127.0.0.1:9", "--dry-run"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("::stop-commands::")
    assert last == f"::{first.removeprefix('::stop-commands::')}::"
    assert len(last) > 30

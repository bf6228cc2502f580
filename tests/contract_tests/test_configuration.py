"""Are options read from a file and from the environment, and are mistakes named?"""

from pathlib import Path

import pytest

from contract_tests.cli import main
from contract_tests.configuration import configured
from contract_tests.settings import UsageError


def test_the_command_line_comes_before_the_environment_and_this_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tune-check.toml").write_text('url = "http://127.0.0.1:9"\nprofile = "smoke"\nmax-runs = 4\n')
    assert main(["--dry-run"]) == 0
    assert "plan: at most 4 runs of 128 tokens" in capsys.readouterr().out
    monkeypatch.setenv("TUNE_CHECK_MAX_RUNS", "2")
    assert main(["--dry-run"]) == 0
    assert "plan: at most 2 runs of 128 tokens" in capsys.readouterr().out
    assert main(["--dry-run", "--max-runs", "3"]) == 0
    assert "plan: at most 3 runs of 128 tokens" in capsys.readouterr().out


def test_a_table_of_pyproject_is_read(tmp_path: Path) -> None:
    text = '[tool.tune-check]\ninsecure = true\nmax-seconds = 2.5\nmax-wait = 3\nheader = ["A: b", "C: d"]\n'
    (tmp_path / "pyproject.toml").write_text(text)
    assert configured(tmp_path, {}) == {
        "insecure": True,
        "max-seconds": "2.5",
        "max-wait": "3",
        "header": ("A: b", "C: d"),
    }


def test_the_environment_has_every_option(tmp_path: Path) -> None:
    environment = {
        "TUNE_CHECK_HEADER": "A: b\nC: d",
        "TUNE_CHECK_INSECURE": "true",
        "TUNE_CHECK_JUNITXML": "x.xml",
    }
    assert configured(tmp_path, environment) == {
        "header": ("A: b", "C: d"),
        "insecure": True,
        "junitxml": "x.xml",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("max-rums = 5", "tune-check.toml: max-rums: there is no such option; did you mean max-runs?"),
        ('key = "sk"', "tune-check.toml: key: a file is no place for a key; set TUNE_API_KEY"),
        ("max-runs = true", "tune-check.toml: max-runs: True is not a number"),
        ('insecure = "yes"', "tune-check.toml: insecure: 'yes' is not true or false"),
        ('header = "A: b"', "tune-check.toml: header: 'A: b' is not a list of texts"),
        ("max-runs = ", "tune-check.toml: cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_named(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "tune-check.toml").write_text(text)
    with pytest.raises(UsageError) as raised:
        configured(tmp_path, {})
    assert complaint in str(raised.value)


def test_a_mistake_in_the_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="TUNE_CHECK_INSECURE: 'maybe' is neither true nor false"):
        configured(tmp_path, {"TUNE_CHECK_INSECURE": "maybe"})

"""Do the steps of the tune-check action work, and are all actions and workflows safe?"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repository.sources import ROOMS, ROOT, tracked
from tests.serving import mock

FOLDER = ROOT / ".github"
FILES = sorted([*FOLDER.glob("actions/*/action.yml"), *FOLDER.glob("workflows/*.yml")])
ACTION = FOLDER / "actions/tune-check/action.yml"
KEY = "sk-tune-0a1b2c3d4e5f"
pytestmark = pytest.mark.xdist_group("actions")


def steps(path: Path) -> list[dict[str, Any]]:
    """The steps of an action, or of all jobs of a workflow."""
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "runs" in plain:
        return list(plain["runs"]["steps"])
    return [step for job in plain["jobs"].values() for step in job.get("steps", [])]


def scripts() -> list[tuple[str, str]]:
    """The place and the text of each shell script in an action or a workflow."""
    return [
        (f"{path.relative_to(ROOT)}: {step.get('name', step['run'])}", step["run"])
        for path in FILES
        for step in steps(path)
        if "run" in step
    ]


@dataclass
class Job:
    """Runs steps of the action: its inputs, and the outputs, log and exit code of the steps."""

    folder: Path
    inputs: dict[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""
    code: int = 0
    fork: str = ""

    def __post_init__(self) -> None:
        declared = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"]
        self.inputs = {name: one.get("default", "") for name, one in declared.items()} | self.inputs
        for name in ("temp", "work"):
            (self.folder / name).mkdir()

    @property
    def summary(self) -> str:
        """The job summary."""
        path = self.folder / "summary.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self, name: str, **environment: str) -> "Job":
        """Run the step with this name as GitHub does."""
        (step,) = [one for one in steps(ACTION) if one.get("name") == name]
        given = {key: self.filled(str(value)) for key, value in step.get("env", {}).items()}
        output = self.folder / "output"
        output.write_text("")
        runner = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CI": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "RUNNER_TEMP": str(self.folder / "temp"),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder / "work",
            env={**runner, **given, **environment},
            capture_output=True,
            text=True,
            timeout=240,
        )
        self.log, self.code = done.stdout + done.stderr, done.returncode
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        self.outputs[step.get("id", name)] = {key: value for key, _, value in pairs}
        return self

    def filled(self, text: str) -> str:
        """The text with its expressions evaluated."""

        def value(expression: re.Match[str]) -> str:
            match expression[1].split("."):
                case ["inputs", name]:
                    return self.inputs[name]
                case ["steps", step, "outputs", name]:
                    return self.outputs[step][name]
                case ["github", "action_path"]:
                    return str(ACTION.parent)
                case ["github", "event", *_]:
                    return self.fork
            raise AssertionError(f"this test does not evaluate {expression[0]}")

        return re.sub(r"\$\{\{ (\S+) \}\}", value, text)


def job(tmp_path: Path, **inputs: str) -> Job:
    """A job with these inputs."""
    return Job(tmp_path, inputs)


def installed(tmp_path: Path, **inputs: str) -> Job:
    """A job with tune-check already installed where the action would install it."""
    found = job(tmp_path, **inputs)
    home = tmp_path / "temp/tune-check/bin"
    home.mkdir(parents=True)
    (home / "tune-check").symlink_to(Path(sys.executable).with_name("tune-check"))
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mock that accepts one key."""
    with mock(tmp_path_factory.mktemp("mock") / "log", "--key", KEY) as url:
        yield url


def test_without_a_key_the_job_fails(tmp_path: Path) -> None:
    done = job(tmp_path, url="https://studio.tune.app").run("Look for a key")
    assert done.code == 3
    assert done.log.startswith("::error title=tune-check::No key was given")
    assert "could not check" in done.summary


@pytest.mark.parametrize(("fork", "allowed"), [("true", "false"), ("", "true"), ("false", "true")])
def test_in_a_fork_or_if_allowed_the_check_is_skipped(tmp_path: Path, fork: str, allowed: str) -> None:
    found = job(tmp_path, url="https://studio.tune.app", **{"allow-missing-key": allowed})
    found.fork = fork
    done = found.run("Look for a key")
    assert done.code == 0
    assert done.outputs["key"] == {"skipped": "true"}
    assert done.log.startswith("::notice title=tune-check skipped::No key was given")
    assert "the deployment was not checked" in done.summary


def test_a_key_is_masked_in_the_log(tmp_path: Path) -> None:
    done = job(tmp_path, key=KEY).run("Look for a key")
    assert done.log == f"::add-mask::{KEY}\n"
    assert done.outputs["key"] == {"skipped": "false"}
    assert done.summary == ""


def test_all_other_steps_require_a_key() -> None:
    first, *further = steps(ACTION)
    assert first["id"] == "key"
    conditions = {step["name"]: step["if"] for step in further}
    kept = conditions.pop("Keep the reports")
    assert set(conditions.values()) == {"steps.key.outputs.skipped == 'false'"}
    assert "steps.check.outputs.exit-code != ''" in kept


def test_the_action_installs_this_revision(tmp_path: Path) -> None:
    found = job(tmp_path, key=KEY)
    found.outputs["python"] = {"python-path": sys.executable}
    # test_wheel installs the dependencies of tune-check; here that would only take time.
    found.run("Install tune-check", CONTRACT=str(_revision_without_dependencies(tmp_path)))
    assert (found.code, found.log) == (0, "")
    assert os.access(tmp_path / "temp/tune-check/bin/tune-check", os.X_OK)


def _revision_without_dependencies(tmp_path: Path) -> Path:
    """A folder like the repository that pins nothing but the build backend."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    backend = re.search(r"^setuptools==.*?(?=^[^ ])", text + "\n#", re.MULTILINE | re.DOTALL)
    assert backend
    folder = tmp_path / "revision"
    folder.mkdir()
    (folder / "constraints.txt").write_text(backend[0], encoding="utf-8")
    for path in tracked():
        if path.parts[0] in ROOMS or str(path) in ("pyproject.toml", "README.md", "LICENSE"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, folder / path)
    return folder


def test_a_deployment_that_conforms_passes(tmp_path: Path, service: str) -> None:
    found = installed(tmp_path, url=service, key=KEY, profile="smoke", arguments="-k\nkey-header-any-case\n")
    found.run("Check")
    assert found.code == 0, found.log
    assert found.outputs["check"] == {"exit-code": "0"}
    verdict = re.match("## ✅ ([^:]+): ", found.summary)
    assert verdict
    assert verdict[1] in found.log
    reports = tmp_path / "temp/tune-check-reports"
    assert sorted(path.name for path in reports.iterdir()) == ["junit.xml", "report.html", "report.json"]
    assert all(
        KEY not in text for text in (found.log, found.summary, *map(Path.read_text, reports.iterdir()))
    )


def test_an_unreachable_deployment_fails_the_job(tmp_path: Path) -> None:
    found = installed(tmp_path, url="http://127.0.0.1:9", key=KEY, profile="smoke").run("Check")
    assert found.code == 3
    assert found.outputs["check"] == {"exit-code": "3"}
    assert "reach" in found.summary


def test_the_file_of_known_differences_is_passed_on(tmp_path: Path, service: str) -> None:
    found = installed(tmp_path, url=service, key=KEY, known="missing.yaml").run("Check")
    assert found.code == 2
    assert found.outputs["check"] == {"exit-code": "2"}
    assert re.search("--known: .*missing.yaml", found.log)


def test_actions_workflows_and_scripts_are_found() -> None:
    assert {path.name for path in FILES} >= {"action.yml", "contract.yml", "ci.yml"}
    assert scripts()


@pytest.mark.parametrize(("where", "script"), scripts(), ids=[where for where, _ in scripts()])
def test_no_script_contains_an_expression_that_others_could_fill(where: str, script: str) -> None:
    assert "${{" not in script, f"{where}: pass it through env"


@pytest.mark.parametrize(("where", "script"), scripts(), ids=[where for where, _ in scripts()])
def test_shellcheck_finds_no_problem(where: str, script: str) -> None:
    if not shutil.which("shellcheck"):
        assert not os.environ.get("CI"), "install shellcheck, as .ci/run does"
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", "--shell=bash", "-"], input=script, capture_output=True, text=True)
    assert done.stdout == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_actions_of_others_are_pinned_by_commit(path: Path) -> None:
    lines = re.findall(r"^ *-? *uses: (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    # The version in the comment is for readers and for tools that propose updates.
    pinned = r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
    assert [line for line in lines if not re.fullmatch(pinned, line) and not line.startswith("./")] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_scripts_of_packages_never_see_the_token_of_the_repository(path: Path) -> None:
    checkouts = [step for step in steps(path) if "/checkout@" in step.get("uses", "")]
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


@pytest.mark.parametrize(("where", "script"), scripts(), ids=[where for where, _ in scripts()])
def test_npm_runs_no_scripts_of_packages(where: str, script: str) -> None:
    installs = re.findall(r"\bnpm (?:ci|install|i)\b.*", script)
    assert [line for line in installs if "--ignore-scripts" not in line] == [], where


def test_every_expression_of_the_action_names_an_input_or_step_that_exists() -> None:
    text = ACTION.read_text(encoding="utf-8")
    declared = yaml.safe_load(text)["inputs"]
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(declared)
    ids = {step["id"] for step in steps(ACTION) if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", text)) <= ids


def test_the_workflow_passes_only_inputs_that_the_action_declares() -> None:
    (step,) = [one for one in steps(FOLDER / "workflows/contract.yml") if one.get("id") == "check"]
    assert set(step["with"]) <= set(yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"])

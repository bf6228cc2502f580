"""Does each step of the tune-review action and of its workflow work?"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.spec_review.labelled import base, patch
from tests.spec_review.test_loading import Repository

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / ".github/actions/tune-review/action.yml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/review.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
LOWERED = {"/components/parameters/Limit/schema/maximum": 99}

REVIEWER = f"""#!{sys.executable}
import sys
from spec_review.cli import main
sys.exit(main())
"""
GH = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in *--paginate*) cat "$KNOWN" ;; esac
for word in "$@"; do case "$word" in body=@*) cat "${word#body=@}" >> "$CALLS" ;; esac; done
"""
FAKE = '#!/bin/sh\necho "$@" >> "$CALLS"\n'


@dataclass
class Runner:
    """Runs single steps the way GitHub does."""

    path: Path
    repository: Repository
    env: dict[str, str] = field(default_factory=dict)

    def run(self, step: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the shell script of a step."""
        return self.lines(STEPS[step]["run"], **env)

    def lines(self, lines: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script as `shell: bash` does."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", lines],
            cwd=self.path / "repository",
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def tool(self, name: str, text: str) -> None:
        """Install a program."""
        file = self.path / "bin" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)

    def content(self, name: str) -> str:
        """The content of a file that the steps wrote; empty if there is none."""
        file = self.path / name
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def document(self, changes: dict[str, Any]) -> None:
        """Write the document with the changes of a pull request."""
        content = base()
        patch(content, changes)
        self.repository.write("openapi/openapi.yaml", json.dumps(content, indent=1))


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with a repository whose first commit is the base."""
    (tmp_path / "repository").mkdir()
    machine = Runner(tmp_path, Repository(tmp_path / "repository"))
    machine.document({})
    machine.repository.commit()
    reviewer = tmp_path / "tune-review" / "bin" / "tune-review"
    reviewer.parent.mkdir(parents=True)
    reviewer.write_text(REVIEWER)
    reviewer.chmod(0o755)
    machine.env = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "CALLS": str(tmp_path / "calls"),
        "KNOWN": str(tmp_path / "known"),
    }
    (tmp_path / "known").write_text("")
    return machine


def review(runner: Runner, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the `Review` step."""
    usual = {
        "BASE": "HEAD", "DOCUMENT": "openapi/openapi.yaml", "FAIL_ON": "error", "ACCEPTED": "", "FURTHER": ""
    }  # fmt: skip
    return runner.run("Review", **{**usual, **env})


def test_every_script_is_run_by_a_test() -> None:
    assert {name for name, step in STEPS.items() if "run" in step} == {
        "Install tune-review",
        "Fetch the base",
        "Review",
        "Write the comment",
        "Render the reference",
        "Set the exit code",
    }
    steps = WORKFLOW["jobs"]["review"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [
        "npm ci --ignore-scripts --no-audit --no-fund"
    ]


def test_tune_review_is_installed_with_pinned_versions(runner: Runner) -> None:
    runner.tool(
        "python",
        FAKE + 'mkdir -p "$RUNNER_TEMP/tune-review/bin"\ncp "$0" "$3/bin/python" 2>/dev/null || true\n',
    )
    done = runner.run("Install tune-review", PYTHON=str(runner.path / "bin/python"), REVIEWER="there")
    assert done.returncode == 0, done.stderr
    calls = runner.content("calls").splitlines()
    assert calls[0] == f"-m venv {runner.path}/tune-review"
    assert calls[1].endswith("install --require-hashes --requirement there/constraints.txt")
    assert calls[2].endswith("install --no-deps --no-build-isolation there")


def test_a_base_that_exists_locally_is_used(runner: Runner) -> None:
    assert runner.run("Fetch the base", BASE="main").returncode == 0
    assert runner.content("output") == "revision=main\n"


def test_a_base_that_does_not_exist_locally_is_fetched(runner: Runner) -> None:
    origin = runner.path / "origin"
    shutil.copytree(runner.path / "repository", origin)
    git = ["git", "-C", str(origin)]
    subprocess.run([*git, "checkout", "--quiet", "-b", "base"], check=True)
    subprocess.run(
        ["git", "-C", str(runner.path / "repository"), "remote", "add", "origin", str(origin)], check=True
    )
    assert runner.run("Fetch the base", BASE="base").returncode == 0
    fetched = subprocess.run([*git, "rev-parse", "base"], check=True, capture_output=True, text=True).stdout
    assert runner.content("output") == f"revision={fetched}"


def test_without_a_base_the_action_fails_with_advice(runner: Runner) -> None:
    done = runner.run("Fetch the base", BASE="")
    assert done.returncode == 2
    assert "set the input 'base'" in done.stdout


def test_a_breaking_change_is_annotated_summarized_and_reported(runner: Runner) -> None:
    runner.document(LOWERED)
    done = review(runner)
    assert done.returncode == 0, done.stderr
    assert "::error file=openapi/openapi.yaml," in done.stdout
    assert "exit-code=1\n" in runner.content("output")
    assert "### ❌ This change breaks clients" in runner.content("summary")
    reports = sorted(file.name for file in (runner.path / "tune-review-reports").iterdir())
    assert reports == ["changelog.md", "comment.md", "review.json", "review.sarif"]


def test_there_is_no_output_when_nothing_changed(runner: Runner) -> None:
    done = review(runner)
    assert done.stdout == ""
    assert runner.content("summary") == ""
    assert "exit-code=0\n" in runner.content("output")


def test_arguments_and_accepted_changes_are_passed_to_the_command(runner: Runner) -> None:
    runner.document(LOWERED)
    review(runner, FURTHER="--level\nrequest-parameter-maximum-lowered=warning\n")
    assert "exit-code=0\n" in runner.content("output")
    review(runner, FAIL_ON="none")
    assert runner.content("output").count("exit-code=0\n") == 2
    done = review(runner, ACCEPTED="gone.yaml")
    assert "exit-code=2\n" in runner.content("output")
    assert "gone.yaml" in done.stderr


@pytest.mark.parametrize(
    ("changes", "known", "method"),
    [(LOWERED, "", "POST"), (LOWERED, "7\n", "PATCH"), ({}, "7\n", "DELETE"), ({}, "", None)],
)
def test_there_is_one_comment_and_none_when_nothing_changed(
    runner: Runner, changes: dict[str, Any], known: str, method: str | None
) -> None:
    runner.tool("gh", GH)
    (runner.path / "known").write_text(known)
    runner.document(changes)
    review(runner)
    done = runner.run("Write the comment", GH_TOKEN="t", REPOSITORY="a/b", NUMBER="3")
    assert done.returncode == 0, done.stderr
    calls = runner.content("calls")
    assert (f"--method {method}" in calls) if method else ("--method" not in calls)
    assert ("This change breaks clients" in calls) == bool(changes)


@pytest.mark.parametrize("base", ["--upload-pack=touch hacked", "-x", "a b", "a;b", "$(id)", "HEAD^{/x}"])
def test_a_base_that_is_not_a_name_is_refused(runner: Runner, base: str) -> None:
    done = runner.run("Fetch the base", BASE=base)
    assert done.returncode == 2
    assert "is not the name of a revision" in done.stdout
    assert not (runner.path / "repository/hacked").exists()


def test_only_a_comment_by_the_author_of_the_token_is_changed(runner: Runner) -> None:
    runner.tool("gh", GH)
    runner.document(LOWERED)
    review(runner)
    runner.run("Write the comment", GH_TOKEN="t", REPOSITORY="a/b", NUMBER="3")
    assert '.user.login == "github-actions[bot]"' in runner.content("calls")


def test_a_comment_is_written_only_in_pull_requests_of_the_same_repository() -> None:
    condition = STEPS["Write the comment"]["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in condition
    assert True in WORKFLOW  # `on`, as YAML 1.1 reads it
    assert set(WORKFLOW[True]) == {"pull_request"}
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_the_reference_is_rendered_and_a_failure_is_only_a_warning(runner: Runner) -> None:
    runner.tool("npx", FAKE)
    done = runner.run("Render the reference", DOCUMENT="openapi/openapi.yaml")
    assert done.returncode == 0, done.stderr
    assert "build-docs openapi/openapi.yaml --output" in runner.content("calls")
    runner.tool("npx", "#!/bin/sh\nexit 1\n")
    failed = runner.run("Render the reference", DOCUMENT="openapi/openapi.yaml")
    assert failed.returncode == 0
    assert "::warning title=tune-review::" in failed.stdout


@pytest.mark.skipif(not (ROOT / "node_modules/.bin/redocly").exists(), reason="npm ci has not been run")
def test_the_real_redocly_renders_the_reference(runner: Runner) -> None:
    redocly = ROOT / "node_modules/.bin/redocly"
    runner.tool("npx", f'#!/bin/sh\nshift 2\nexec "{redocly}" "$@"\n')
    (runner.path / "tune-review-reports").mkdir()
    done = runner.run("Render the reference", DOCUMENT=str(ROOT / "openapi/openapi.yaml"))
    assert done.returncode == 0, done.stderr
    assert "createRun" in runner.content("tune-review-reports/reference.html")


def test_the_version_of_redocly_is_the_pinned_one() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert (
        f"@redocly/cli@{package['devDependencies']['@redocly/cli']} " in STEPS["Render the reference"]["run"]
    )


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "4"])
def test_the_job_ends_with_the_exit_code_of_the_review(runner: Runner, code: str) -> None:
    assert runner.run("Set the exit code", CODE=code).returncode == int(code)


def test_the_workflow_installs_the_locked_versions(runner: Runner) -> None:
    runner.tool("npm", FAKE)
    run = next(step["run"] for step in WORKFLOW["jobs"]["review"]["steps"] if "run" in step)
    assert runner.lines(run).returncode == 0
    assert runner.content("calls") == "ci --ignore-scripts --no-audit --no-fund\n"

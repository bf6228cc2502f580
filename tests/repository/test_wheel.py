"""Does `pip install .` install three commands that work in any directory?"""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.repository.sources import ROOMS, ROOT, tracked
from tests.serving import free_port, served

# One worker builds and installs the wheel once.
pytestmark = pytest.mark.xdist_group("wheel")
SHIPPED = {".py", ".yaml", ".html", ".css", ".js", ".jinja", ".typed", ".md", ".json"}


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that must succeed; it gets a minimal environment."""
    environment = {"PATH": os.defpath, "HOME": str(cwd), "TERM": "dumb"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built only from tracked files."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in tracked():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def bin_directory(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` directory of an environment with the wheel and its dependencies."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=True)
    pip: list[str | Path] = [home / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile"]
    pinned: list[str | Path] = ["--require-hashes", "--requirement", ROOT / "constraints.txt"]
    for further in (pinned, ["--no-deps", wheel]):
        done = subprocess.run([*pip, *further], capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
    return home / "bin"


def test_the_wheel_contains_all_files_of_the_packages(wheel: Path) -> None:
    expected = {str(path) for path in tracked(*ROOMS) if path.suffix in SHIPPED}
    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_wheel_contains_only_the_packages(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)


def test_the_wheel_contains_the_document(bin_directory: Path, tmp_path: Path) -> None:
    program = "import openapi; print(openapi.DOCUMENT, sorted(openapi.load()['paths'])[0])"
    output = run(bin_directory / "python", "-c", program, cwd=tmp_path)
    assert str(bin_directory.parent) in output
    assert "/threads" in output


def test_the_wheel_contains_the_scenarios(bin_directory: Path, tmp_path: Path) -> None:
    listed = run(bin_directory / "tune-mock", "--list", cwd=tmp_path)
    names = {path.stem for path in tracked("mock_server/scenarios/*.yaml") if path.parent.name == "scenarios"}
    assert names
    assert {name for name in names if name not in listed} == set()


def test_the_mock_works_in_any_directory(bin_directory: Path, tmp_path: Path) -> None:
    port = free_port()
    with served(
        [str(bin_directory / "tune-mock"), "--port", str(port)], port, tmp_path / "log", cwd=tmp_path
    ):
        key = {"X-Tune-Key": "sk-tune-wheel"}
        created = httpx.post(f"http://127.0.0.1:{port}/v1/threads", headers=key, json={"title": "A wheel"})
    assert (created.status_code, created.json()["title"]) == (200, "A wheel")


def test_the_reviewer_works_in_any_directory(bin_directory: Path, tmp_path: Path) -> None:
    document = ROOT / "openapi/openapi.yaml"
    run(bin_directory / "tune-review", document, document, cwd=tmp_path)


def test_the_checker_prints_its_plan_in_any_directory(bin_directory: Path, tmp_path: Path) -> None:
    port = free_port()
    with served(
        [str(bin_directory / "tune-mock"), "--port", str(port)], port, tmp_path / "log", cwd=tmp_path
    ):
        url = f"http://127.0.0.1:{port}"
        assert run(bin_directory / "tune-check", url, "--key", "sk-tune-wheel", "--dry-run", cwd=tmp_path)

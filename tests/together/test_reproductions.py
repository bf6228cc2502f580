"""Does the script of a finding show it on a deployment that has no data yet?"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.together.cases import cases
from tests.together.checking import found_by, settings_of
from tests.together.deployment import KEY
from tests.together.reproducing import missing
from tests.together.serve import serving

# The name of a faulty deployment, the check that finds it, and what the response shows.
SHOWN = {
    "object-of-a-run-is-thread-run": ("response-schema", r'"object": ?"thread\.run"'),
    "unknown-status": ("response-schema", r'"status": ?"(?!completed|queued|in_progress)'),
    "list-named-items": ("response-schema", r'"items": ?\['),
    "has-more-as-text": ("response-schema", r'"hasMore": ?"'),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_script_of_a_finding_shows_it(name: str, tmp_path: Path) -> None:
    (case,) = cases(name)
    slug, expected = SHOWN[name]
    with serving(case.app()) as url:
        found = found_by(settings_of(case, url, "smoke"), [slug])
    scripts = [text for text in (one.as_json()["script"] for one in found if one.slug == slug) if text]
    assert scripts, found
    assert KEY not in scripts[0]
    path = tmp_path / "reproduce.sh"
    path.write_text(scripts[0])
    with serving(case.app()) as fresh:
        done = subprocess.run(
            ["bash", str(path), fresh],
            env={"PATH": os.environ["PATH"], "TUNE_API_KEY": KEY},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, (scripts[0], done.stderr)
    assert re.search(expected, done.stdout), (scripts[0], done.stdout)


# The name of a faulty deployment, and the check that finds it.
FOUND = {
    "created-is201": "status-documented",
    "json-as-html": "content-type-json",
    "errors-as-plain-text": "error-body",
    "accept-any-is-refused": "any-answer-accepted",
    "created-at-the-epoch": "created-now",
}


@pytest.mark.parametrize("name", FOUND)
def test_the_check_finds_the_fault_again_in_what_the_reproduction_sends(name: str) -> None:
    (case,) = cases(name)
    with serving(case.app()) as url:
        found = found_by(settings_of(case, url, "smoke"), [FOUND[name]])
    assert found
    assert missing(case, found[0]) == ""

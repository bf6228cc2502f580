"""Does `tune-check` survive a hostile deployment: in time, within its memory, and with inert reports?

`make fuzz` tries every choice of the grammar and many combinations. It needs a quiet machine: there, a check
may end at most two seconds after `--max-seconds`. Elsewhere, other work may hold it up.
"""

import random
from xml.etree import ElementTree

import pytest

from tests.hostile.checking import Checked, check
from tests.hostile.deployment import Behaviour, every_behaviour, hostile_deployment
from tests.hostile.key_forms import new_key
from tests.hostile.seeds import EXAMPLES, seed

SECONDS = 6 if EXAMPLES else 4
MOST_SECONDS = SECONDS + 2 if EXAMPLES else SECONDS + 60
ROUNDS = range(1, 1 + (EXAMPLES // 400 if EXAMPLES else 2))
# One for each way in which a response can be too long, too large or forged.
CHOSEN = ["_endless", "_bomb", "_dripping_continue", "the key in every form", "forged reports"]
SINGLE = [one for one in every_behaviour() if EXAMPLES or one.name in CHOSEN]


def confirm(checked: Checked, key: str) -> None:
    """Fail if anything happened that must not happen."""
    assert not list(checked.problems(key, MOST_SECONDS)), (checked.out[-2000:], checked.err[-2000:])
    ElementTree.fromstring(checked.files["junit.xml"])


@pytest.mark.parametrize("number", ROUNDS)
def test_a_deployment_with_hostile_responses_now_and_then(number: int) -> None:
    chosen = seed(number)
    key = new_key(random.Random(chosen))
    with hostile_deployment(key, chosen, share=0.3, polite=4) as deployment:
        confirm(check(deployment, key, seconds=SECONDS), key)


@pytest.mark.parametrize("behaviour", SINGLE, ids=lambda one: one.name)
def test_a_deployment_that_has_one_hostile_behaviour(behaviour: Behaviour) -> None:
    key = new_key(random.Random(behaviour.name))
    with hostile_deployment(key, share=0.5, only=behaviour, polite=6) as deployment:
        confirm(check(deployment, key, seconds=SECONDS), key)


@pytest.mark.parametrize("behaviour", SINGLE[:1] if not EXAMPLES else SINGLE, ids=lambda one: one.name)
def test_a_deployment_that_is_hostile_from_the_first_request_on(behaviour: Behaviour) -> None:
    key = new_key(random.Random(behaviour.name))
    with hostile_deployment(key, share=1, only=behaviour) as deployment:
        checked = check(deployment, key, seconds=SECONDS)
    confirm(checked, key)
    assert checked.code != 0


def test_in_a_github_job_forged_commands_are_inert() -> None:
    key = new_key(random.Random("commands"))
    behaviour = next(one for one in every_behaviour() if one.body == "forged reports")
    with hostile_deployment(key, share=0.5, only=behaviour, polite=6) as deployment:
        checked = check(deployment, key, seconds=SECONDS, GITHUB_ACTIONS="true")
    first, *lines = checked.out.splitlines()
    end = lines.index(f"::{first.removeprefix('::stop-commands::')}::")
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines[:end])
    assert all(line.startswith("::error title=tune-check ") for line in lines[end + 1 :])
    assert lines[end + 1 :]

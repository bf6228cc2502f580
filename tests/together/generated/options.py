"""Which combinations of free choices are there, how is one drawn, written down and read back?"""

import json
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.together.generated.choices.answers import AnswerOptions, types
from tests.together.generated.choices.refusals import RefusalOptions
from tests.together.generated.choices.requests import RequestOptions
from tests.together.generated.choices.runs import RunOptions
from tests.together.generated.choices.stores import StoreOptions
from tests.together.generated.choices.streams import StreamOptions
from tests.together.generated.choices.transport import TransportOptions

_FORMS = ("as is", "null", "absent", "empty")
_DENSITIES = (0.04, 0.15, 0.5)
"""Which part of the options differ from the default, on average: few, some, half."""


@dataclass(frozen=True)
class Options(
    StreamOptions,
    TransportOptions,
    RefusalOptions,
    RequestOptions,
    StoreOptions,
    RunOptions,
    AnswerOptions,
):
    """Every free choice of a conforming deployment."""

    def as_json(self) -> str:
        """The choices that are not the default, as JSON that `read` understands."""
        return json.dumps(self.differences(), sort_keys=True)

    def differences(self) -> dict[str, Any]:
        """The choices that are not the default."""
        return {one.name: value for one in CHOICES if (value := getattr(self, one.name)) != one.default}

    def arguments(self) -> tuple[str, ...]:
        """What a user of the checker would add for this deployment."""
        return ("--model", "tune/blob") if self.models == "known" else ()


CHOICES: tuple[Field[Any], ...] = fields(Options)


def read(text: str) -> Options:
    """The options that `as_json` wrote. Raises `TypeError` for a name that is no option."""
    return made(json.loads(text))


def made(chosen: Mapping[str, Any]) -> Options:
    """Options with these choices, and the default elsewhere."""
    pairs = tuple(tuple(pair) for pair in chosen.get("exceptions", ()))
    return Options(**{**chosen, "exceptions": pairs})


@st.composite
def combinations(draw: st.DrawFn) -> Options:
    """Options of which few, some or half differ from the default; shrinks to the default."""
    density = draw(st.sampled_from(_DENSITIES))
    differs = st.floats(0, 1, exclude_max=True).map(lambda number: number > 1 - density)
    return Options(**{one.name: draw(_values(one)) for one in CHOICES if draw(differs)})


def _values(one: Field[Any]) -> st.SearchStrategy[Any]:
    if one.name == "exceptions":
        pair = st.tuples(st.sampled_from(sorted(types())), st.sampled_from(_FORMS))
        return st.lists(pair, max_size=12, unique_by=lambda found: found[0]).map(tuple)
    return st.sampled_from(one.metadata["values"])


def sample(count: int, seeded: int) -> list[Options]:
    """Different combinations, always the same for a seed."""
    drawn: dict[str, Options] = {}
    for number in range(count * 4):
        options = _drawn(f"{seeded}:{number}")
        if options.differences() and len(drawn) < count:
            drawn.setdefault(options.as_json(), options)
    return list(drawn.values())


def _drawn(purpose: str) -> Options:
    """The combination that hypothesis draws for a purpose; each has a seed of its own."""
    drawn: list[Options] = []

    @seed(purpose)
    @settings(
        max_examples=2,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(combinations())
    def collect(options: Options) -> None:
        drawn.append(options)

    collect()
    return drawn[-1]


def singles() -> list[Options]:
    """For each value of each option the deployment that differs in nothing else."""
    found = {}
    for one in CHOICES:
        for value in one.metadata["values"]:
            options = Options(**{one.name: value})
            if options.differences():
                found[options.as_json()] = options
    return list(found.values())

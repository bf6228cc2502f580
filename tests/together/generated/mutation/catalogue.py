"""Which mutants are there in all, and which of them are drawn for a measurement?"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from itertools import islice
from typing import Any

from openapi import Grade
from tests.together.generated.checking import in_processes
from tests.together.generated.combined import Conforming
from tests.together.generated.document import operations
from tests.together.generated.mutation import access, answers, queries, refusals, requests, states, streams
from tests.together.generated.mutation import fields as answer_fields
from tests.together.generated.mutation.mutant import Fault, Mutant, Mutated
from tests.together.generated.mutation.reference import exercise
from tests.together.generated.options import Options, made

Stratum = tuple[str, str, Grade]


class _Chosen(Fault):
    """A choice of the deployment itself."""

    def __init__(self) -> None:
        super().__init__()
        self.fired = 1


def choice_mutants() -> Iterator[Mutant]:
    """Free choices that conform and yet differ from what is observed or assumed."""
    for one in fields(Options):
        for value, grade in one.metadata["breaks"].items():
            base: tuple[tuple[str, Any], ...] = ((one.name, value),)
            if one.name == "last_error":
                base = (*base, ("ending", "failed"))
            yield Mutant("choose", "any operation", one.name, grade, _Chosen, str(value), base=base)


@cache
def every() -> tuple[Mutant, ...]:
    """Every mutant, those that break nothing included."""
    found = [
        *answer_fields.answer_mutants(),
        *answer_fields.event_mutants(),
        *answers.answer_mutants(),
        *refusals.status_mutants(),
        *refusals.body_mutants(),
        *refusals.header_mutants(),
        *requests.request_mutants(),
        *queries.list_mutants(),
        *access.access_mutants(),
        *states.state_mutants(),
        *streams.stream_mutants(),
        *choice_mutants(),
    ]
    return tuple({one.name: one for one in found}.values())


def stratum(mutant: Mutant) -> Stratum:
    """What mutants have in common of one group: class, whether always, grade."""
    return mutant.operator, "always" if mutant.condition == "always" else "sometimes", mutant.grade


def deployment(mutant: Mutant) -> Mutated:
    """The good deployment behind the mutant's fault."""
    app = Conforming(made(dict(mutant.base)))
    return Mutated(app, mutant.make(), match)


def match(method: str, path: str) -> tuple[Any, dict[str, str]]:
    """The operation of a request, and its path parameters."""
    parts = path.strip("/").split("/")
    found = None
    for operation in operations().values():
        names = operation.path.strip("/").split("/")
        pairs = list(zip(names, parts, strict=False))
        fits = len(names) == len(parts) and all(name == part or name[:1] == "{" for name, part in pairs)
        if (
            fits
            and operation.method == method
            and (found is None or found[0].path.count("{") > operation.path.count("{"))
        ):
            found = operation, {name.strip("{}"): part for name, part in pairs if name[:1] == "{"}
    return found or (None, {})


def shows(mutant: Mutant) -> bool:
    """Whether any request brings the mutant out."""

    async def tried() -> int:
        app = deployment(mutant)
        await exercise(app, mutant)
        return app.fault.fired

    return asyncio.run(tried()) > 0


def candidates(seed: int, wanted: Sequence[Mutant]) -> Iterator[Mutant]:
    """Mutants in turn from each stratum, until none is left; the same for a seed."""
    strata: dict[Stratum, list[Mutant]] = defaultdict(list)
    for mutant in wanted:
        strata[stratum(mutant)].append(mutant)
    source = random.Random(seed)
    queues = [source.sample(members, len(members)) for _, members in sorted(strata.items())]
    source.shuffle(queues)
    while queues:
        for queue in queues:
            yield queue.pop()
        queues = [queue for queue in queues if queue]


def sample(count: int, seed: int, wanted: Sequence[Mutant], jobs: int) -> list[Mutant]:
    """Mutants that some request brings out, drawn in turn from each stratum."""
    source, chosen = candidates(seed, wanted), []  # type: ignore[var-annotated]
    while len(chosen) < count:
        batch = list(islice(source, max(8, count - len(chosen))))
        if not batch:
            break
        shown = dict(in_processes(shows, batch, jobs))
        chosen += [mutant for at, mutant in enumerate(batch) if shown[at]]
    return chosen[:count]

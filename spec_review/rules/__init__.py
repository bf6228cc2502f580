"""Which rules are there? One module per area; each rule takes the comparison and yields changes."""

from collections.abc import Callable, Iterator

from spec_review.change import Change
from spec_review.comparison import Comparison
from spec_review.rules import (
    bodies,
    examples,
    info,
    lifecycle,
    operations,
    parameters,
    responses,
    security,
    servers,
)

Rule = Callable[[Comparison], Iterator[Change]]

RULES: tuple[Rule, ...] = (
    operations.removed,
    operations.added,
    operations.named,
    operations.tagged,
    operations.deprecated,
    servers.moved,
    parameters.all_parameters,
    bodies.requests,
    responses.all_responses,
    responses.callbacks,
    security.effective,
    lifecycle.lifecycles,
    examples.examples,
    info.grades,
    info.tags,
    info.components,
    info.texts,
)

"""Which rules compare two documents? Each module covers one area; each rule yields changes."""

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
    schemas,
    security,
    servers,
)

Rule = Callable[[Comparison], Iterator[Change]]

RULES: tuple[Rule, ...] = (
    operations.removed,
    operations.added,
    operations.operation_ids,
    operations.operation_tags,
    operations.deprecated,
    servers.base_urls,
    parameters.all_parameters,
    bodies.requests,
    responses.all_responses,
    responses.callbacks,
    responses.webhooks,
    schemas.schema_changes,
    security.credentials,
    lifecycle.lifecycles,
    examples.examples,
    info.grades,
    info.tags,
    info.components,
    info.texts,
)

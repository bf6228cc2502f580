"""What became of the answers: their statuses, headers, bodies, links, and of callbacks?"""

from collections.abc import Iterator
from dataclasses import replace

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.operations import METHODS, Pair
from spec_review.rules.bodies import body, media_types
from spec_review.rules.parameters import schema_below, written_as
from spec_review.rules.schemas import schema_changes
from spec_review.rules.site import Site
from spec_review.values.schema import Direction


def all_responses(comparison: Comparison) -> Iterator[Change]:
    """Responses, operation by operation."""
    for pair in comparison.matching.pairs:
        yield from _responses(comparison, pair.base.cursor, pair.head.cursor, pair.name, "response")


def _responses(
    comparison: Comparison, base: Cursor, head: Cursor, name: str, way: Direction
) -> Iterator[Change]:
    ones = {status.upper(): cursor for status, cursor in base.entries("responses")}
    others = {status.upper(): cursor for status, cursor in head.entries("responses")}
    owner = head.get("responses") or head
    for status, one in ones.items():
        other = _counterpart(status, others)
        if other is None:
            yield _status_removed(one, owner, status, name)
            continue
        yield from _response(comparison, one, other, Use(name, _words(status), status=status), way)
    for status, other in others.items():
        if status in ones or (status.endswith("XX") and any(one[0] == status[0] for one in ones)):
            continue
        covering = _counterpart(status, ones)
        if covering is not None:
            yield from _response(comparison, covering, other, Use(name, _words(status), status=status), way)
        else:
            yield _status_added(other, base.get("responses") or base, status, name)


def _is_success(status: str) -> bool:
    return status[:1] == "2"


def _counterpart(status: str, others: dict[str, Cursor]) -> Cursor | None:
    """The response that stands for a status on the other side: itself, its range, or an error's default."""
    if status in others:
        return others[status]
    if status.endswith("XX"):
        inside = [other for other in others if other[0] == status[0]]
        if inside:
            return others[inside[0]]
    elif f"{status[:1]}XX" in others:
        return others[f"{status[:1]}XX"]
    return others.get("DEFAULT") if status[:1] in ("4", "5") else None


def _status_removed(one: Cursor, owner: Cursor, status: str, name: str) -> Change:
    use = Use(name, _words(status), status=status)
    if _is_success(status):
        message = f"{name} no longer answers {status}, which clients take for success."
        return found("response-success-status-removed", message, one, owner, use, old=status)
    return found(
        "response-status-removed",
        f"{name} no longer documents {status.lower()}.",
        one,
        owner,
        use,
        old=status.lower(),
    )


def _status_added(other: Cursor, owner: Cursor, status: str, name: str) -> Change:
    use = Use(name, _words(status), status=status)
    if _is_success(status):
        message = (
            f"{name} may now succeed with {status}; clients that know one success status may not see it."
        )
        return found("response-success-status-added", message, owner, other, use, new=status)
    return found(
        "response-status-added",
        f"{name} now documents {status.lower()}.",
        owner,
        other,
        use,
        new=status.lower(),
    )


def _words(status: str) -> str:
    return f"{status.lower()} response"


def _response(
    comparison: Comparison, base: Cursor, head: Cursor, use: Use, way: Direction
) -> Iterator[Change]:
    yield from media_types(comparison, base, head, use, way)
    yield from _headers(comparison, base, head, use, way)
    yield from _links(comparison, base, head, use)


def _headers(
    comparison: Comparison, base: Cursor, head: Cursor, use: Use, way: Direction
) -> Iterator[Change]:
    ones = {
        name.lower(): (name, cursor)
        for name, cursor in base.entries("headers")
        if name.lower() != "content-type"
    }
    others = {
        name.lower(): (name, cursor)
        for name, cursor in head.entries("headers")
        if name.lower() != "content-type"
    }
    for key, (name, one) in ones.items():
        inner = replace(use, part=f"header `{name}` of the {use.part}", carrier=("header", name))
        if key in others:
            yield from _header(comparison, one, others[key][1], inner, way)
        elif one.flag("required"):
            message = f"The {inner.part} was always there and is gone."
            yield found("response-required-header-removed", message, one, head, inner, old=name)
        else:
            message = f"The {inner.part} is no longer documented."
            yield found("response-header-removed", message, one, head, inner, old=name)
    for key, (name, other) in others.items():
        if key not in ones:
            inner = replace(use, part=f"header `{name}` of the {use.part}", carrier=("header", name))
            yield found("response-header-added", f"The {inner.part} is new.", base, other, inner, new=name)


def _header(comparison: Comparison, base: Cursor, head: Cursor, use: Use, way: Direction) -> Iterator[Change]:
    if base.flag("required") and not head.flag("required"):
        message = f"The {use.part} was always there and may be missing now."
        yield found("response-header-became-optional", message, base, head, use)
    elif head.flag("required") and not base.flag("required"):
        yield found(
            "response-header-became-required", f"The {use.part} is always there now.", base, head, use
        )
    old, new = written_as(base), written_as(head)
    if old != new:
        message = f"The {use.part} is written in another way."
        yield found(
            "response-header-style-changed", message, base, head, use, old=str(old[:2]), new=str(new[:2])
        )
    grade = weakest(grade_at(base), grade_at(head))
    place = "response-header" if way == "response" else "request-parameter"
    wire = old[0] != "content"
    yield from schema_changes(
        comparison, Site(way, place, use, schema_below(base), schema_below(head), grade, wire)
    )


def _links(comparison: Comparison, base: Cursor, head: Cursor, use: Use) -> Iterator[Change]:
    names = comparison.matching.names
    ones, others = dict(base.entries("links")), dict(head.entries("links"))
    for name, one in ones.items():
        if name not in others:
            yield found(
                "response-link-removed",
                f"The link `{name}` of the {use.part} is gone.",
                one,
                head,
                use,
                old=name,
            )
        elif _leads(one, names) != _leads(others[name], {}):
            message = f"The link `{name}` of the {use.part} leads elsewhere."
            yield found("response-link-changed", message, one, others[name], use, old=name, new=name)
    for name, other in others.items():
        if name not in ones:
            yield found(
                "response-link-added",
                f"The link `{name}` of the {use.part} is new.",
                base,
                other,
                use,
                new=name,
            )


def _leads(link: Cursor, names: dict[str, str]) -> object:
    """What a link says, its operation under the name that the revision has for it."""
    said = {key: link.value.get(key) for key in ("operationRef", "parameters", "requestBody")}
    return {**said, "operationId": names.get(link.text("operationId"), link.text("operationId"))}


def callbacks(comparison: Comparison) -> Iterator[Change]:
    """What the server sends to the client: its requests are judged as answers are."""
    for pair in comparison.matching.pairs:
        ones, others = _callbacks(pair.base.cursor), _callbacks(pair.head.cursor)
        for key, one in ones.items():
            use = Use(pair.name, f"callback `{key[0]}`")
            if key not in others:
                message = f"The {use.part} ({key[2].upper()}) is no longer documented."
                yield found("callback-removed", message, one, pair.head.cursor, use, old=" ".join(key))
            else:
                yield from _callback(comparison, pair, one, others[key], use)
        for key, other in others.items():
            if key not in ones:
                use = Use(pair.name, f"callback `{key[0]}`")
                yield found(
                    "callback-added",
                    f"The {use.part} is new.",
                    pair.base.cursor,
                    other,
                    use,
                    new=" ".join(key),
                )


def _callback(comparison: Comparison, pair: Pair, base: Cursor, head: Cursor, use: Use) -> Iterator[Change]:
    one, other = base.get("requestBody"), head.get("requestBody")
    inner = Use(use.operation, f"body of the {use.part}")
    if one is not None and other is not None:
        yield from media_types(comparison, one, other, inner, "response")
    elif one is not None or other is not None:
        yield from body(comparison, one, other, (base, head), inner, "response")
    yield from _responses(comparison, base, head, f"{pair.name}, {use.part}", "request")


def _callbacks(operation: Cursor) -> dict[tuple[str, str, str], Cursor]:
    found_: dict[tuple[str, str, str], Cursor] = {}
    for name, callback in operation.entries("callbacks"):
        for expression, item in callback.entries():
            for method in METHODS:
                cursor = item.get(method)
                if cursor is not None:
                    found_[(name, expression, method)] = cursor
    return found_

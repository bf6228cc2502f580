"""What became of the request bodies and their media types?"""

from collections.abc import Iterator
from dataclasses import replace

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.rules.schemas import schema_changes
from spec_review.rules.site import Site
from spec_review.values.schema import Direction


def requests(comparison: Comparison) -> Iterator[Change]:
    """Request bodies, operation by operation."""
    for pair in comparison.matching.pairs:
        use = Use(pair.name, "request body", pair)
        base, head = pair.base.cursor.get("requestBody"), pair.head.cursor.get("requestBody")
        owners = (pair.base.cursor, pair.head.cursor)
        yield from body(comparison, base, head, owners, use, "request")


def body(
    comparison: Comparison,
    base: Cursor | None,
    head: Cursor | None,
    owners: tuple[Cursor, Cursor],
    use: Use,
    way: Direction,
) -> Iterator[Change]:
    """One request body; that of a callback goes the other way."""
    if base is None and head is None:
        return
    if base is None or head is None:
        yield _gone_or_new(base, head, owners, use)
        return
    if base.flag("required") != head.flag("required"):
        kind, said = (
            ("required", "must be sent now") if head.flag("required") else ("optional", "may be left out now")
        )
        yield found(f"request-body-became-{kind}", f"The {use.part} {said}.", base, head, use)
    yield from media_types(comparison, base, head, use, way, not base.flag("required"))


def _gone_or_new(base: Cursor | None, head: Cursor | None, owners: tuple[Cursor, Cursor], use: Use) -> Change:
    if head is None:
        return found("request-body-removed", f"The {use.part} is gone.", base, owners[1], use)
    if head.flag("required"):
        return found(
            "request-body-required-added", f"The {use.part} is new and must be sent.", owners[0], head, use
        )
    return found("request-body-added", f"The {use.part} is new.", owners[0], head, use)


def media_types(
    comparison: Comparison, base: Cursor, head: Cursor, use: Use, way: Direction, optional: bool = True
) -> Iterator[Change]:
    """The media types of a body, and the schema of each."""
    ones, others = _by_name(base), _by_name(head)
    for name, media in ones.items():
        other = others.get(name) or _covering(name, others, way)
        if other is None:
            message = (
                f"The {use.part} is no longer {'accepted' if way == 'request' else 'answered'} as {name}."
            )
            yield found(f"{way}-media-type-removed", message, media, head, use, old=name)
            continue
        inner = replace(use, carrier=("body", name))
        yield from _media(comparison, media, other, inner, way, optional)
    for name, media in others.items():
        if name not in ones and not any(_covers(one, name) for one in ones):
            message = (
                f"The {use.part} is now also {'accepted' if way == 'request' else 'answered'} as {name}."
            )
            yield found(f"{way}-media-type-added", message, base, media, use, new=name)


def _by_name(cursor: Cursor) -> dict[str, Cursor]:
    """Media types by name, case and character set aside."""
    return {plain_name(name): media for name, media in _all(cursor)}


def _all(cursor: Cursor) -> Iterator[tuple[str, Cursor]]:
    content = cursor.get("content")
    if content is not None and isinstance(content.value, dict):
        for name in content.value:
            yield name, content.raw(name).follow()


def plain_name(name: str) -> str:
    """A media type's name without case and without its `charset`."""
    kind, *rest = [part.strip().lower() for part in name.split(";")]
    return "; ".join([kind, *sorted(part for part in rest if part and not part.startswith("charset="))])


def _covers(pattern: str, name: str) -> bool:
    return pattern in ("*/*", name) or (pattern.endswith("/*") and name.startswith(pattern[:-1]))


def _covering(name: str, others: dict[str, Cursor], way: Direction) -> Cursor | None:
    """The wildcard that takes a request's media type; of an answer it would promise less."""
    if way == "response":
        return None
    return next(
        (media for pattern, media in others.items() if "*" in pattern and _covers(pattern, name)), None
    )


def _media(
    comparison: Comparison, base: Cursor, head: Cursor, use: Use, way: Direction, optional: bool
) -> Iterator[Change]:
    grade = weakest(grade_at(base), grade_at(head))
    one, other = base.get("schema"), head.get("schema")
    yield from schema_changes(comparison, Site(way, f"{way}-body", use, one, other, grade, optional=optional))
    yield from _encodings(base, head, use, way)


def _encodings(base: Cursor, head: Cursor, use: Use, way: Direction) -> Iterator[Change]:
    old, new = dict(base.entries("encoding")), dict(head.entries("encoding"))
    for name in [*old, *(name for name in new if name not in old)]:
        one, other = _encoding(old.get(name)), _encoding(new.get(name))
        if one != other:
            message = f"The field `{name}` of the {use.part} is encoded in another way: {other}, was {one}."
            yield found(
                f"{way}-encoding-changed",
                message,
                old.get(name, base),
                new.get(name, head),
                use,
                old=one,
                new=other,
            )


def _encoding(cursor: Cursor | None) -> str:
    if cursor is None or not isinstance(cursor.value, dict):
        return "as usual"
    said = [
        f"{key} {cursor.value[key]}"
        for key in ("contentType", "style", "explode", "allowReserved")
        if key in cursor.value
    ]
    return ", ".join(said) or "as usual"

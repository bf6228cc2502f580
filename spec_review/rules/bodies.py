"""Which request bodies and media types changed?"""

from collections.abc import Iterator
from dataclasses import replace

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, make_change
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.schema_pair import SchemaPair
from spec_review.values.schema import Direction, View, alternatives, schema_of
from spec_review.values.shape import shape_of


def requests(comparison: Comparison) -> Iterator[Change]:
    """Changes to the request body of each operation."""
    for pair in comparison.changed:
        use = Use(pair.name, "request body", pair)
        base, revision = pair.base.cursor.get("requestBody"), pair.revision.cursor.get("requestBody")
        owners = (pair.base.cursor, pair.revision.cursor)
        yield from body(comparison, base, revision, owners, use, "request")


def body(
    comparison: Comparison,
    base: Cursor | None,
    revision: Cursor | None,
    owners: tuple[Cursor, Cursor],
    use: Use,
    direction: Direction,
) -> Iterator[Change]:
    """Changes to one request body; for the body of a callback, `direction` is `response`."""
    if base is None and revision is None:
        return
    if base is None or revision is None:
        yield _removed_or_added(base, revision, owners, use)
        return
    if base.flag("required") != revision.flag("required"):
        kind = "required" if revision.flag("required") else "optional"
        message = f"The {use.part} is now {kind}."
        yield make_change(f"request-body-became-{kind}", message, base, revision, use)
    yield from media_types(comparison, base, revision, use, direction, not base.flag("required"))


def _removed_or_added(
    base: Cursor | None, revision: Cursor | None, owners: tuple[Cursor, Cursor], use: Use
) -> Change:
    if revision is None:
        return make_change("request-body-removed", f"The {use.part} was removed.", base, owners[1], use)
    if revision.flag("required"):
        return make_change(
            "request-body-required-added",
            f"The {use.part} was added and is required.",
            owners[0],
            revision,
            use,
        )
    return make_change(
        "request-body-added", f"The {use.part} was added and is optional.", owners[0], revision, use
    )


def media_types(
    comparison: Comparison,
    base: Cursor,
    revision: Cursor,
    use: Use,
    direction: Direction,
    optional: bool = True,
) -> Iterator[Change]:
    """Changes to the media types of a body and to their schemas."""
    old, new = _by_name(base), _by_name(revision)
    for name, media in old.items():
        other = new.get(name) or _covering(name, new, direction)
        if other is None:
            message = f"The {use.part} can no longer be {name}."
            yield make_change(f"{direction}-media-type-removed", message, media, revision, use, old=name)
            continue
        inner = replace(use, carrier=("body", name))
        yield from _media(comparison, media, other, inner, direction, optional)
    for name, media in new.items():
        if name not in old and not any(_covers(pattern, name) for pattern in old):
            message = f"The {use.part} may now also be {name}."
            yield make_change(f"{direction}-media-type-added", message, base, media, use, new=name)


def _by_name(cursor: Cursor) -> dict[str, Cursor]:
    """Media types by normalized name."""
    return {plain_name(name): media for name, media in _all(cursor)}


def _all(cursor: Cursor) -> Iterator[tuple[str, Cursor]]:
    content = cursor.get("content")
    if content is not None and isinstance(content.value, dict):
        for name in content.value:
            yield name, content.raw(name).follow()


def plain_name(name: str) -> str:
    """The name of a media type in lower case and without its `charset`."""
    kind, *rest = [part.strip().lower() for part in name.split(";")]
    return "; ".join([kind, *sorted(part for part in rest if part and not part.startswith("charset="))])


def _covers(pattern: str, name: str) -> bool:
    return pattern in ("*/*", name) or (pattern.endswith("/*") and name.startswith(pattern[:-1]))


def _covering(name: str, others: dict[str, Cursor], direction: Direction) -> Cursor | None:
    """The wildcard that covers a request's media type. In a response, a wildcard promises less."""
    if direction == "response":
        return None
    return next(
        (media for pattern, media in others.items() if "*" in pattern and _covers(pattern, name)), None
    )


def _media(
    comparison: Comparison, base: Cursor, revision: Cursor, use: Use, direction: Direction, optional: bool
) -> Iterator[Change]:
    grade = weakest(grade_at(base), grade_at(revision))
    one, other = base.get("schema"), revision.get("schema")
    comparison.schemas.append(
        SchemaPair(direction, f"{direction}-body", use, one, other, grade, optional=optional)
    )
    yield from _encodings(base, revision, use, direction)


def _encodings(base: Cursor, revision: Cursor, use: Use, direction: Direction) -> Iterator[Change]:
    old, new = dict(base.entries("encoding")), dict(revision.entries("encoding"))
    for name in [*old, *(name for name in new if name not in old)]:
        one, other = _encoding(old.get(name)), _encoding(new.get(name))
        if one != other and _has_field(base, name, direction) == _has_field(revision, name, direction):
            yield make_change(
                f"{direction}-encoding-changed",
                f"The encoding of the field `{name}` in the {use.part} changed "
                f"from {_shown(one)} to {_shown(other)}.",
                old.get(name, base),
                new.get(name, revision),
                use,
                old=one,
                new=other,
            )


def _has_field(media: Cursor, name: str, direction: Direction) -> bool:
    """Whether the form has the field; the encoding of a new field or of one that is gone changes nothing."""
    schema = schema_of(media.get("schema"), View(direction, "full"))
    return any(name in shape_of(one).properties for one in alternatives(schema))


DEFAULT_ENCODING = "as usual"
"""The value of a default encoding in fingerprints; changing it would make accepted changes stale."""


def _encoding(cursor: Cursor | None) -> str:
    if cursor is None or not isinstance(cursor.value, dict):
        return DEFAULT_ENCODING
    keys = [
        f"{key} {cursor.value[key]}"
        for key in ("contentType", "style", "explode", "allowReserved")
        if key in cursor.value
    ]
    return ", ".join(keys) or DEFAULT_ENCODING


def _shown(encoding: str) -> str:
    text = encoding.replace(" True", " true").replace(" False", " false")
    return "the default" if encoding == DEFAULT_ENCODING else f"`{text}`"

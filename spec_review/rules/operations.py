"""Which operations are gone, new, or called otherwise?"""

from collections.abc import Iterator
from datetime import UTC, datetime

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found
from spec_review.loading import Cursor
from spec_review.operations import Operation, Pair


def removed(comparison: Comparison) -> Iterator[Change]:
    """An operation is gone: every request to it fails."""
    parent = comparison.head.root.get("paths") or comparison.head.root
    for one in comparison.matching.removed:
        what = f"{one.method.upper()} {one.path}"
        message = f"{what} is gone; every request to it fails."
        yield found(
            "operation-removed", message, one.cursor, parent, Use(one.name, ""),
            subject=what, old=what, evidence=one,
        )  # fmt: skip


def added(comparison: Comparison) -> Iterator[Change]:
    """An operation is new."""
    for one in comparison.matching.added:
        what = f"{one.method.upper()} {one.path}"
        yield found(
            "operation-added", f"{what} is new.", None, one.cursor, Use(one.name, ""), subject=what, new=what
        )


def named(comparison: Comparison) -> Iterator[Change]:
    """The operation's name in generated code changed."""
    for pair in comparison.matching.pairs:
        old, new = pair.base.cursor.text("operationId"), pair.head.cursor.text("operationId")
        if old == new:
            continue
        kind = "changed" if old and new else "removed" if old else "added"
        message = {
            "changed": f"{pair.address} was called `{old}`, now `{new}`; generated code changes its name.",
            "removed": f"{pair.address} has lost its name `{old}`; generated code makes one up.",
            "added": f"{pair.address} is called `{new}` now.",
        }[kind]
        yield _about(pair, f"operation-id-{kind}", message, "operationId", old or None, new or None)


def tagged(comparison: Comparison) -> Iterator[Change]:
    """The operation moved to another group of generated code."""
    for pair in comparison.matching.pairs:
        old, new = tags_of(pair.base), tags_of(pair.head)
        for tag in old:
            if tag not in new:
                message = (
                    f"{pair.name} no longer has the tag `{tag}`; generated code moves it to another group."
                )
                yield _about(pair, "operation-tag-removed", message, "tags", tag, None)
        for tag in new:
            if tag not in old:
                yield _about(
                    pair, "operation-tag-added", f"{pair.name} has the tag `{tag}` now.", "tags", None, tag
                )


def deprecated(comparison: Comparison) -> Iterator[Change]:
    """The operation is on its way out."""
    for pair in comparison.matching.pairs:
        if pair.head.cursor.flag("deprecated") and not pair.base.cursor.flag("deprecated"):
            yield _about(
                pair, "operation-deprecated", f"{pair.name} is deprecated now.", "deprecated", None, True
            )


def announced(cursor: Cursor) -> bool:
    """Whether a removal was announced: deprecated, with a sunset that has passed."""
    sunset = cursor.text("x-sunset")[:10]
    return cursor.flag("deprecated") and bool(sunset) and sunset < datetime.now(UTC).date().isoformat()


def tags_of(operation: Operation) -> list[str]:
    """The groups an operation belongs to."""
    tags = operation.cursor.value.get("tags")
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def _about(pair: Pair, id_: str, message: str, key: str, old: object, new: object) -> Change:
    base, head = (one.cursor.get(key) or one.cursor for one in (pair.base, pair.head))
    return found(id_, message, base, head, Use(pair.name, ""), subject=f"{pair.key} {key}", old=old, new=new)

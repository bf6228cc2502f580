"""Which operations were removed, added, renamed, regrouped or deprecated?"""

from collections.abc import Iterator
from datetime import UTC, datetime

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, make_change
from spec_review.loading import Cursor
from spec_review.operations import Operation, Pair


def removed(comparison: Comparison) -> Iterator[Change]:
    """Operations that were removed: every request to them fails."""
    parent = comparison.revision.root.get("paths") or comparison.revision.root
    for one in comparison.matching.removed:
        what = f"{one.method.upper()} {one.path}"
        message = f"{what} was removed; every request to it fails."
        yield make_change(
            "operation-removed", message, one.cursor, parent, Use(one.name, ""),
            subject=what, old=what, evidence=one,
        )  # fmt: skip


def added(comparison: Comparison) -> Iterator[Change]:
    """Operations that were added."""
    for one in comparison.matching.added:
        what = f"{one.method.upper()} {one.path}"
        yield make_change(
            "operation-added",
            f"{what} was added.",
            None,
            one.cursor,
            Use(one.name, ""),
            subject=what,
            new=what,
        )


def operation_ids(comparison: Comparison) -> Iterator[Change]:
    """Operations whose operationId changed."""
    for pair in comparison.changed:
        old, new = pair.base.cursor.text("operationId"), pair.revision.cursor.text("operationId")
        if old == new:
            continue
        kind = "changed" if old and new else "removed" if old else "added"
        message = {
            "changed": f"The operationId of {pair.address} changed from `{old}` to `{new}`.",
            "removed": f"{pair.address} no longer has the operationId `{old}`.",
            "added": f"{pair.address} now has the operationId `{new}`.",
        }[kind]
        yield _change(pair, f"operation-id-{kind}", message, "operationId", old or None, new or None)


def operation_tags(comparison: Comparison) -> Iterator[Change]:
    """Operations whose tags changed."""
    for pair in comparison.changed:
        old, new = tags_of(pair.base), tags_of(pair.revision)
        for tag in old:
            if tag not in new:
                message = f"The operation no longer has the tag `{tag}`; generated code moves it elsewhere."
                yield _change(pair, "operation-tag-removed", message, "tags", tag, None)
        for tag in new:
            if tag not in old:
                yield _change(
                    pair, "operation-tag-added", f"The operation now has the tag `{tag}`.", "tags", None, tag
                )


def deprecated(comparison: Comparison) -> Iterator[Change]:
    """Operations that were deprecated."""
    for pair in comparison.changed:
        if pair.revision.cursor.flag("deprecated") and not pair.base.cursor.flag("deprecated"):
            yield _change(
                pair, "operation-deprecated", "The operation is now deprecated.", "deprecated", None, True
            )


def removal_announced(cursor: Cursor) -> bool:
    """Whether a removal was announced: the parameter is deprecated and its `x-sunset` has passed."""
    sunset = cursor.text("x-sunset")[:10]
    return cursor.flag("deprecated") and bool(sunset) and sunset < datetime.now(UTC).date().isoformat()


def tags_of(operation: Operation) -> list[str]:
    """The tags of an operation."""
    tags = operation.cursor.value.get("tags")
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def _change(pair: Pair, id_: str, message: str, key: str, old: object, new: object) -> Change:
    base, revision = (one.cursor.get(key) or one.cursor for one in (pair.base, pair.revision))
    return make_change(
        id_, message, base, revision, Use(pair.name, ""), subject=f"{pair.key} {key}", old=old, new=new
    )

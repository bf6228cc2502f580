"""What else changed that a reviewer would want to know: grades, tags, names of components, texts?"""

from collections.abc import Iterator
from typing import Any

from spec_review.change import Change
from spec_review.comparison import Comparison, found
from spec_review.grade import GRADES, grade_at
from spec_review.loading import Cursor, Document

TEXTS = ("description", "summary", "title", "example")


def grades(comparison: Comparison) -> Iterator[Change]:
    """Facts that are better or worse founded than before."""
    if not any(_has_grades(document) for document in (comparison.base, comparison.head)):
        return
    for path in sorted(_graded_places(comparison.base) | _graded_places(comparison.head)):
        base, head = _existing(comparison.base, path), _existing(comparison.head, path)
        if base is None or head is None:
            continue
        old, new = _grade(base, path), _grade(head, path)
        if old != new:
            down = GRADES.index(new) > GRADES.index(old)
            message = f"`{_name(path)}` was {old} and is {new} now."
            id_ = "fact-demoted" if down and old == "documented" else "fact-promoted"
            change = found(id_, message, base, head, subject="/".join(path), old=old, new=new)
            level = "warning" if id_ == "fact-demoted" else "info"
            yield Change(**{**_fields(change), "level": level, "grade": new})


def _fields(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in change.__dataclass_fields__}


def _has_grades(document: Document) -> bool:
    return bool(_graded_places(document))


def _graded_places(document: Document) -> set[tuple[str, ...]]:
    """Places whose own grade is said, and keywords that stand under `x-assumed` or `x-observed`."""
    places: set[tuple[str, ...]] = set()
    pending: list[tuple[tuple[str, ...], Any]] = [((), document.content)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            if value.get("x-grade") in GRADES:
                places.add(path)
            for holder in ("x-assumed", "x-observed"):
                if isinstance(value.get(holder), dict):
                    places |= {(*path, key) for key in value[holder]}
            pending.extend(((*path, key), inner) for key, inner in value.items() if not key.startswith("x-"))
            if "x-lifecycle" in value:
                pending.append(((*path, "x-lifecycle"), value["x-lifecycle"]))
        elif isinstance(value, list):
            pending.extend(((*path, str(place)), inner) for place, inner in enumerate(value))
    return places


def _existing(document: Document, path: tuple[str, ...]) -> Cursor | None:
    for candidate in (path, (*path[:-1], "x-assumed", path[-1]), (*path[:-1], "x-observed", path[-1])):
        try:
            return Cursor(document, candidate, document.at(candidate))
        except (KeyError, IndexError, TypeError, ValueError):
            continue
    return None


def _grade(cursor: Cursor, path: tuple[str, ...]) -> str:
    if cursor.path != path:
        return cursor.path[-2].removeprefix("x-")
    return grade_at(cursor)


def _name(path: tuple[str, ...]) -> str:
    return "/".join(path).removeprefix("components/")


def tags(comparison: Comparison) -> Iterator[Change]:
    """Groups of generated code that come and go with the document's list of tags."""
    old, new = (_tags(document.root) for document in (comparison.base, comparison.head))
    used = {tag for pair in comparison.matching.pairs for tag in pair.head.cursor.value.get("tags") or ()}
    for name, cursor in old.items():
        if name not in new and name not in used:
            at = comparison.head.root.get("tags") or comparison.head.root
            yield found("tag-removed", f"The tag `{name}` is gone.", cursor, at, subject=f"tag {name}", old=name)
    for name, cursor in new.items():
        if name not in old:
            yield found("tag-added", f"The tag `{name}` is new.", None, cursor, subject=f"tag {name}", new=name)


def _tags(root: Cursor) -> dict[str, Cursor]:
    return {tag.text("name"): tag for tag in root.elements("tags") if tag.text("name")}


def components(comparison: Comparison) -> Iterator[Change]:
    """Schemas that only changed their name (off unless asked for: nothing on the wire shows it)."""
    old = dict(comparison.base.root.entries("components", "schemas"))
    new = dict(comparison.head.root.entries("components", "schemas"))
    fresh = [name for name in new if name not in old]
    for name in [name for name in old if name not in new]:
        twin = next((other for other in fresh if comparison.equality.places(old[name], new[other])), None)
        if twin is not None:
            fresh.remove(twin)
            message = f"The schema `{name}` is called `{twin}` now; generated code changes its name."
            yield found("component-renamed", message, old[name], new[twin], subject=name, old=name, new=twin)


def texts(comparison: Comparison) -> Iterator[Change]:
    """How many descriptions, summaries, titles and examples are new or gone."""
    old, new = _texts(comparison.base.content), _texts(comparison.head.content)
    count = max(len(old - new), len(new - old))
    if count:
        said = "One text" if count == 1 else f"{count} texts"
        message = f"{said} changed (descriptions, summaries, titles, examples); nothing on the wire does."
        yield found("texts-changed", message, None, comparison.head.root, subject="texts", new=count)


def _texts(content: Any) -> set[tuple[str, str]]:
    result: set[tuple[str, str]] = set()
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            result |= {(key, value[key]) for key in TEXTS if isinstance(value.get(key), str)}
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return result

"""What else changed that a reviewer would want to know: grades, tags, names of components, texts?"""

from collections.abc import Iterator
from typing import Any

from spec_review.change import Change
from spec_review.comparison import Comparison, found, regraded
from spec_review.grade import grade_at
from spec_review.loading import Cursor
from spec_review.operations import Pair
from spec_review.rules.operations import tags_of

TEXTS = ("description", "summary", "title", "example")


def grades(comparison: Comparison) -> Iterator[Change]:
    """Operations, parameters, responses and media types that are better or worse founded than before."""
    if not any("x-grade" in document.source.text for document in (comparison.base, comparison.head)):
        return
    for pair in comparison.matching.pairs:
        owners = (pair.base.cursor, pair.head.cursor)
        yield from _regraded(pair.name, *owners, ("documented", "documented"), pair.name)
        above = (grade_at(owners[0]), grade_at(owners[1]))
        for what, base, head in _parts(pair):
            yield from _regraded(f"The {what} of {pair.name}", base, head, above, f"{pair.key} {what}")


def _parts(pair: Pair) -> Iterator[tuple[str, Cursor, Cursor]]:
    for key, base in pair.base.parameters.items():
        if key in pair.head.parameters:
            yield f"{key[0]} parameter `{base.text('name')}`", base, pair.head.parameters[key]
    responses = dict(pair.head.cursor.entries("responses"))
    for status, one in pair.base.cursor.entries("responses"):
        if status in responses:
            yield f"{status} response", one, responses[status]
            media = dict(responses[status].entries("content"))
            for name, inner in one.entries("content"):
                if name in media:
                    yield f"{status} response as {name}", inner, media[name]


def _regraded(
    what: str, base: Cursor, head: Cursor, above: tuple[str, str], subject: str
) -> Iterator[Change]:
    own = (grade_at(base), grade_at(head))
    if own[0] != own[1] and own != above:
        yield regraded(what, base, head, *own, subject)


def tags(comparison: Comparison) -> Iterator[Change]:
    """Groups of generated code that come and go with the document's list of tags."""
    old, new = (_tags(document.root) for document in (comparison.base, comparison.head))
    used = {tag for pair in comparison.matching.pairs for tag in tags_of(pair.head)}
    for name, cursor in old.items():
        if name not in new and name not in used:
            at = comparison.head.root.get("tags") or comparison.head.root
            yield found(
                "tag-removed", f"The tag `{name}` is gone.", cursor, at, subject=f"tag {name}", old=name
            )
    for name, cursor in new.items():
        if name not in old:
            yield found(
                "tag-added", f"The tag `{name}` is new.", None, cursor, subject=f"tag {name}", new=name
            )


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

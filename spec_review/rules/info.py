"""What else should a reviewer know: grades, tags, names of components, texts?"""

from collections.abc import Iterator
from typing import Any

from openapi import Grade
from spec_review.change import Change
from spec_review.comparison import Comparison, grade_change, make_change
from spec_review.grade import grade_at
from spec_review.loading import Cursor
from spec_review.loading.unchanged import identical
from spec_review.operations import Pair
from spec_review.rules.operations import tags_of

TEXTS = ("description", "summary", "title", "example")
Text = tuple[str, str]
"""The key of a text, and the text."""


def grades(comparison: Comparison) -> Iterator[Change]:
    """Operations, parameters, responses and media types whose grade changed."""
    if not any(document.source.mentions("x-grade") for document in (comparison.base, comparison.revision)):
        return
    default = (Grade.DOCUMENTED, Grade.DOCUMENTED)
    for pair in comparison.changed_with("paths"):
        owners = (pair.base.cursor, pair.revision.cursor)
        yield from _regraded(pair.name, *owners, default, pair.name)
        inherited = (grade_at(owners[0]), grade_at(owners[1]))
        for part, base, revision in _parts(pair):
            fact = f"the {part} of {pair.name}"
            yield from _regraded(fact, base, revision, inherited, f"{pair.key} {part}")


def _parts(pair: Pair) -> Iterator[tuple[str, Cursor, Cursor]]:
    for key, base in pair.base.parameters.items():
        if key in pair.revision.parameters:
            yield f"{key[0]} parameter `{base.text('name')}`", base, pair.revision.parameters[key]
    responses = dict(pair.revision.cursor.entries("responses"))
    for status, one in pair.base.cursor.entries("responses"):
        if status in responses:
            yield f"{status} response", one, responses[status]
            media = dict(responses[status].entries("content"))
            for name, inner in one.entries("content"):
                if name in media:
                    yield f"{status} response as {name}", inner, media[name]


def _regraded(
    fact: str, base: Cursor, revision: Cursor, inherited: tuple[Grade, Grade], subject: str
) -> Iterator[Change]:
    own = (grade_at(base), grade_at(revision))
    if own[0] != own[1] and own != inherited:
        yield grade_change(fact, base, revision, *own, subject)


def tags(comparison: Comparison) -> Iterator[Change]:
    """Tags that were added to or removed from the document's list of tags."""
    old, new = (_tags(document.root) for document in (comparison.base, comparison.revision))
    used = {tag for pair in comparison.matching.pairs for tag in tags_of(pair.revision)}
    for name, cursor in old.items():
        if name not in new and name not in used:
            at = comparison.revision.root.get("tags") or comparison.revision.root
            message = f"The tag `{name}` was removed."
            yield make_change("tag-removed", message, cursor, at, subject=f"tag {name}", old=name)
    for name, cursor in new.items():
        if name not in old:
            message = f"The tag `{name}` was added."
            yield make_change("tag-added", message, None, cursor, subject=f"tag {name}", new=name)


def _tags(root: Cursor) -> dict[str, Cursor]:
    return {tag.text("name"): tag for tag in root.elements("tags") if tag.text("name")}


def components(comparison: Comparison) -> Iterator[Change]:
    """Schemas that were only renamed. This rule is off by default: requests and responses stay the same."""
    old = dict(comparison.base.root.entries("components", "schemas"))
    new = dict(comparison.revision.root.entries("components", "schemas"))
    added = [name for name in new if name not in old]
    for name in [name for name in old if name not in new]:
        similar = [other for other in added if _outline(old[name]) == _outline(new[other])]
        equal = (other for other in similar if comparison.equality.places(old[name], new[other]))
        new_name = next(equal, None)
        if new_name is not None:
            added.remove(new_name)
            message = f"The schema `{name}` was renamed to `{new_name}`; so is its type in generated code."
            at = (old[name], new[new_name])
            yield make_change("component-renamed", message, *at, subject=name, old=name, new=new_name)


def _outline(schema: Cursor) -> tuple[str, list[str]]:
    """What two equal schemas have in common: type and properties."""
    properties = schema.value.get("properties")
    return str(schema.value.get("type")), sorted(properties) if isinstance(properties, dict) else []


def texts(comparison: Comparison) -> Iterator[Change]:
    """The number of descriptions, summaries, titles and examples that changed."""
    old, new = _texts(comparison.base.content, comparison.revision.content)
    count = max(len(old - new), len(new - old))
    if count:
        number = "One text" if count == 1 else f"{count} texts"
        message = f"{number} changed: descriptions, summaries, titles or examples."
        yield make_change(
            "texts-changed", message, None, comparison.revision.root, subject="texts", new=count
        )


def _texts(base: Any, revision: Any) -> tuple[set[Text], set[Text]]:
    """The texts of both documents, without those of identical parts."""
    pending, old, new = [(base, revision)], set[Text](), set[Text]()
    while pending:
        one, other = pending.pop()
        if identical(one, other):
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            old |= _own(one)
            new |= _own(other)
            pending.extend((one.get(key), other.get(key)) for key in {**one, **other})
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pending.extend(zip(one, other, strict=True))
        else:
            old |= _all(one)
            new |= _all(other)
    return old, new


def _own(value: dict[str, Any]) -> set[Text]:
    return {(key, value[key]) for key in TEXTS if isinstance(value.get(key), str)}


def _all(value: Any) -> set[Text]:
    found, pending = set[Text](), [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            found |= _own(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return found

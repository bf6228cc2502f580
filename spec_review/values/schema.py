"""Which keywords does a schema consist of, in one direction and at one reading of its grades?

A schema is a conjunction of parts: `$ref` and `allOf` are expanded, `oneOf` and `anyOf` become alternatives.
A refactoring that keeps the accepted values keeps the parts.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice, product
from typing import Any, Literal, NamedTuple, TypeVar

from openapi import Grade
from spec_review.loading import Cursor, mapped
from spec_review.values.grades import Reading, graded

Direction = Literal["request", "response"]
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
COMBINERS = {"allOf", "oneOf", "anyOf", "$ref", "discriminator"}
MAX_ALTERNATIVES = 400
"""A schema with more alternatives is compared in part, and a warning says so."""

Result = TypeVar("Result")
Place = tuple[int, tuple[str, ...]]


class View(NamedTuple):
    """How a schema is read: its direction, and whether its assumed facts apply."""

    direction: Direction
    reading: Reading


class Part(NamedTuple):
    """One schema of a conjunction; a `bare` part is without its combiners, which are parts of their own."""

    cursor: Cursor
    view: View
    bare: bool = False

    @property
    def identity(self) -> tuple[Any, ...]:
        """Equal for two parts with the same place, view and `bare`."""
        return (*self.cursor.key, self.view, self.bare)


Schema = tuple[Part, ...]
"""All parts must accept a value; an empty schema accepts every value."""


def schema_of(cursor: Cursor | None, view: View) -> Schema:
    """The schema at a place; None and `true` accept every value."""
    return () if cursor is None or cursor.value is True else (Part(cursor, view),)


def identity(schema: Schema) -> tuple[Any, ...]:
    """A key for caches."""
    return tuple(part.identity for part in schema)


def cached(work: Callable[[Schema], Result]) -> Callable[[Schema], Result]:
    """Caches the results of a pure function in the document of its schema."""

    @wraps(work)
    def ask(schema: Schema) -> Result:
        if not schema:
            return work(schema)
        return schema[0].cursor.document.once((work, identity(schema)), lambda: work(schema))

    return ask


def keywords(part: Part) -> dict[str, Any]:
    """The keywords of a part, with graded keywords merged in or left out according to the reading."""
    value = part.cursor.value
    if value is False:
        return {"not": {}}
    if not isinstance(value, dict):
        return {}
    return graded(value, part.view.reading) if part.cursor.document.may_have_grades else value


@cached
def alternatives(schema: Schema) -> list[Schema]:
    """The alternatives of the schema, each a conjunction of bare parts; at most `MAX_ALTERNATIVES`."""
    result: list[Schema] = [()]
    for part in schema:
        result = _times(result, _open(part, ()), part)
    return result


def _open(part: Part, seen: tuple[Place, ...]) -> list[Schema]:
    """The alternatives of a part; a direct reference to itself adds none."""
    if part.bare:
        return [(part,)]
    if part.cursor.key in seen:
        return [()]
    memory, key = part.cursor.document.memory, ("open", part.identity)
    if key in memory:
        found: list[Schema] = memory[key]
        return found
    opened = _opened(part, (*seen, part.cursor.key))
    if not seen or part.cursor.path[:-1] == ("components", "schemas"):
        memory[key] = opened
    return opened


def _opened(part: Part, seen: tuple[Place, ...]) -> list[Schema]:
    cursor, own = part.cursor, keywords(part)
    result: list[Schema] = [(Part(cursor, part.view, bare=True),)]
    if isinstance(own.get("$ref"), str):
        target = _open(Part(cursor.follow(), part.view), seen)
        if not cursor.document.is_31:
            return target
        result = _times(result, target, part)
    for member in members(part, "allOf"):
        result = _times(result, _open(member, seen), part)
    for combiner in ("oneOf", "anyOf"):
        union = union_members(part, combiner)
        if own.get(combiner) == []:  # none of no members: no value is accepted
            nothing = Cursor(cursor.document, (*cursor.path, combiner), False)
            result = _times(result, [(Part(nothing, part.view, True),)], part)
        if union:
            opened = [alternative for group in union for alternative in _group(group, seen)]
            result = _times(result, opened, part)
    if _nullable_beside_combiners(part):
        null = Cursor(cursor.document, (*cursor.path, "nullable"), {"type": "null"})
        result.append((Part(null, part.view, True),))
    return result


def _times(left: list[Schema], right: list[Schema], part: Part) -> list[Schema]:
    """Each conjunction of the left with each of the right, without repeated parts."""
    document = part.cursor.document
    most = int(MAX_ALTERNATIVES * document.effort)
    if len(left) * len(right) > most:
        document.warnings.setdefault(
            f"{document.name}:{part.cursor.line}: {len(left) * len(right)} combinations of alternatives; "
            f"the first {most} are compared; --effort raises the limit"
        )
    return [_joined(one, other) for one, other in islice(product(left, right), most)]


def _joined(one: Schema, other: Schema) -> Schema:
    if not one or not other:
        return one or other
    return tuple({part.identity: part for part in (*one, *other)}.values())


def _group(group: Schema, seen: tuple[Place, ...]) -> list[Schema]:
    result: list[Schema] = [()]
    for part in group:
        result = _times(result, _open(part, seen), part)
    return result


def _nullable_beside_combiners(part: Part) -> bool:
    own = keywords(part)
    return own.get("nullable") is True and any(own.get(key) for key in ("allOf", "oneOf", "anyOf"))


def members(part: Part, combiner: str) -> list[Part]:
    """The members of a combiner that apply at the reading of the part."""
    found = list(_listed(part.cursor, combiner))
    if combiner != "allOf" and part.view.reading == "strict":
        certain = [cursor for cursor in found if not is_assumed(cursor)]
        found = certain or found
    return [Part(cursor, part.view) for cursor in found]


def _listed(cursor: Cursor, key: str) -> Iterator[Cursor]:
    listed = cursor.value.get(key) if isinstance(cursor.value, dict) else None
    if isinstance(listed, list):
        parent = Cursor(cursor.document, (*cursor.path, key), listed)
        for position, item in enumerate(listed):
            if key != "allOf" and not cursor.document.is_31 and _only_nullable(item):
                yield Cursor(cursor.document, (*parent.path, str(position)), {"type": "null"})
            elif isinstance(item, dict | bool):
                yield parent.raw(str(position))


def _only_nullable(item: Any) -> bool:
    """Whether a member of a union is `nullable: true` alone, by which generators mean `null`."""
    return isinstance(item, dict) and item.get("nullable") is True and set(item) <= {"nullable", *WORDS}


WORDS = {"description", "title", "default", "example"}


def is_assumed(cursor: Cursor) -> bool:
    """Whether a schema or the component it refers to is graded `assumed`."""
    if not cursor.document.may_have_grades:
        return False
    followed = cursor.follow()
    return any(
        isinstance(at.value, dict) and at.value.get("x-grade") == Grade.ASSUMED for at in (cursor, followed)
    )


def union_members(part: Part, combiner: str) -> list[Schema]:
    """The members of a `oneOf` or `anyOf`, each with the discriminator values that select it."""
    if not isinstance(part.cursor.value, dict) or not keywords(part).get(combiner):
        return []
    key = ("union", part.identity, combiner)
    return part.cursor.document.once(key, lambda: _union_members(part, combiner))


def _union_members(part: Part, combiner: str) -> list[Schema]:
    found = members(part, combiner)
    tags = _tags(part, found)
    return [
        (member, *([tags[position]] if position in tags else [])) for position, member in enumerate(found)
    ]


def _tags(part: Part, members_: list[Part]) -> dict[int, Part]:
    """For each member, the schema that the discriminator requires, as a part of its own."""
    discriminator = keywords(part).get("discriminator")
    name = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
    if not isinstance(name, str) or not isinstance(discriminator, dict):
        return {}
    mapping = discriminator.get("mapping")
    targets = {
        str(key): found.key
        for key, target in (mapping.items() if isinstance(mapping, dict) else ())
        if (found := mapped(part.cursor, str(target))) is not None
    }
    keys = [_keys(member, name, targets) for member in members_]
    known = [key for group in keys for key in group]
    required = all(_requires(member, name) for member in members_)
    place = (*part.cursor.path, "discriminator")
    return {
        position: Part(
            Cursor(part.cursor.document, (*place, str(position)), _tag(name, group, known, required)),
            part.view,
            True,
        )
        for position, group in enumerate(keys)
        if group
    }


def _tag(name: str, keys: list[str], known: list[str], required: bool) -> dict[str, Any]:
    """A discriminator that is optional in a member only excludes the values of the other members."""
    if required:
        return {"properties": {name: {"enum": keys}}, "required": [name]}
    others = [key for key in known if key not in keys]
    return {"properties": {name: {"not": {"enum": others}}}} if others else {}


def _keys(member: Part, name: str, targets: dict[str, Place]) -> list[str]:
    """The discriminator values that select a member; its own enum takes precedence."""
    cursor = member.cursor.follow()
    own = [value for schema in alternatives((member,)) for value in _fixed(schema, name)]
    selected = [key for key, target in targets.items() if target == cursor.key]
    if own:
        return [key for key in selected if key in own] or [key for key in own if isinstance(key, str)]
    if selected:
        return selected
    return (
        [cursor.path[-1]]
        if cursor.path[:2] == ("components", "schemas") and "$ref" in member.cursor.value
        else []
    )


def _fixed(schema: Schema, name: str) -> list[Any]:
    for part in schema:
        for cursor in property_cursors(part, name):
            value = cursor.follow().value
            if isinstance(value, dict) and isinstance(value.get("enum"), list):
                return list(value["enum"])
            if isinstance(value, dict) and "const" in value:
                return [value["const"]]
    return []


def _requires(member: Part, name: str) -> bool:
    """Whether every alternative of a member requires the property."""
    return all(any(name in _required(part) for part in schema) for schema in alternatives((member,)))


def _required(part: Part) -> list[Any]:
    listed = keywords(part).get("required")
    return listed if isinstance(listed, list) else []


def property_cursors(part: Part, name: str) -> list[Cursor]:
    """The place where a part declares a property; empty when it does not."""
    declared = part.cursor.value.get("properties") if isinstance(part.cursor.value, dict) else None
    if not isinstance(declared, dict) or not isinstance(declared.get(name), dict | bool):
        return []
    parent = Cursor(part.cursor.document, (*part.cursor.path, "properties"), declared)
    return [parent.raw(name)]

"""Which documents have the shape and the size of large published ones?

The documents are generated from a seed. `hub` has the shape of a code host's: many operations, inline
parameters, wide answers and an example for each. `payments` has the shape of a payment provider's: forms that
nest deeply, and components that refer to each other in unions, so that every component leads to every other.
"""

import copy
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from openapi import DOCUMENT, parse

Content = dict[str, Any]
WORDS = (
    "account", "branch", "charge", "code", "customer", "event", "label", "login",
    "owner", "plan", "price", "queue", "region", "team", "user",
)  # fmt: skip
PULL_REQUEST, RELEASE = 0.0005, 0.03
"""The share of objects that a small change concerns, and that a release concerns."""

FORMATS = ("date-time", "uri", "email")


def hub(operations: int = 1_000, seed: int = 1) -> Content:
    """A document with wide components, an example for each answer, and inline request bodies."""
    draw = random.Random(seed)
    names = [f"{draw.choice(WORDS)}-{number}" for number in range(operations * 9 // 10)]
    schemas = {name: _wide(draw, names, number) for number, name in enumerate(names)}
    examples = {name: {"value": [_example(draw) for _ in range(2)]} for name in names[: operations // 2]}
    paths: Content = {}
    for number in range(operations):
        path = f"/{draw.choice(WORDS)}s/{{owner}}/{draw.choice(WORDS)}-{number // 2}"
        method = ("get", "post", "put", "delete")[number % 4]
        paths.setdefault(path, {})[method] = _hub_operation(draw, number, method, names[number % len(names)])
    return _document("Hub", paths, {"schemas": schemas, "examples": examples})


def payments(operations: int = 560, seed: int = 1) -> Content:
    """A document with a mesh of components and deep forms as request bodies."""
    draw = random.Random(seed)
    names = [f"{draw.choice(WORDS)}_{number}" for number in range(operations * 2)]
    schemas = {name: _expandable(draw, names) for name in names}
    paths: Content = {}
    for number in range(operations):
        answer = {"schema": {"$ref": f"#/components/schemas/{names[number]}"}}
        form = {"schema": _form(draw, 2), "encoding": {"expand": {"explode": True, "style": "deepObject"}}}
        paths[f"/v1/{draw.choice(WORDS)}s_{number}"] = {
            "post": {
                "operationId": f"Post{number}",
                "description": _words(draw, 12),
                "requestBody": {"content": {"application/x-www-form-urlencoded": form}},
                "responses": {"200": {"description": "Done.", "content": {"application/json": answer}}},
            }
        }
    return _document("Payments", paths, {"schemas": schemas})


def changed(document: Content, share: float, seed: int = 2) -> Content:
    """A copy in which this share of the objects has a field removed, added, required or retyped."""
    draw, copied = random.Random(seed), copy.deepcopy(document)
    objects = list(_objects(copied))
    for schema in draw.sample(objects, max(3, round(share * len(objects)))):
        if schema["properties"]:
            draw.choice(EDITS)(draw, schema)
    return copied


def _objects(value: Any) -> Iterator[Content]:
    """The schemas with properties, the outer ones first."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if isinstance(item.get("properties"), dict) and item["properties"]:
                yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _add(draw: random.Random, schema: Content) -> None:
    schema["properties"][f"added_{draw.randrange(10**6)}"] = {"type": "string"}


def _remove(draw: random.Random, schema: Content) -> None:
    name = draw.choice(sorted(schema["properties"]))
    del schema["properties"][name]
    schema["required"] = [one for one in schema.get("required", ()) if one != name]


def _require(draw: random.Random, schema: Content) -> None:
    name = draw.choice(sorted(schema["properties"]))
    schema["required"] = sorted({*schema.get("required", ()), name})


def _describe(draw: random.Random, schema: Content) -> None:
    schema["description"] = _words(draw, 8)


def _retype(draw: random.Random, schema: Content) -> None:
    name = draw.choice(sorted(schema["properties"]))
    schema["properties"][name] = {"type": "integer", "description": _words(draw, 4)}


EDITS: tuple[Callable[[random.Random, Content], None], ...] = (
    _add,
    _add,
    _remove,
    _require,
    _describe,
    _retype,
)


def _hub_operation(draw: random.Random, number: int, method: str, name: str) -> Content:
    parameters = [
        {"name": "owner", "in": "path", "required": True, "schema": {"type": "string"}},
        *(_query(draw, word) for word in draw.sample(WORDS, 4)),
    ]
    answer: Content = {"schema": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}}
    if number % 2 == 0:
        answer["examples"] = {"default": {"value": [_example(draw) for _ in range(2)]}}
    operation = {
        "operationId": f"{method}/{number}",
        "summary": _words(draw, 5),
        "description": _words(draw, 60),
        "tags": [WORDS[number % len(WORDS)]],
        "parameters": parameters,
        "responses": {"200": {"description": "Done.", "content": {"application/json": answer}}},
    }
    if method in ("post", "put"):
        body = {"schema": _wide(draw, [], number)}
        operation["requestBody"] = {"content": {"application/json": body}}
    return operation


def _query(draw: random.Random, word: str) -> Content:
    schema = {"type": "string", "enum": draw.sample(WORDS, 4), "default": WORDS[0]}
    return {"name": word, "in": "query", "description": _words(draw, 9), "schema": schema}


def _wide(draw: random.Random, names: list[str], number: int) -> Content:
    """An object with many plain fields; some refer to components with a higher number."""
    fields: Content = {}
    for place in range(draw.randint(8, 30)):
        name = f"{draw.choice(WORDS)}_{place}"
        if names and number + 1 < len(names) and draw.random() < 0.12:
            fields[name] = {"$ref": f"#/components/schemas/{names[draw.randrange(number + 1, len(names))]}"}
        else:
            fields[name] = _scalar(draw)
    return {"type": "object", "properties": fields, "required": draw.sample(sorted(fields), len(fields) // 2)}


def _scalar(draw: random.Random) -> Content:
    kind = draw.choice(("string", "string", "integer", "boolean"))
    schema: Content = {"type": kind, "description": _words(draw, 6), "example": _value(draw, kind)}
    if kind == "string" and draw.random() < 0.3:
        schema |= {"format": draw.choice(FORMATS)} if draw.random() < 0.5 else {"nullable": True}
    return schema


def _expandable(draw: random.Random, names: list[str]) -> Content:
    """An object whose fields are texts, or unions of an id and the component that it names."""
    fields: Content = {}
    for place in range(draw.randint(6, 24)):
        name = f"{draw.choice(WORDS)}_{place}"
        if draw.random() < 0.25:
            target = {"$ref": f"#/components/schemas/{draw.choice(names)}"}
            fields[name] = {"anyOf": [{"maxLength": 5000, "type": "string"}, target], "nullable": True}
        else:
            fields[name] = {"type": "string", "maxLength": 5000, "description": _words(draw, 9)}
    return {"type": "object", "properties": fields, "required": sorted(fields)[:4]}


def _form(draw: random.Random, depth: int) -> Content:
    fields: Content = {f"{draw.choice(WORDS)}_{place}": _scalar(draw) for place in range(4)}
    for place in range(2 if depth else 0):
        fields[f"options_{place}"] = {"anyOf": [_form(draw, depth - 1), {"type": "string", "enum": [""]}]}
    return {"type": "object", "properties": fields, "required": sorted(fields)[:1]}


def _document(title: str, paths: Content, components: Content) -> Content:
    info = {"title": title, "version": "1.0.0"}
    servers = [{"url": "https://generated.example"}]
    return {"openapi": "3.0.3", "info": info, "servers": servers, "paths": paths, "components": components}


def _example(draw: random.Random) -> Content:
    return {f"{draw.choice(WORDS)}_{place}": _value(draw, "string") for place in range(25)}


def _value(draw: random.Random, kind: str) -> Any:
    numbers = {"integer": draw.randrange(1000), "boolean": draw.random() < 0.5}
    return numbers.get(kind, f"{draw.choice(WORDS)}-{draw.randrange(10**6)}")


def _words(draw: random.Random, count: int) -> str:
    return " ".join(draw.choices(WORDS, k=count)).capitalize() + "."


class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes equal values twice instead of with an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always: published documents have none."""
        return True


def written(folder: Path, quick: bool) -> None:
    """Write each pair of documents into a folder, as `NAME.base.SUFFIX` and `NAME.head.SUFFIX`."""
    size = 10 if quick else 1
    large = {"hub": hub(1_000 // size), "payments": payments(560 // size)}
    for name, base in large.items():
        for kind, share in (("release", RELEASE), ("pull request", PULL_REQUEST)):
            _write(folder, f"{name}, {kind}", base, changed(base, share), "json")
    _write(folder, "hub, release as YAML", large["hub"], changed(large["hub"], RELEASE), "yaml")
    own = parse(DOCUMENT.read_text(encoding="utf-8"))
    _write(folder, "own document", own, changed(own, RELEASE), "yaml")


def _write(folder: Path, name: str, base: Content, head: Content, suffix: str) -> None:
    for side, content in (("base", base), ("head", head)):
        if suffix == "yaml":
            text = yaml.dump(content, Dumper=Dumper, sort_keys=False)
        else:
            text = json.dumps(content, indent=2)
        (folder / f"{name}.{side}.{suffix}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    written(Path(sys.argv[1]), "--quick" in sys.argv)

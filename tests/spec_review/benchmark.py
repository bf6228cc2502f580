"""How does the review time depend on the size of the document?

Run with `python -m tests.spec_review.benchmark [OPERATIONS ...]`. The documents are generated: a fifth of the
operations have their own schemas, the others share components. The revision changes every tenth operation and
one shared component.
"""

import json
import resource
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from spec_review import Change, compare, load
from spec_review.loading import Source

SIZES = (100, 500, 1000, 2000)


def generated(operations: int, changed: bool) -> dict[str, Any]:
    """A document with this number of operations: the base, or the changed revision."""
    shared = {f"Shared{number}": _schema(number, changed and number == 0) for number in range(40)}
    paths: dict[str, Any] = {}
    for number in range(operations):
        paths[f"/things{number}/{{id}}"] = {"post": _operation(number, changed and number % 10 == 0)}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Generated", "version": "1.0.0"},
        "servers": [{"url": "https://generated.example/v1"}],
        "paths": paths,
        "components": {"schemas": shared},
    }


def _operation(number: int, changed: bool) -> dict[str, Any]:
    own = _schema(number, changed)
    body = own if number % 5 == 0 else {"$ref": f"#/components/schemas/Shared{number % 40}"}
    return {
        "operationId": f"make{number}",
        "parameters": [
            {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}},
            {
                "in": "query",
                "name": "limit",
                "schema": {"type": "integer", "maximum": 50 if changed else 100},
            },
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {
                "description": "Made.",
                "content": {
                    "application/json": {"schema": {"$ref": f"#/components/schemas/Shared{number % 40}"}}
                },
            }
        },
    }


def _schema(number: int, changed: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {
        f"field{place}": {
            "type": "string",
            "maxLength": 20 + place,
            "description": f"Field {place} of {number}.",
        }
        for place in range(10)
    }
    fields["status"] = {"type": "string", "enum": ["new", "old", *(["broken"] if changed else [])]}
    fields["nested"] = {
        "type": "array",
        "items": {"type": "object", "properties": {"size": {"type": "integer"}}},
    }
    fields["again"] = {"$ref": f"#/components/schemas/Shared{(number + 1) % 40}"}
    return {"type": "object", "required": ["field0", "status"], "properties": fields}


def reviewed(operations: int) -> tuple[list[Change], float]:
    """The changes between two generated documents, and the seconds to load and compare them."""
    texts = [json.dumps(generated(operations, changed), indent=1) for changed in (False, True)]
    start = perf_counter()
    base, head = (load(Source(f"{at}.yaml", text.encode())) for at, text in enumerate(texts))
    return compare(base, head), perf_counter() - start


def main(argv: Sequence[str]) -> int:
    """Print one line per size."""
    print("operations  changes  seconds  peak memory")
    for size in map(int, argv) if argv else SIZES:
        changes, seconds = reviewed(size)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{size:10}  {len(changes):7}  {seconds:7.2f}  {memory:8.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

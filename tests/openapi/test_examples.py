"""Is every example valid, at every grade?"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

import openapi
from tests.openapi.reading import Example, Validator, examples, operations, resolve

View = dict[str, Any]
EXAMPLES = list(examples(openapi.load("assumed")))


@pytest.fixture(scope="module")
def views() -> dict[str, View]:
    """The document at every grade."""
    return {grade: openapi.load(grade) for grade in openapi.GRADES}


@pytest.fixture(scope="module")
def validators(views: dict[str, View]) -> dict[str, Validator]:
    """A validator for every grade."""
    return {grade: Validator(view) for grade, view in views.items()}


def has(document: View, pointer: str) -> bool:
    """Whether the document has a node at a pointer."""
    try:
        resolve(document, {"$ref": f"#{pointer}"})
    except (KeyError, IndexError):
        return False
    return True


def variations(value: Any) -> Iterator[Any]:
    """Copies of a value with one part removed, null, wrapped in a list or of another type."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield _without(value, key)
        for other in (None, "", -1, True, [], {}, [child], *variations(child)):
            changed = deepcopy(value)
            changed[key] = other
            yield changed


def _without(value: Any, key: Any) -> Any:
    changed = deepcopy(value)
    del changed[key]
    return changed


def test_every_example_is_valid(view: View) -> None:
    found, validator = list(examples(view)), Validator(view)
    assert len(found) > 50
    errors = {one.pointer: error for one in found if (error := validator.error(one.schema, one.value))}
    assert errors == {}


def test_an_invalid_example_is_found(fullest: View) -> None:
    validator, run = Validator(fullest), "/components/schemas/Run"
    completed = fullest["components"]["examples"]["RunCompleted"]["value"]
    assert validator.error(run, completed) is None
    assert "'done' is not one of ['queued'" in str(validator.error(run, {**completed, "status": "done"}))
    assert "is not a 'date-time'" in str(validator.error(run, {**completed, "createdAt": "yesterday"}))


def invalid_below(example: Example, validators: dict[str, Validator], views: dict[str, View]) -> list[str]:
    """Variations of an example that are valid at `assumed` and invalid at a lower grade."""
    lower = [grade for grade in ("observed", "documented") if has(views[grade], example.schema)]
    return [
        f"{grade}: {error}"
        for value in variations(example.value)
        if validators["assumed"].error(example.schema, value) is None
        for grade in lower
        if (error := validators[grade].error(example.schema, value))
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.pointer)
def test_a_value_valid_at_a_grade_is_valid_at_every_lower_grade(
    example: Example, validators: dict[str, Validator], views: dict[str, View]
) -> None:
    assert invalid_below(example, validators, views) == []


def test_a_lower_grade_that_demands_more_is_found(
    validators: dict[str, Validator], views: dict[str, View]
) -> None:
    stricter = deepcopy(views["documented"])
    stricter["components"]["schemas"]["Thread"]["required"].append("metadata")
    example = next(
        one
        for one in EXAMPLES
        if one.pointer.endswith("/post/responses/200/content/application~1json/examples/thread")
    )
    assert invalid_below(example, validators, views) == []
    found = invalid_below(example, {**validators, "documented": Validator(stricter)}, views)
    assert found == ["documented: $: 'metadata' is a required property"]


def test_every_media_type_of_every_operation_has_named_examples(fullest: View) -> None:
    missing = []
    for path, method, operation in operations(fullest):
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for name, body in bodies.items():
            for media_type, content in resolve(fullest, body).get("content", {}).items():
                if not content.get("examples"):
                    missing.append(f"{method} {path} {name} {media_type}")
    assert missing == []


def test_the_examples_of_an_operation_are_components(written: View) -> None:
    inline = [
        f"{method} {path} {name} {example}"
        for path, method, operation in operations(written)
        for name, body in {"request": operation.get("requestBody", {}), **operation["responses"]}.items()
        for content in body.get("content", {}).values()
        for example, value in content["examples"].items()
        if list(value) != ["$ref"]
    ]
    assert inline == []


def test_every_status_of_a_run_has_an_example(fullest: View) -> None:
    values = [example["value"] for example in fullest["components"]["examples"].values()]
    shown = {value.get("status") for value in values if value.get("object") == "run"}
    assert shown == set(fullest["components"]["schemas"]["RunStatus"]["enum"])

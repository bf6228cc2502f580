"""Does every example fit its schema, at every grade?"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

import openapi
from tests.openapi.reading import Example, Judge, examples, operations, resolve

View = dict[str, Any]
EXAMPLES = list(examples(openapi.load("assumed")))


@pytest.fixture(scope="module")
def views() -> dict[str, View]:
    """The document at every grade."""
    return {grade: openapi.load(grade) for grade in openapi.GRADES}


@pytest.fixture(scope="module")
def judges(views: dict[str, View]) -> dict[str, Judge]:
    """A judge of values for every grade."""
    return {grade: Judge(view) for grade, view in views.items()}


def has(document: View, pointer: str) -> bool:
    """Whether anything stands at a pointer of the document."""
    try:
        resolve(document, {"$ref": f"#{pointer}"})
    except (KeyError, IndexError):
        return False
    return True


def variations(value: Any) -> Iterator[Any]:
    """The value with one thing in it left out, nulled, doubled or turned into another type, each in turn."""
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


def test_every_example_fits_its_schema(view: View) -> None:
    found, judge = list(examples(view)), Judge(view)
    assert len(found) > 50
    wrong = {one.pointer: why for one in found if (why := judge.misfit(one.schema, one.value))}
    assert wrong == {}


def test_an_example_that_does_not_fit_is_seen(fullest: View) -> None:
    judge, run = Judge(fullest), "/components/schemas/Run"
    completed = fullest["components"]["examples"]["RunCompleted"]["value"]
    assert judge.misfit(run, completed) is None
    assert "'done' is not one of ['queued'" in str(judge.misfit(run, {**completed, "status": "done"}))
    assert "is not a 'date-time'" in str(judge.misfit(run, {**completed, "createdAt": "yesterday"}))


def refused_below(example: Example, judges: dict[str, Judge], views: dict[str, View]) -> list[str]:
    """Variations of an example that the fullest view permits and a lower one refuses."""
    lower = [grade for grade in ("observed", "documented") if has(views[grade], example.schema)]
    return [
        f"{grade}: {why}"
        for value in variations(example.value)
        if judges["assumed"].misfit(example.schema, value) is None
        for grade in lower
        if (why := judges[grade].misfit(example.schema, value))
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.pointer)
def test_what_a_higher_grade_permits_a_lower_grade_permits_too(
    example: Example, judges: dict[str, Judge], views: dict[str, View]
) -> None:
    assert refused_below(example, judges, views) == []


def test_a_lower_grade_that_demands_more_is_seen(judges: dict[str, Judge], views: dict[str, View]) -> None:
    stricter = deepcopy(views["documented"])
    stricter["components"]["schemas"]["Thread"]["required"].append("metadata")
    example = next(
        one
        for one in EXAMPLES
        if one.pointer.endswith("/post/responses/200/content/application~1json/examples/thread")
    )
    assert refused_below(example, judges, views) == []
    refused = refused_below(example, {**judges, "documented": Judge(stricter)}, views)
    assert refused == ["documented: $: 'metadata' is a required property"]


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

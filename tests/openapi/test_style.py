"""Does the document follow the style rules that no linter checks?"""

import re
from datetime import date
from typing import Any

import pytest
import yaml

import openapi
from tests.openapi.reading import METHODS, nodes, operations, schemas

View = dict[str, Any]
LINES = openapi.DOCUMENT.read_text(encoding="utf-8").splitlines()
# In the order in which a client uses them: threads, messages, runs, run steps.
ORDER = [
    "createThread",
    "listThreads",
    "createThreadAndRun",
    "getThread",
    "modifyThread",
    "createMessage",
    "listMessages",
    "getMessage",
    "createRun",
    "listRuns",
    "getRun",
    "modifyRun",
    "cancelRun",
    "submitToolOutputs",
    "listRunSteps",
    "getRunStep",
]


def unexplained(schema: View) -> list[str]:
    """The values of an enum that do not have their own line in its description."""
    values = [value for value in schema.get("enum", []) if value is not None]
    if len(values) == 1:
        return [] if f"`{values[0]}`" in schema.get("description", "") else values
    return [
        value for value in values if not re.search(rf"^- `{value}`: \S", schema["description"], re.MULTILINE)
    ]


def test_the_top_level_keys_are_in_order(written: View) -> None:
    assert list(written) == ["openapi", "info", "servers", "security", "tags", "paths", "components"]


def test_the_operations_are_in_the_order_of_use(written: View) -> None:
    found = [operation["operationId"] for _, _, operation in operations(written)]
    assert [name for name in found if name in ORDER] == ORDER


def test_schemas_come_first_and_other_components_are_alphabetical(written: View) -> None:
    components = written["components"]
    assert list(components) == ["schemas", *sorted(components.keys() - {"schemas"})]
    for kind, members in components.items():
        assert list(members) == sorted(members), kind


def test_every_enum_value_has_its_own_line_in_the_description(written: View) -> None:
    described = {
        pointer: node.get("description") for pointer, node in nodes(written) if isinstance(node, dict)
    }
    found = {}
    for pointer, schema in schemas(written):
        explanation = described[pointer] or described.get(pointer.rpartition("/")[0]) or ""
        if missing := unexplained({**schema, "description": explanation}):
            found[pointer] = missing
    assert found == {}


def test_an_enum_value_without_a_line_is_found() -> None:
    description = "One of two:\n\n- `asc`: oldest first\n- `desc`:\n"
    assert unexplained({"enum": ["asc", "desc"], "description": description}) == ["desc"]
    assert unexplained({"enum": ["run"], "description": "Always `run`."}) == []
    assert unexplained({"enum": ["run"], "description": "The kind."}) == ["run"]


def test_every_field_and_parameter_is_described(written: View) -> None:
    undescribed = [
        pointer
        for pointer, schema in schemas(written)
        if pointer.rpartition("/")[0].endswith("/properties") and not {"$ref", "description"} & set(schema)
    ]
    parameters = written["components"]["parameters"]
    undescribed += [name for name, parameter in parameters.items() if "description" not in parameter]
    assert undescribed == []


def test_yaml_changes_the_type_of_no_value(written: View) -> None:
    retyped = [pointer for pointer, node in nodes(written, data=True) if isinstance(node, date)]
    assert retyped == []
    assert isinstance(written["info"]["version"], str)
    codes = [code for _, _, operation in operations(written) for code in operation["responses"]]
    assert {type(code) for code in codes} == {str}


def test_yaml_changes_the_type_of_a_timestamp_without_quotes() -> None:
    assert isinstance(yaml.safe_load("at: 2024-08-11T10:21:28.861Z")["at"], date)


def test_a_reference_has_no_other_keys(written: View) -> None:
    references = [
        pointer
        for pointer, node in nodes(written)
        if isinstance(node, dict) and "$ref" in node and len(node) > 1
    ]
    assert references == []


@pytest.mark.parametrize("keyword", ["const", "examples", "if", "prefixItems", "patternProperties", "$defs"])
def test_no_schema_uses_a_keyword_of_a_later_openapi_version(keyword: str, written: View) -> None:
    assert [pointer for pointer, schema in schemas(written) if keyword in schema] == []


def test_errors_and_parameters_of_operations_are_references(written: View) -> None:
    items = [(f"{method} {path}", operation) for path, method, operation in operations(written)]
    errors = [
        f"{name} {code}"
        for name, operation in items
        for code, response in operation["responses"].items()
        if code >= "400" and "$ref" not in response
    ]
    parameters = [
        f"{path} {one}"
        for path, item in written["paths"].items()
        for holder in (item, *(item[method] for method in METHODS if method in item))
        for one in holder.get("parameters", [])
        if "$ref" not in one
    ]
    assert (errors, parameters) == ([], [])


def test_operations_with_the_same_inputs_have_the_same_errors(written: View) -> None:
    for path, method, operation in operations(written):
        expected = {"400", "401", "403", "429", "500", "503"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"413", "415"} if "requestBody" in operation else set()
        assert {code for code in operation["responses"] if code >= "400"} == expected, f"{method} {path}"


def test_every_link_has_the_path_parameters_of_its_operation(written: View) -> None:
    paths = {operation["operationId"]: path for path, _, operation in operations(written)}
    for name, link in written["components"]["links"].items():
        wanted = set(re.findall(r"{(\w+)}", paths[link["operationId"]]))
        assert wanted <= {key.rpartition(".")[2] for key in link.get("parameters", {})}, name


def test_every_component_is_used_except_method_not_allowed(written: View) -> None:
    used = {
        node["$ref"] for _, node in nodes(written, data=True) if isinstance(node, dict) and "$ref" in node
    }
    defined = {
        f"#/components/{kind}/{name}"
        for kind, members in written["components"].items()
        for name in members
        if kind != "securitySchemes"
    }
    # A method that a path does not support is not an operation, so no operation can refer to the 405.
    assert defined - used == {"#/components/responses/MethodNotAllowed"}


def test_the_document_is_one_file(written: View) -> None:
    references = [node["$ref"] for _, node in nodes(written) if isinstance(node, dict) and "$ref" in node]
    assert {reference[:2] for reference in references} == {"#/"}


def test_no_line_is_longer_than_140_characters() -> None:
    assert [number for number, line in enumerate(LINES, start=1) if len(line) > 140] == []


def test_a_reference_is_on_the_line_of_its_key() -> None:
    assert [number for number, line in enumerate(LINES, start=1) if line.lstrip().startswith("$ref")] == []


def test_the_document_has_fewer_than_2700_lines() -> None:
    assert len(LINES) < 2700

"""Does the checker read from the document what each operation does, also for operations added later?"""

import copy
from typing import Any

import pytest

from contract_tests.client.samples import unknown_ids, valid_body
from contract_tests.document import Operation, Resource, Role, View, document
from contract_tests.document.operations import operations_of, resources_of
from openapi import Grade

ROLES = {
    "listThreads": (Role.LIST, "thread"),
    "createThread": (Role.CREATE, "thread"),
    "createThreadAndRun": (Role.CREATE, "run"),
    "getThread": (Role.READ, "thread"),
    "modifyThread": (Role.MODIFY, "thread"),
    "listMessages": (Role.LIST, "message"),
    "createMessage": (Role.CREATE, "message"),
    "getMessage": (Role.READ, "message"),
    "listRuns": (Role.LIST, "run"),
    "createRun": (Role.CREATE, "run"),
    "getRun": (Role.READ, "run"),
    "modifyRun": (Role.MODIFY, "run"),
    "cancelRun": (Role.ACT, "run"),
    "submitToolOutputs": (Role.ACT, "run"),
    "listRunSteps": (Role.LIST, "step"),
    "getRunStep": (Role.READ, "step"),
}
FILE: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
PAGE: dict[str, Any] = {
    "allOf": [
        {"type": "object", "properties": {"hasMore": {"type": "boolean"}}},
        {"properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/File"}}}},
    ]
}


def response(schema: Any) -> dict[str, Any]:
    """The responses of an operation that answers with one schema."""
    return {"200": {"content": {"application/json": {"schema": schema}}}}


def extended() -> View:
    """The document with a resource that today's document does not have."""
    view = View(Grade.ASSUMED)
    view.raw = copy.deepcopy(view.raw)
    view.raw["components"]["schemas"] |= {"File": FILE, "FileList": PAGE}
    one, page = {"$ref": "#/components/schemas/File"}, {"$ref": "#/components/schemas/FileList"}
    path = "/threads/{threadId}/files"
    view.raw["paths"] |= {
        path: {
            "get": {"operationId": "listFiles", "responses": response(page)},
            "post": {"operationId": "attachFile", "responses": response(one)},
        },
        path + "/{fileId}": {
            "get": {"operationId": "readFile", "responses": response(one)},
            "patch": {"operationId": "renameFile", "responses": response(one)},
            "delete": {"operationId": "deleteFile", "responses": {"204": {"description": "Gone."}}},
        },
        path + "/{fileId}/index": {"post": {"operationId": "indexFile", "responses": response(one)}},
    }
    return view


@pytest.mark.parametrize("name", ROLES)
def test_the_role_of_each_operation_is_read_from_the_document(name: str) -> None:
    operation = document().operations[name]
    assert (operation.role, operation.kind) == ROLES[name]


def test_every_operation_has_a_role() -> None:
    assert {one.id for one in document().operations.values() if one.role is Role.OTHER} == set()


def test_only_operations_with_an_event_stream_wait_for_a_run() -> None:
    waiting = {one.id for one in document().operations.values() if one.waits_for_run}
    assert waiting == {"createRun", "createThreadAndRun", "submitToolOutputs"}
    starting = {one.id for one in document().operations.values() if one.starts_run}
    assert starting == {"createRun", "createThreadAndRun"}


def test_a_resource_is_known_by_its_schema_and_its_path_parameter() -> None:
    assert document().resources["step"] == Resource("step", "RunStep", "stepId")


def test_operations_that_are_added_to_the_document_are_understood() -> None:
    view = extended()
    resources = resources_of(view)
    grades = {item["operationId"]: Grade.DOCUMENTED for _, _, item in view.paths()}
    found = {one.id: one for one in operations_of(view, grades, resources)}
    assert resources["File"] == Resource("file", "File", "fileId")
    assert {name: one.role for name, one in found.items() if name not in ROLES} == {
        "listFiles": Role.LIST,
        "attachFile": Role.CREATE,
        "readFile": Role.READ,
        "renameFile": Role.MODIFY,
        "deleteFile": Role.OTHER,
        "indexFile": Role.ACT,
    }
    assert found["listFiles"].lists("file")
    assert found["attachFile"].creates("file")


def test_a_role_that_no_operation_has_is_an_error() -> None:
    with pytest.raises(LookupError, match="no operation to modify a step"):
        document().operation(Role.MODIFY, "step")


@pytest.mark.parametrize("name", ROLES)
def test_a_valid_body_fits_its_schema(name: str) -> None:
    operation = document().operations[name]
    body, schema = valid_body(operation, model="org/model"), document().assumed.request_schema(name)
    assert (body is None) == (schema is None)
    assert schema is None or document().assumed.mismatches(schema, body) == []


def test_a_path_is_filled_with_unknown_ids() -> None:
    ids = unknown_ids(Operation("x", "GET", "/threads/{threadId}/files/{fileId}", Grade.DOCUMENTED))
    assert ids == {"threadId": "thread_unknown", "fileId": "file_unknown"}

"""Does the mock follow a changed document without a change to its code?"""

import copy
from collections.abc import Callable
from typing import Any

import pytest

import openapi
from mock_server.api.handlers import HANDLERS
from mock_server.app import create_app
from mock_server.settings import Settings
from tests.mock_server.driver import Driver


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(openapi.load())


def operation_ids(document: dict[str, Any]) -> set[str]:
    return {
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    }


def test_there_is_a_handler_for_each_operation_of_the_document(document: dict[str, Any]) -> None:
    assert operation_ids(document) == HANDLERS.keys()


def test_a_removed_operation_is_not_served(
    make_mock: Callable[..., Driver], document: dict[str, Any]
) -> None:
    del document["paths"]["/threads"]["post"]
    del document["paths"]["/threads/{threadId}/runs/{runId}/cancel"]
    mock = make_mock(served=document)
    assert mock.post("/threads").headers["allow"] == "GET, HEAD"
    assert mock.post("/threads/t/runs/r/cancel").status == 404


def test_an_operation_without_a_handler_is_unimplemented(
    make_mock: Callable[..., Driver], document: dict[str, Any]
) -> None:
    deleted = {"operationId": "deleteThread", "responses": {"501": {"description": "Not yet."}}}
    document["paths"]["/threads/{threadId}"]["delete"] = deleted
    answer = make_mock(served=document).call("DELETE", "/threads/t")
    assert (answer.status, answer.json()["code"]) == (501, "unimplemented")
    assert "deleteThread" in answer.json()["message"]


def test_a_stricter_schema_rejects_more(make_mock: Callable[..., Driver], document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas["CreateRunRequest"]["properties"]["model"]["pattern"] = "^[a-z]+/"
    schemas["CreateRunRequest"]["required"] = ["model", "temperature"]
    document["components"]["parameters"]["Limit"]["schema"]["maximum"] = 7
    mock = make_mock(served=document)
    assert mock.post("/threads/t/runs", {"model": "mock/instant", "temperature": 1}).status == 200
    assert "model" in mock.post("/threads/t/runs", {"model": "3", "temperature": 1}).json()["message"]
    assert "temperature: is required" in mock.post("/threads/t/runs", {"model": "a/b"}).json()["message"]
    assert "at most 7" in mock.get("/threads/t/runs?limit=8").json()["message"]


def test_null_is_accepted_if_the_schema_is_nullable(
    make_mock: Callable[..., Driver], document: dict[str, Any]
) -> None:
    temperature = document["components"]["schemas"]["CreateRunRequest"]["properties"]["temperature"]
    body = {"model": "mock/instant", "temperature": None}
    assert make_mock(served=document).post("/threads/t/runs", body).status == 400
    temperature["nullable"] = True
    assert make_mock(served=document).post("/threads/t/runs", body).status == 200


def test_the_key_is_read_from_the_documented_header(
    make_mock: Callable[..., Driver], document: dict[str, Any]
) -> None:
    document["components"]["securitySchemes"]["tuneKey"]["name"] = "X-Other-Key"
    document["paths"]["/threads"]["get"]["security"] = []
    mock = make_mock(served=document)
    assert mock.get("/threads").status == 200
    assert "X-Other-Key is missing" in mock.post("/threads").json()["message"]
    assert mock.post("/threads", headers={"X-Other-Key": "k"}).status == 200


def test_any_of_several_security_requirements_is_enough(
    make_mock: Callable[..., Driver], document: dict[str, Any]
) -> None:
    other = {"type": "apiKey", "in": "header", "name": "X-Other-Key"}
    document["components"]["securitySchemes"]["otherKey"] = other
    document["security"] = [{"tuneKey": [], "otherKey": []}, {"otherKey": []}]
    mock = make_mock(served=document)
    assert mock.get("/threads", headers={"X-Other-Key": "k"}).status == 200
    assert mock.get("/threads").status == 401


def test_a_new_path_parameter_and_header_are_checked(
    make_mock: Callable[..., Driver], document: dict[str, Any]
) -> None:
    parameters = document["components"]["parameters"]
    parameters["OrgId"].update(required=True, schema={"type": "integer", "minimum": 1})
    parameters["ThreadId"]["schema"]["maxLength"] = 3
    mock = make_mock(served=document)
    assert "X-Org-Id: is required" in mock.get("/threads").json()["message"]
    assert "X-Org-Id: must be at least 1" in mock.get("/threads", headers={"X-Org-Id": "0"}).json()["message"]
    assert mock.get("/threads", headers={"X-Org-Id": "12"}).status == 200
    assert "threadId" in mock.get("/threads/long", headers={"X-Org-Id": "1"}).json()["message"]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [("number", ["1", "-2.5", "1e3"], ["x", "1.", ""]), ("boolean", ["true"], ["True", "1"])],
)
def test_parameters_are_parsed_by_their_type(
    make_mock: Callable[..., Driver], document: dict[str, Any], kind: str, right: list[str], wrong: list[str]
) -> None:
    document["components"]["parameters"]["After"]["schema"]["type"] = kind
    mock = make_mock(served=document)
    mock.post("/threads/t/messages", {"role": "user", "content": "x"})
    for text in right:
        assert "must be the id of an entry" in mock.get(f"/threads/t/runs?after={text}").json()["message"]
    for text in wrong:
        message = mock.get(f"/threads/t/runs?after={text}").json()["message"]
        assert f"after: must be of type {kind}" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d["paths"].update({"/threads/{a}.json": d["paths"]["/threads/{threadId}"]}),
            "whole path segment",
        ),
        (lambda d: d["components"]["securitySchemes"]["tuneKey"].update({"in": "cookie"}), "apiKey schemes"),
        (lambda d: d["components"]["parameters"]["After"]["schema"].update(type="array"), "type array"),
    ],
)
def test_a_document_that_the_mock_cannot_serve_is_an_error_at_startup(
    document: dict[str, Any], change: Callable[[dict[str, Any]], None], message: str
) -> None:
    change(document)
    driver = Driver(create_app(Settings(quiet=True), document=document), None, [])
    with pytest.raises(ValueError, match=message):
        driver.get("/threads")
    driver.loop.close()

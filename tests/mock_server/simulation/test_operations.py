"""Are the operations that create a run, and those that poll it, read from the document?"""

import copy

import openapi
from mock_server.simulation.operations import operations


def test_the_operations_of_the_document_are_grouped() -> None:
    found = operations(openapi.load())
    assert found.create >= {"createRun", "createThreadAndRun"}
    assert found.polls >= {
        "getRun",
        "listRuns",
        "listRunSteps",
        "getRunStep",
        "listMessages",
        "getMessage",
    }
    others = {"createThread", "cancelRun", "submitToolOutputs"}
    assert others <= found.all - found.create - found.polls


def test_a_new_operation_needs_no_change_to_the_code() -> None:
    document = copy.deepcopy(openapi.load())
    runs = {"operationId": "listAllRuns", "tags": ["Runs"], "responses": {}}
    document["paths"]["/runs"] = {"get": runs, "parameters": []}
    found = operations(document)
    assert "listAllRuns" in found.polls & found.all

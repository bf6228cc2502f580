"""Do the tools that read the document accept it, at every grade?"""

from typing import Any

import pytest
import schemathesis
from connexion import AsyncApp
from connexion.resolver import Resolver
from openapi_core import OpenAPI
from openapi_spec_validator import OpenAPIV30SpecValidator, validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

import openapi
from tests.openapi.reading import operations

View = dict[str, Any]


def handler() -> None:
    """The handler of every operation, since connexion needs one for each."""


def test_the_view_is_valid_openapi_3_0(view: View) -> None:
    validate(view, cls=OpenAPIV30SpecValidator)


def test_an_invalid_view_is_refused(fullest: View) -> None:
    with pytest.raises(OpenAPIValidationError):
        validate({**fullest, "paths": {"/threads": {"get": {}}}}, cls=OpenAPIV30SpecValidator)


def test_connexion_serves_the_view(view: View) -> None:
    app = AsyncApp(__name__)
    app.add_api(view, resolver=Resolver(lambda _: handler))
    app.middleware._build_middleware_stack()


def test_openapi_core_reads_the_view(view: View) -> None:
    assert OpenAPI.from_dict(view).spec


def test_schemathesis_finds_every_operation_of_the_view(view: View) -> None:
    found = {operation.ok().label for operation in schemathesis.openapi.from_dict(view).get_all_operations()}
    assert found == {f"{method.upper()} {path}" for path, method, _ in operations(view)}


def test_the_documented_view_lacks_only_the_two_assumed_operations(fullest: View) -> None:
    documented = {operation["operationId"] for _, _, operation in operations(openapi.load("documented"))}
    everything = {operation["operationId"] for _, _, operation in operations(fullest)}
    assert everything - documented == {"cancelRun", "submitToolOutputs"}
    assert len(documented) == 14

"""Can pages of allowed origins call the mock, and are other origins rejected?"""

from collections.abc import Callable

import pytest

from tests.mock_server.driver import Driver

PAGE = {"Origin": "http://localhost:5173"}


def preflight(**more: str) -> dict[str, str]:
    asked = {"Access-Control-Request-Method": "POST", **PAGE}
    return {**asked, **{name.replace("_", "-"): value for name, value in more.items()}}


@pytest.mark.parametrize("path", ["/threads", "/threads/t/runs/r/cancel", "/nope"])
def test_a_preflight_succeeds_on_every_path_without_a_key(mock: Driver, path: str) -> None:
    answer = mock.call("OPTIONS", path, headers={**preflight(), "X-Tune-Key": ""})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    for name in ("X-Tune-Key", "X-Org-Id", "Prefer", "Content-Type"):
        assert name in answer.headers["access-control-allow-headers"]


def test_every_requested_header_is_allowed(mock: Driver) -> None:
    headers = preflight(Access_Control_Request_Headers="x-tune-key, x-mock-test,x-own")
    allowed = mock.call("OPTIONS", "/threads", headers=headers).headers["access-control-allow-headers"]
    assert allowed.endswith("x-mock-test, x-own")


def test_a_public_page_may_call_the_private_network(mock: Driver) -> None:
    headers = preflight(Access_Control_Request_Private_Network="true")
    answer = mock.call("OPTIONS", "/threads", headers=headers)
    assert answer.headers["access-control-allow-private-network"] == "true"
    plain = mock.call("OPTIONS", "/threads", headers=preflight())
    assert "access-control-allow-private-network" not in plain.headers


@pytest.mark.parametrize("path", ["/threads", "/threads/none", "/nope"])
def test_every_response_can_be_read_by_the_page(mock: Driver, path: str) -> None:
    answer = mock.get(path, headers=PAGE)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "X-Mock-Scenario" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in mock.get(path).headers


def test_a_stream_can_be_read_by_the_page(mock: Driver) -> None:
    body = {"model": "mock/instant", "stream": True}
    answer = mock.post("/threads/t/runs", body, headers=PAGE)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.names()[-1] == "[DONE]"


def test_only_the_configured_origins_are_allowed(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(cors_origins=("http://localhost:5173", "https://b"))
    answer = mock.get("/threads", headers=PAGE)
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert answer.headers["vary"] == "Origin"
    other = {**preflight(), "Origin": "https://evil"}
    refused = mock.call("OPTIONS", "/threads", headers=other)
    assert (refused.status, refused.json()["code"]) == (403, "permission_denied")
    assert "--cors-origin https://evil" in refused.json()["message"]
    assert "access-control-allow-origin" not in mock.get("/threads", headers=other).headers


def test_the_api_reference_is_served_without_a_key(mock: Driver) -> None:
    no_key = {"X-Tune-Key": ""}
    answer = mock.call("GET", "/docs", headers=no_key)
    assert (answer.status, answer.headers["location"]) == (307, "/v1/docs/")
    page = mock.call("GET", "/v1/docs/", headers=no_key)
    assert page.status == 200
    assert b"swagger-ui-bundle.js" in page.body
    assert b"http://" not in page.body.replace(b"http://www.w3.org", b"")
    script = mock.finished(mock.open("GET", "/v1/docs/swagger-ui-bundle.js", headers=no_key))
    assert len(script.body) > 100_000
    document = mock.call("GET", "/v1/openapi.json", headers=no_key).json()
    assert document["servers"] == [{"url": "/v1"}]
    assert "createRun" in str(document["paths"])

"""Are threads and messages returned as they were sent, and are all pages exact?"""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.mock_server.driver import Driver


def ids(page: Any) -> list[str]:
    return [entry["id"] for entry in page["data"]]


def test_a_thread_is_returned_as_it_was_created(mock: Driver) -> None:
    created = mock.post(
        "/threads", {"title": "T", "metadata": {"a": "b"}, "datasetId": "", "messages": []}
    ).json()
    assert created["id"].startswith("thread_")
    assert created.keys() == {"id", "object", "createdAt", "title", "metadata"}
    assert mock.get(f"/threads/{created['id']}").json() == created


def test_tool_resources_are_returned_only_if_they_were_set(mock: Driver) -> None:
    resources = {"fileSearch": {"vectorStoreIds": ["v"]}}
    assert mock.post("/threads", {"toolResources": resources}).json()["toolResources"] == resources


def test_modifying_a_thread_changes_only_the_given_fields(mock: Driver) -> None:
    thread = mock.post("/threads", {"title": "old", "metadata": {"a": 1}}).json()
    path = f"/threads/{thread['id']}"
    assert mock.post(path, {"title": "new", "createdAt": "x"}).json() == {**thread, "title": "new"}
    assert mock.post(path, {"metadata": {}}).json() == {**thread, "title": "new", "metadata": {}}
    assert mock.get(path).json()["title"] == "new"


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("plain", "plain"),
        ("", ""),
        ([{"type": "text", "text": "part"}], "part"),
        ([{"type": "text", "text": {"value": "held"}}], "held"),
        (
            [{"type": "text", "text": {"name": "f", "arguments": {"x": 1}}}],
            {"name": "f", "arguments": {"x": 1}},
        ),
        ([{"type": "text", "text": {"value": 3}}], {"value": 3}),
        ([{"type": "text", "text": {"value": {"a": "b"}}}], {"a": "b"}),
    ],
)
def test_content_is_returned_under_text_value(mock: Driver, sent: Any, returned: Any) -> None:
    message = mock.post("/threads/t/messages", {"role": "user", "content": sent}).json()
    assert message["content"] == [{"type": "text", "text": {"value": returned, "annotations": []}}]
    assert mock.get(f"/threads/t/messages/{message['id']}").json() == message


def test_content_keeps_all_its_parts(mock: Driver) -> None:
    picture = {"type": "image_file", "imageFile": {"fileId": "f"}}
    content = [{"type": "text", "text": "look"}, picture]
    message = mock.post("/threads/t/messages", {"role": "user", "content": content}).json()
    assert message["content"][1] == picture
    assert mock.post("/threads/t/messages", {"role": "user", "content": []}).json()["content"] == []


@pytest.mark.parametrize("role", ["user", "assistant", "system", "function_call", "function_resp"])
def test_a_thread_is_created_with_messages_of_any_role(mock: Driver, role: str) -> None:
    body = {"messages": [{"role": role, "content": "x"}, {"role": "user", "content": "y"}]}
    thread = mock.post("/threads", body).json()
    messages = mock.get(f"/threads/{thread['id']}/messages").json()["data"]
    assert [message["role"] for message in messages] == [role, "user"]


def test_a_reply_quotes_the_last_user_message(mock: Driver) -> None:
    for role, content in (("user", "first"), ("user", "second"), ("assistant", "third")):
        mock.post("/threads/t/messages", {"role": role, "content": content})
    mock.run("instant")
    reply = mock.get("/threads/t/messages?order=desc&limit=1").json()["data"][0]
    assert reply["content"][0]["text"]["value"] == 'You said "second".'


def test_a_reply_is_in_the_thread_from_its_first_word(mock: Driver) -> None:
    mock.run("hello")
    mock.advance(0.699)
    assert mock.get("/threads/t/messages").json()["data"] == []
    mock.advance(0.5)
    [partial] = mock.get("/threads/t/messages").json()["data"]
    mock.advance(3)
    [whole] = mock.get("/threads/t/messages").json()["data"]
    partial_text, whole_text = (message["content"][0]["text"]["value"] for message in (partial, whole))
    assert whole_text.startswith(partial_text)
    assert len(whole_text) > len(partial_text) > 0
    assert mock.get(f"/threads/t/messages/{whole['id']}").json() == whole


def test_threads_are_filtered_by_dataset(mock: Driver) -> None:
    mock.post("/threads", {"title": "none"})
    mine = [mock.post("/threads", {"datasetId": "d"}).json()["id"] for _ in range(3)]
    other = mock.post("/threads", {"datasetId": "e"}).json()["id"]
    assert ids(mock.get("/threads?datasetId=d").json()) == mine
    assert ids(mock.get("/threads?datasetId=none").json()) == []
    assert len(mock.get("/threads?datasetId=").json()["data"]) == 5
    assert ids(mock.get(f"/threads?datasetId=d&after={mine[0]}&limit=1").json()) == [mine[1]]
    assert mock.get(f"/threads?datasetId=d&after={other}").status == 400


def test_only_threads_accept_a_limit_that_is_too_large(mock: Driver) -> None:
    created = [mock.post("/threads").json()["id"] for _ in range(102)]
    page = mock.get("/threads?limit=1000").json()
    assert ids(page) == created[:100]
    assert page["hasMore"] is True
    assert mock.get(f"/threads/{created[0]}/messages?limit=1000").status == 400


def test_an_empty_page_has_no_ids(mock: Driver) -> None:
    page = mock.get("/threads").json()
    assert page == {"object": "list", "data": [], "firstId": None, "lastId": None, "hasMore": False}


@pytest.fixture(params=["threads", "runs", "messages", "replies"])
def listed(request: pytest.FixtureRequest, make_mock: Callable[..., Driver]) -> tuple[Driver, str, list[str]]:
    """A mock with a list of five entries, the path of the list, and the ids, oldest first."""
    mock = make_mock(speed=0)
    if request.param == "threads":
        return mock, "/threads", [mock.post("/threads").json()["id"] for _ in range(5)]
    if request.param == "runs":
        return mock, "/threads/t/runs", [mock.run("instant")["id"] for _ in range(5)]
    for number in range(5):
        if request.param == "messages" or number % 2:
            mock.post("/threads/t/messages", {"role": "user", "content": str(number)})
        else:
            mock.run("fails-early")
            mock.run("instant")
    return mock, "/threads/t/messages", ids(mock.get("/threads/t/messages?order=asc").json())


def test_every_page_is_exact(listed: tuple[Driver, str, list[str]]) -> None:
    mock, path, entries = listed
    assert len(entries) == 5
    for order, limit in itertools.product(("asc", "desc"), (1, 2, 4, 5, 6)):
        ordered = entries if order == "asc" else entries[::-1]
        for after, before in itertools.product([None, *range(5)], repeat=2):
            low = 0 if after is None else after + 1
            inside = ordered[low : len(ordered) if before is None else before]
            backwards = before is not None and after is None
            expected = inside[-limit:] if backwards else inside[:limit]
            query = f"?order={order}&limit={limit}"
            query += "" if after is None else f"&after={ordered[after]}"
            query += "" if before is None else f"&before={ordered[before]}"
            page = mock.get(path + query).json()
            assert ids(page) == expected, query
            assert page["hasMore"] is (len(inside) > limit), query
            assert page["firstId"] == (expected[0] if expected else None)
            assert page["lastId"] == (expected[-1] if expected else None)


def test_steps_are_paged_like_other_lists(mock: Driver) -> None:
    run = mock.run("tool-call")
    path = f"/threads/t/runs/{run['id']}"
    mock.advance(2)
    [call] = mock.get(path).json()["requiredAction"]["submitToolOutputs"]["toolCalls"]
    body = {"toolOutputs": [{"toolCallId": call["id"], "output": "o"}]}
    mock.post(f"{path}/submit_tool_outputs", body, headers={"Prefer": "respond-async"})
    mock.advance(3)
    newest, oldest = ids(mock.get(f"{path}/steps").json())
    assert ids(mock.get(f"{path}/steps?order=asc").json()) == [oldest, newest]
    page = mock.get(f"{path}/steps?limit=1").json()
    assert (ids(page), page["hasMore"]) == ([newest], True)
    assert ids(mock.get(f"{path}/steps?after={newest}").json()) == [oldest]
    assert ids(mock.get(f"{path}/steps?before={oldest}").json()) == [newest]
    assert mock.get(f"{path}/steps?after=x").status == 400

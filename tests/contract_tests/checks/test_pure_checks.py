"""Does every check of recorded exchanges accept a good record and find a bad one?"""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from contract_tests.checks import REGISTRY
from contract_tests.checks.evaluation import evaluate
from contract_tests.client.service import Service
from contract_tests.document import document
from contract_tests.findings import Outcome, Severity
from contract_tests.observations.exchange import Chunk, Exchange, Intent, Secrets
from openapi import Grade
from tests.contract_tests.building import (
    COMPLETED,
    JSON,
    MESSAGE,
    RUN,
    THREAD,
    event,
    exchange,
    found,
    history,
    polls,
    run_event,
    stream,
)

REPLY = {
    **MESSAGE,
    "id": "msg_2",
    "role": "assistant",
    "runId": "run_1",
    "createdAt": "2024-08-11T10:21:30.000Z",
    "content": [{"type": "text", "text": {"value": "Hello you"}}],
}
STEP = {
    "id": "step_1",
    "object": "thread.run.step",
    "createdAt": "2024-08-11T10:21:29.500Z",
    "threadId": "thread_1",
    "runId": "run_1",
    "type": "message_creation",
    "status": "completed",
    "completedAt": "2024-08-11T10:21:31.000Z",
    "stepDetails": {"type": "message_creation", "messageCreation": {"messageId": "msg_2"}},
}
DONE = event("[DONE]")
UUID_THREAD = "thread_4f1c2f6e-5f0a-4a53-9d3c-0b6a3a0f7c11"
RUNS, MESSAGES = "/threads/thread_1/runs", "/threads/thread_1/messages"
ONE_RUN = f"{RUNS}/run_1"


def page(*items: object, more: bool = False) -> dict[str, object]:
    ids = [item["id"] for item in items if isinstance(item, dict)]
    return {
        "object": "list",
        "data": list(items),
        "firstId": ids[0] if ids else None,
        "lastId": ids[-1] if ids else None,
        "hasMore": more,
    }


def delta(text: str, name: str = "msg_2") -> bytes:
    content = [{"index": 0, "type": "text", "text": {"value": text}}]
    data = {"id": name, "object": "thread.message.delta", "delta": {"content": content}}
    return event(data, "thread.message.delta")


def good_stream(*, pace: float = 0.3) -> Exchange:
    return stream(
        run_event("queued"),
        run_event("in_progress"),
        event({**REPLY, "content": []}, "thread.message.created"),
        delta("Hello "),
        delta("you"),
        event(REPLY, "thread.message.completed"),
        event(STEP, "thread.run.step.completed"),
        run_event("completed"),
        DONE,
        pace=pace,
    )


def good_record() -> list[Exchange]:
    request = {"role": "user", "content": "Hello"}
    return [
        exchange("POST", "/threads", {**THREAD, "id": UUID_THREAD}, request={"metadata": {}}, at=0.0),
        exchange("POST", MESSAGES, MESSAGE, request=request, at=0.5),
        good_stream(),
        *polls(COMPLETED, COMPLETED, first=10.0),
        exchange("GET", RUNS, page(COMPLETED), at=20.0),
        exchange("GET", f"{MESSAGES}?order=asc", page(MESSAGE, REPLY), at=21.0),
        exchange("GET", f"{ONE_RUN}/steps", page(STEP), at=22.0),
        exchange(
            "GET", "/threads/thread_2", {"code": "not_found", "message": "no thread"}, status=404, at=23.0
        ),
    ]


def error(status: int, body: object, **further: object) -> Exchange:
    return exchange("GET", "/threads/x", body, status=status, **further)  # type: ignore[arg-type]


def created(response: object, request: object, **further: object) -> Exchange:
    return exchange("POST", RUNS, response, request=request, **further)  # type: ignore[arg-type]


MODEL = {"model": "org/model"}
ASKED = {"role": "user", "content": "Hello"}
IMAGE = {"type": "image_file", "imageFile": {"fileId": "file_1"}}
FAILED = {
    **RUN,
    "status": "failed",
    "failedAt": COMPLETED["completedAt"],
    "lastError": {"code": "x", "message": "y"},
}
WAITING = {**RUN, "status": "requires_action", "requiredAction": {"type": "submit_tool_outputs"}}
QUEUED = {name: value for name, value in {**RUN, "status": "queued"}.items() if name != "startedAt"}

LIFE = (run_event("in_progress"), delta("x"), run_event("completed"))


def at_once(*events: bytes) -> Exchange:
    """A stream that arrives at once after two and a half seconds."""
    chunks = [Chunk(3.0 + number / 1000, one) for number, one in enumerate((*events, DONE))]
    return stream(chunks=chunks, sent=0.5)


# Records in which each check must find something. If there are several, it must find something in each.
BAD: dict[str, Callable[[], list[list[Exchange]]]] = {
    "status-documented": lambda: [[exchange("POST", "/threads", THREAD, request={}, status=201)]],
    "content-type-json": lambda: [
        [exchange("GET", "/threads/thread_1", THREAD, content_type="text/html")],
        [exchange("GET", "/threads/thread_1", THREAD, content_type=None)],
        [exchange("GET", "/threads/thread_1", THREAD, content_type="application/json; charset=latin1")],
    ],
    "body-is-json": lambda: [
        [exchange("GET", "/threads/thread_1", body=b"{'id': 1}")],
        [exchange("GET", "/threads/thread_1", body=b'{"a": 1, "a": 2}')],
        [exchange("GET", "/threads/thread_1", body=b'{"a": NaN}')],
        [exchange("GET", "/threads/thread_1", body=b'{"a": "\xff"}')],
        [exchange("GET", "/threads/thread_1", body=b"")],
    ],
    "response-schema": lambda: [
        [exchange("GET", "/threads/thread_1", {**THREAD, "id": 7})],
        [exchange("GET", "/threads/thread_1", {"id": "thread_1"})],
        [exchange("GET", ONE_RUN, {**RUN, "status": "done"})],
        [exchange("GET", RUNS, [RUN])],
    ],
    "field-names-camel-case": lambda: [[exchange("GET", ONE_RUN, {**RUN, "completed_at": RUN["createdAt"]})]],
    "thread-id-form": lambda: [[exchange("POST", "/threads", THREAD, request={})]],
    "coding-only-if-asked": lambda: [
        [
            exchange(
                "GET",
                ONE_RUN,
                RUN,
                headers={"Content-Encoding": "gzip"},
                request_headers=(("Accept-Encoding", "identity"),),
            )
        ],
    ],
    "deadline-in-minutes": lambda: [
        [created({**RUN, "expiresAt": None}, MODEL)],
        [created({**RUN, "expiresAt": "2024-08-12T10:21:28.861Z"}, MODEL)],
    ],
    "expires-in-time": lambda: [
        [
            created({**RUN, "expiresAt": "2024-08-11T10:31:28.861Z"}, MODEL),
            *polls({**RUN, "status": "expired"}),
        ],
    ],
    "timestamp-format": lambda: [
        [exchange("GET", ONE_RUN, {**RUN, "createdAt": "2024-08-11 10:21:28"})],
        [exchange("GET", ONE_RUN, {**RUN, "completedAt": ""})],
    ],
    "list-envelope": lambda: [[exchange("GET", RUNS, {"object": "list", "data": [RUN]})]],
    "no-server-error": lambda: [[error(500, {})], [error(502, {})]],
    "answer-whole": lambda: [
        [error(0, {}, error="RemoteProtocolError: closed")],
        [error(200, THREAD, cut=True)],
    ],
    "no-redirect": lambda: [[error(302, {}, headers={"location": "/login"})]],
    "wrong-method-allow": lambda: [[exchange("PUT", "/threads", {}, status=405)]],
    "error-body": lambda: [
        [error(404, "not found")],
        [error(404, {"error": "x"})],
        [error(404, {"code": 5, "message": "x"})],
    ],
    "error-code": lambda: [[error(404, {"code": "internal", "message": "x"})]],
    "invalid-is-400": lambda: [[created({}, {}, status=422, intents=frozenset({Intent.INVALID}))]],
    "error-keeps-quiet": lambda: [
        [error(500, {"message": 'Traceback (most recent call last):\n  File "a.py"'})]
    ],
    "rate-limit-says-when": lambda: [[error(429, {})]],
    "unauthenticated-is-401": lambda: [[error(403, {}, intents=frozenset({Intent.UNAUTHENTICATED}))]],
    "run-moves-only-with-key": lambda: [
        [
            exchange(
                "POST",
                "/threads/thread_1/runs/run_1/cancel",
                RUN,
                intents=frozenset({Intent.UNAUTHENTICATED}),
            )
        ],
        [
            exchange(
                "POST",
                "/threads/thread_1/runs/run_1/submit_tool_outputs",
                RUN,
                intents=frozenset({Intent.UNAUTHENTICATED}),
            )
        ],
    ],
    "key-not-leaked": lambda: [
        [error(404, {"message": "sk-tune-secret"}, secrets=Secrets("sk-tune-secret"))],
        [error(404, {}, headers={"X-Key": "sk-tune-secret"}, secrets=Secrets("sk-tune-secret"))],
    ],
    "invalid-field-refused": lambda: [
        [created(RUN, {})],
        [created(RUN, {**MODEL, "temperature": "hot"})],
        [created(RUN, {**MODEL, "tools": {}})],
    ],
    "malformed-json-refused": lambda: [[created(RUN, b'{"model": ')]],
    "non-object-refused": lambda: [[created(RUN, ["org/model"])]],
    "media-type-refused": lambda: [[created(RUN, MODEL, request_headers=(("Content-Type", "text/plain"),))]],
    "invalid-query-refused": lambda: [
        [exchange("GET", f"{RUNS}?order=sideways", page())],
        [exchange("GET", f"{RUNS}?limit=many", page())],
        [exchange("GET", f"{RUNS}?limit=-1", page(RUN, {**RUN, "id": "run_2"}))],
    ],
    "valid-request-accepted": lambda: [
        [created(RUN, MODEL), created({}, {**MODEL, "metadata": {"a": "b"}}, status=400)],
        [exchange("GET", RUNS, page()), exchange("GET", f"{RUNS}?order=asc", {}, status=400)],
    ],
    "page-full-by-default": lambda: [
        [exchange("GET", RUNS, page(RUN, more=True))],
        [exchange("GET", f"{RUNS}?limit=2", page(RUN, more=True))],
    ],
    "page-limit-obeyed": lambda: [[exchange("GET", f"{RUNS}?limit=1", page(RUN, {**RUN, "id": "run_2"}))]],
    "page-ids-agree": lambda: [[exchange("GET", RUNS, {**page(RUN), "lastId": "run_2"})]],
    "page-entries-once": lambda: [[exchange("GET", RUNS, page(RUN, RUN))]],
    "page-ordered": lambda: [[exchange("GET", MESSAGES, page(REPLY, MESSAGE))]],
    "page-entries-belong": lambda: [[exchange("GET", RUNS, page({**RUN, "threadId": "thread_2"}))]],
    "page-cursor-excluded": lambda: [[exchange("GET", f"{RUNS}?after=run_1", page(RUN))]],
    "asked-is-echoed": lambda: [
        [created({**RUN, "model": "other"}, MODEL)],
        [created(RUN, {**MODEL, "metadata": {"a": "b"}})],
        [created({**RUN, "instructions": "x"}, {**MODEL, "instructions": "Be brief"})],
        [exchange("POST", MESSAGES, MESSAGE, request={"role": "user", "content": "Bye"})],
    ],
    "references-kept": lambda: [
        [exchange("POST", MESSAGES, MESSAGE, request={**ASKED, "attachments": [{"fileId": "file_1"}]})],
        [exchange("POST", MESSAGES, MESSAGE, request={**ASKED, "content": [IMAGE]})],
    ],
    "answer-is-about-the-asked": lambda: [
        [exchange("GET", ONE_RUN, {**RUN, "id": "run_2"})],
        [exchange("GET", ONE_RUN, {**RUN, "threadId": "thread_2"})],
    ],
    "ids-unique": lambda: [[created(RUN, MODEL), created(RUN, MODEL, at=1.0)]],
    "created-is-listed": lambda: [
        [exchange("GET", RUNS, page(RUN)), exchange("GET", RUNS, page(), at=1.0)],
        [created(COMPLETED, MODEL), exchange("GET", RUNS, page(), at=1.0)],
    ],
    "reply-in-thread": lambda: [[*polls(COMPLETED), exchange("GET", MESSAGES, page(MESSAGE), at=5.0)]],
    "reply-after-question": lambda: [
        [
            exchange("POST", MESSAGES, MESSAGE, request={"role": "user", "content": "Hello"}),
            created(COMPLETED, MODEL, at=1.0),
            exchange("GET", MESSAGES, page(REPLY, MESSAGE), at=5.0),
        ]
    ],
    "thread-starts-with-its-messages": lambda: [
        [
            exchange(
                "POST", "/threads", THREAD, request={"messages": [{"role": "user", "content": "Hello"}]}
            ),
            exchange("GET", MESSAGES, page(), at=1.0),
        ],
        [
            exchange("POST", "/threads/runs", COMPLETED, request={**MODEL, "thread": {"title": "Mine"}}),
            exchange("GET", "/threads/thread_1", THREAD, at=1.0),
        ],
    ],
    "created-stays-the-same": lambda: [
        [
            exchange("GET", f"{MESSAGES}/msg_1", {**MESSAGE, "content": [IMAGE]}),
            exchange("GET", f"{MESSAGES}/msg_1", {**MESSAGE, "content": [{**IMAGE, "type": "text"}]}, at=1.0),
        ],
        polls(RUN, {**RUN, "model": "other"}),
        polls(RUN, {**RUN, "model": None}),
        [
            exchange("GET", f"{MESSAGES}/msg_1", MESSAGE),
            exchange("GET", f"{MESSAGES}/msg_1", {**MESSAGE, "content": REPLY["content"]}, at=1.0),
        ],
    ],
    "metadata-stays": lambda: [
        [
            created({**RUN, "metadata": {"a": "b"}}, {**MODEL, "metadata": {"a": "b"}}),
            *polls({**RUN, "metadata": {}}),
        ],
        [
            created(COMPLETED, MODEL),
            exchange(
                "POST",
                ONE_RUN,
                {**COMPLETED, "metadata": {"a": "b"}},
                request={"metadata": {"a": "b"}},
                at=5.0,
            ),
            *polls(COMPLETED, first=10.0),
        ],
    ],
    "created-can-be-read": lambda: [
        [created(RUN, MODEL), exchange("GET", ONE_RUN, {}, status=404, at=1.0)],
    ],
    "terminal-status-final": lambda: [polls(COMPLETED, RUN), polls(COMPLETED, FAILED)],
    "status-never-returns-to-queue": lambda: [polls(RUN, QUEUED)],
    "status-reachable": lambda: [polls({**RUN, "status": "cancelling"}, RUN)],
    "first-status": lambda: [[stream(run_event("in_progress"), run_event("completed"), DONE)]],
    "terminal-run-unchanged": lambda: [
        polls({**COMPLETED, "usage": {"totalTokens": 1}}, {**COMPLETED, "usage": {"totalTokens": 2}})
    ],
    "timestamp-fixed": lambda: [
        polls(
            {**RUN, "expiresAt": "2024-08-11T10:31:28.861Z"}, {**RUN, "expiresAt": "2024-08-11T10:32:28.861Z"}
        ),
        polls(RUN, {**RUN, "startedAt": "2024-08-11T10:21:40.000Z"}),
        polls(RUN, {**RUN, "startedAt": None}),
    ],
    "timestamp-of-status": lambda: [
        polls({**RUN, "status": "completed"}),
        polls({**COMPLETED, "startedAt": None}),
    ],
    "timestamp-contradiction": lambda: [
        polls({**COMPLETED, "failedAt": COMPLETED["completedAt"]}),
        polls({**RUN, "status": "queued"}),
        polls({**RUN, "completedAt": COMPLETED["completedAt"]}),
    ],
    "timestamps-ordered": lambda: [
        polls({**COMPLETED, "completedAt": "2024-08-11T10:21:28.870Z"}),
        polls({**RUN, "startedAt": "2024-08-11T10:21:28.000Z"}),
        polls({**RUN, "expiresAt": "2024-08-11T10:21:00.000Z"}),
    ],
    "timestamp-not-in-future": lambda: [[exchange("GET", ONE_RUN, RUN, wall=1.7e9)]],
    "created-now": lambda: [[created(RUN, MODEL, wall=1.8e9)]],
    "failed-says-why": lambda: [
        polls({**FAILED, "lastError": None}),
        polls({**COMPLETED, "lastError": {"code": "x", "message": "y"}}),
    ],
    "required-action-told": lambda: [
        polls({**WAITING, "requiredAction": None}),
        polls({**COMPLETED, "requiredAction": {"type": "submit_tool_outputs"}}),
    ],
    "run-ends": lambda: [[exchange("GET", ONE_RUN, RUN, intents=frozenset({Intent.LAST_POLL}))]],
    "creation-waits-for-the-run": lambda: [[created(QUEUED, MODEL)], [created(RUN, MODEL)]],
    "run-creation-answered": lambda: [[created({}, MODEL, status=0, error="ReadTimeout: timed out")]],
    "steps-agree-with-run": lambda: [
        [
            *polls(COMPLETED),
            exchange("GET", f"{ONE_RUN}/steps", page({**STEP, "status": "in_progress"}), at=5.0),
        ]
    ],
    "step-names-its-work": lambda: [
        [exchange("GET", f"{ONE_RUN}/steps", page({**STEP, "type": "tool_calls"}))]
    ],
    "usage-adds-up": lambda: [
        polls({**COMPLETED, "usage": {"promptTokens": 1, "completionTokens": 2, "totalTokens": 4}})
    ],
    "operation-offered": lambda: [
        [exchange("GET", "/threads/thread_1", THREAD), exchange("GET", RUNS, {}, status=404, at=1.0)],
        [exchange("POST", "/threads", {}, request={}, status=405)],
    ],
    "operation-tried": lambda: [[]],
    "unknown-id-is-404": lambda: [
        [exchange("GET", ONE_RUN, {}, status=400, intents=frozenset({Intent.UNKNOWN_ID}))]
    ],
    "stream-when-asked": lambda: [[created(RUN, {**MODEL, "stream": True})]],
    "json-when-asked": lambda: [
        [
            exchange(
                "POST", RUNS, request={**MODEL, "stream": False}, body=DONE, content_type="text/event-stream"
            )
        ]
    ],
    "stream-framing": lambda: [[stream(run_event("completed"), b'{"a": 1}\n\n', DONE)]],
    "stream-data-json": lambda: [[stream(event('{"a": '), DONE)], [stream(event("hello"), DONE)]],
    "stream-event-schema": lambda: [[stream(event({"a": 1}, "unknown.event"), DONE)]],
    "stream-run-schema": lambda: [[stream(run_event("completed", createdAt=7), DONE)]],
    "stream-done-once": lambda: [
        [stream(run_event("completed"))],
        [stream(run_event("completed"), DONE, DONE)],
        [stream(run_event("completed"), DONE, delta("x"))],
        [stream(run_event("in_progress"), cut=True)],
    ],
    "stream-closes": lambda: [[stream(run_event("completed"), DONE, cut=True)]],
    "stream-reaches-the-end": lambda: [[stream(run_event("in_progress"), DONE)], [stream()]],
    "values-stay-apart": lambda: [
        [
            created(RUN, {**MODEL, "instructions": "Be brief."}),
            created({**RUN, "id": "run_2", "instructions": "Be brief."}, MODEL),
        ]
    ],
    "stream-ends-after-the-run": lambda: [
        [stream(run_event("in_progress"), DONE), *polls(RUN, COMPLETED, first=10.0)]
    ],
    "stream-one-run": lambda: [[stream(run_event("queued"), run_event("completed", id="run_2"), DONE)]],
    "stream-statuses-forward": lambda: [
        [stream(run_event("completed"), run_event("failed"), DONE)],
        [stream(run_event("in_progress"), run_event("queued"), run_event("completed"), DONE)],
        [stream(run_event("completed"), run_event("completed"), DONE)],
    ],
    "stream-silent-after-end": lambda: [[stream(run_event("completed"), delta("late"), DONE)]],
    "stream-name-fits-data": lambda: [[stream(event(RUN, "thread.run.completed"), DONE)]],
    "stream-incremental": lambda: [
        [at_once(run_event("queued"), delta("x"), run_event("completed"))],
        [at_once(*LIFE)],
    ],
    "stream-deltas-add-up": lambda: [
        [stream(delta("Hello "), event(REPLY, "thread.message.completed"), run_event("completed"), DONE)]
    ],
    "stream-agrees-with-retrieve": lambda: [
        [stream(run_event("completed"), DONE), *polls(RUN, first=10.0)],
        [
            stream(event(REPLY, "thread.message.completed"), run_event("completed"), DONE),
            exchange("GET", f"{MESSAGES}/msg_2", {**REPLY, "content": MESSAGE["content"]}, at=10.0),
        ],
    ],
    "streamed-can-be-read": lambda: [
        [
            stream(event(REPLY, "thread.message.completed"), run_event("completed"), DONE),
            exchange("GET", MESSAGES, page(MESSAGE), at=10.0),
        ]
    ],
}
PURE = [check.slug for check in REGISTRY.values() if check.subject is not Service]


@pytest.mark.parametrize("slug", [slug for slug in PURE if slug != "operation-tried"])
def test_a_good_record_has_no_findings(slug: str) -> None:
    assert found(slug, good_record()) == []


@pytest.mark.parametrize("slug", PURE)
def test_a_check_finds_its_bad_record(slug: str) -> None:
    for record in BAD[slug]():
        assert [finding.slug for finding in found(slug, record)], record


def test_every_bad_record_belongs_to_a_check() -> None:
    assert set(BAD) == set(PURE)


def test_operations_that_were_not_requested_could_not_be_tried() -> None:
    assert {one.outcome for one in found("operation-tried", [])} == {Outcome.UNTRIED}


# Conforming variations, in which no check may fail.


@pytest.mark.parametrize(
    "record",
    [
        polls({**RUN, "completedAt": None}, COMPLETED),
        polls(QUEUED, RUN, WAITING, {**RUN, "status": "queued"}, RUN, COMPLETED),
        polls(FAILED, FAILED),
        polls(COMPLETED, {**COMPLETED, "createdAt": "2024-08-11T12:21:28.861+02:00"}),
        polls(COMPLETED, {**COMPLETED, "unknownField": [1], "metadata": {"added": "later"}}),
        [created({**RUN, "instructions": "Be brief. Be kind."}, {**MODEL, "instructions": "Be brief."})],
        [created(RUN, {**MODEL, "temperature": None, "metadata": {}, "assistantId": ""})],
        [created(RUN, {**MODEL, "temperature": "0.5", "maxPromptTokens": 4000.0})],
        [exchange("GET", f"{MESSAGES}?limit=1000", page(MESSAGE))],
        [error(429, {"code": "resource_exhausted", "message": "slow"}, headers={"Retry-After": "1"})],
        [exchange("GET", RUNS, {"object": "list", "data": []})],
        [exchange("GET", RUNS, {"object": "list"})],
        [exchange("GET", RUNS, {"data": None, "hasMore": None, "firstId": None})],
        [exchange("GET", f"{MESSAGES}/msg_1", {**MESSAGE, "content": [{"type": "text", "text": None}]})],
        [
            exchange(
                "GET", f"{MESSAGES}/msg_1", {**MESSAGE, "content": None, "attachments": [{"tools": None}]}
            )
        ],
        [exchange("GET", f"{MESSAGES}/msg_1", {**MESSAGE, "content": [{"type": "text", "text": {}}]})],
        [error(404, {"code": 5, "message": "not found", "details": []})],
        [stream(run_event("queued"), run_event("completed"), DONE, headers={"X": "y"})],
        [stream(event({**RUN, "status": "queued", "startedAt": None}), event(COMPLETED), DONE)],
        [stream(run_event("in_progress"), event({"code": "internal", "message": "x"}, "error"))],
        [at_once(*LIFE), stream(*LIFE, DONE, pace=1.0)],
        [replace(at_once(*LIFE), lag=2.0)],
        [
            created({**COMPLETED, "metadata": {"a": "b"}}, {**MODEL, "metadata": {"a": "b"}}),
            exchange(
                "POST", ONE_RUN, {**COMPLETED, "metadata": {"c": 1}}, request={"metadata": {"c": 1}}, at=5.0
            ),
            *polls({**COMPLETED, "metadata": {"c": 1}}, first=10.0),
        ],
        [replace(at_once(*LIFE), operation=document().operations["submitToolOutputs"])],
    ],
)
def test_conforming_variations_are_not_failures(record: list[Exchange]) -> None:
    assert [one for one in evaluate(history(record)) if one.severity() is Severity.FAILURE] == []


def test_a_broken_assumption_is_a_note_with_a_suggestion() -> None:
    record = [exchange("GET", ONE_RUN, {**FAILED, "lastError": {"code": "gpu_melted", "message": "hot"}})]
    (finding,) = found("response-schema", record)
    assert finding.grade is Grade.ASSUMED
    assert finding.severity() is Severity.NOTE
    assert finding.severity(Grade.ASSUMED) is Severity.FAILURE
    assert finding.suggests == 'lastError:\n  code:\n    type: string  # "gpu_melted"'


def test_a_thread_without_title_is_a_warning() -> None:
    record = [
        exchange("GET", "/threads/thread_1", {name: THREAD[name] for name in ("id", "object", "createdAt")})
    ]
    assert {one.severity() for one in found("response-schema", record)} == {Severity.WARNING}


def test_no_check_crashes_on_an_unexpected_response() -> None:
    shapes = [
        None,
        7,
        "x",
        [],
        {},
        [[]],
        {"data": 7},
        {"data": [7, {"id": 5}]},
        {"id": "a", "content": 5, "usage": 7},
    ]
    paths = [
        "/threads",
        "/threads/thread_1",
        MESSAGES,
        f"{MESSAGES}/msg_1",
        RUNS,
        ONE_RUN,
        f"{ONE_RUN}/steps",
    ]
    record = [
        exchange("GET", path, shape, at=float(number))
        for number, shape in enumerate(shapes)
        for path in paths
    ]
    record += [exchange("POST", RUNS, shape, request=shape) for shape in shapes]
    record += [stream(event(json.dumps(shape)), DONE) for shape in shapes]
    crashed = [one for one in evaluate(history(record)) if "unexpected shape" in one.seen]
    assert crashed == []


def test_a_curl_line_sends_the_key_without_showing_it() -> None:
    secret = exchange(
        "POST",
        RUNS,
        {},
        request=MODEL,
        request_headers=(("X-Tune-Key", "sk-tune-secret"), ("Content-Type", JSON)),
        secrets=Secrets("sk-tune-secret"),
    )
    assert "secret" not in secret.curl()
    assert '-H "X-Tune-Key: $TUNE_API_KEY"' in secret.curl()


def test_a_body_that_is_nested_too_deeply_to_be_read_may_be_json() -> None:
    deep = b'{"id": "thread_1", "metadata": ' + b'{"n": ' * 150 + b"1" + b"}" * 151
    assert found("body-is-json", [exchange("GET", "/threads/thread_1", body=deep)]) == []


@pytest.mark.parametrize(
    ("sent", "shown", "fits"),
    [
        ([{"a": 0, "b": [False], "c": "x"}], [{"b": [False], "c": "x"}], True),
        ([{"a": [0, 1, False], "b": 0}], [{"a": [None, 1, None], "b": None}], True),
        ([{"a": "", "c": {"d": {}}}], [{"a": None, "c": {"d": {"value": "", "list": []}}}], True),
        ([{"function": {"parameters": {"minimum": 0}}}], [{"function": {"parameters": {}}}], False),
        ([{"a": 1}], [{"a": 2}], False),
        ([{"a": "x"}], [], False),
    ],
)
def test_what_says_nothing_may_be_left_out_or_filled_in(sent: object, shown: object, fits: bool) -> None:
    record = created({**RUN, "tools": shown}, {**MODEL, "tools": sent})
    assert (found("asked-is-echoed", [record]) == []) is fits


def test_an_entry_of_metadata_is_kept_although_it_is_zero() -> None:
    record = created({**RUN, "metadata": {"b": "x"}}, {**MODEL, "metadata": {"a": 0, "b": "x"}})
    assert found("asked-is-echoed", [record])


@pytest.mark.parametrize("offered", [False, True])
def test_a_router_may_answer_404_where_nothing_is_offered(offered: bool) -> None:
    steps = f"{ONE_RUN}/steps"
    record = [exchange("GET", steps, {}, status=404, intents=[Intent.UNAUTHENTICATED])]
    record += [exchange("GET", steps, page(STEP), at=1.0)] if offered else []
    assert bool(found("unauthenticated-is-401", record)) is offered


@pytest.mark.parametrize("keeps", [False, True])
def test_a_service_that_keeps_a_reference_drops_none(keeps: bool) -> None:
    named = [{"fileId": "file_1"}]
    record = [exchange("POST", MESSAGES, MESSAGE, request={**ASKED, "attachments": named})]
    resources = {"codeInterpreter": {"fileIds": ["file_1"]}}
    thread = {**THREAD, "toolResources": resources if keeps else {}}
    record += [exchange("POST", "/threads", thread, request={"toolResources": resources}, at=1.0)]
    grades = {finding.grade for finding in found("references-kept", record)}
    assert grades == {Grade.DOCUMENTED if keeps else Grade.OBSERVED}

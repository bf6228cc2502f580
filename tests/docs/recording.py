"""What does a browser save of a conversation with a mock? A HAR file as its developer tools export it."""

import json

import httpx

from tests.docs.workshop import KEY


def har(base: str) -> str:
    """A recording of a thread, a message and a streamed run."""
    with httpx.Client(headers={"X-Tune-Key": KEY}) as client:
        thread = client.post(f"{base}/threads", json={"title": "Recorded"})
        path = f"{base}/threads/{thread.json()['id']}"
        message = client.post(f"{path}/messages", json={"role": "user", "content": "Hello"})
        run = client.post(f"{path}/runs", json={"model": "mock/instant", "stream": True})
    entries = [_entry(answer) for answer in (thread, message, run)]
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": entries}}
    )


def _entry(answer: httpx.Response) -> dict[str, object]:
    request = answer.request
    return {
        "startedDateTime": "2025-01-01T00:00:00.000Z",
        "time": 10,
        "request": {
            "method": request.method,
            "url": str(request.url),
            "headers": _headers(request.headers),
            "postData": {"mimeType": "application/json", "text": request.content.decode()},
        },
        "response": {
            "status": answer.status_code,
            "headers": _headers(answer.headers),
            "content": {"mimeType": answer.headers["content-type"], "text": answer.text},
        },
    }


def _headers(headers: httpx.Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]

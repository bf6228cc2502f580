"""How fast is a minimal Python server? Starlette handlers without validation and without state.

`python -m benchmarks.bare DOCUMENT PORT` serves the examples of the document.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

EVENTS = 20
EVENT_GAP = 0.125


def _application(examples: dict[str, Any]) -> Starlette:
    run, runs = examples["RunCompleted"]["value"], examples["RunList"]["value"]
    event = b"event: thread.run.created\ndata: %b\n\n" % json.dumps(run).encode()

    async def events() -> AsyncIterator[bytes]:
        for _ in range(EVENTS):
            yield event
            await asyncio.sleep(EVENT_GAP)
        yield b"data: [DONE]\n\n"

    async def create(request: Request) -> Response:
        body = await request.json()
        if body.get("stream"):
            return StreamingResponse(events(), media_type="text/event-stream")
        return JSONResponse(run)

    async def retrieve(request: Request) -> Response:
        return JSONResponse(run)

    async def page(request: Request) -> Response:
        return JSONResponse(runs)

    runs_path = "/v1/threads/{thread}/runs"
    return Starlette(
        routes=[
            Route(runs_path, create, methods=["POST"]),
            Route(runs_path, page, methods=["GET"]),
            Route(runs_path + "/{run}", retrieve, methods=["GET"]),
        ]
    )


def main() -> None:
    """Serve until the process is stopped."""
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    application = _application(document["components"]["examples"])
    uvicorn.run(application, port=int(sys.argv[2]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

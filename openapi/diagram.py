"""Answers: what does a lifecycle of the document look like?"""

from typing import Any


def lifecycle_diagram(document: dict[str, Any], schema: str = "RunStatus") -> str:
    """The Mermaid state diagram of the `x-lifecycle` that stands beside the enum of `schema`.

    Raises `KeyError` when the document has no such schema or the schema no lifecycle.
    """
    lifecycle = document["components"]["schemas"][schema]["x-lifecycle"]
    lines = ["stateDiagram-v2", f"    [*] --> {lifecycle['initial']}"]
    for status, facts in lifecycle["statuses"].items():
        lines += [f"    {status} --> {follower}" for follower in facts["next"]]
        if facts.get("terminal"):
            lines.append(f"    {status} --> [*]")
    return "\n".join(lines)

"""What does a lifecycle look like as a diagram?"""

from typing import Any


def lifecycle_diagram(document: dict[str, Any], schema: str = "RunStatus") -> str:
    """Return the Mermaid state diagram of the `x-lifecycle` of a component schema.

    Raises `KeyError` if the document does not contain the schema, or the schema has no lifecycle.
    """
    lifecycle = document["components"]["schemas"][schema]["x-lifecycle"]
    lines = ["stateDiagram-v2", f"    [*] --> {lifecycle['initial']}"]
    for status, facts in lifecycle["statuses"].items():
        lines += [f"    {status} --> {follower}" for follower in facts["next"]]
        if facts.get("terminal"):
            lines.append(f"    {status} --> [*]")
    return "\n".join(lines)

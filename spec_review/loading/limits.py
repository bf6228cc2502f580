"""How large may a document be? What exceeds a limit is refused before it costs time or memory."""

MAX_BYTES = 64 * 2**20
"""The largest file."""

MAX_DEPTH = 400
"""The deepest nesting of mappings and lists."""

MAX_VALUES = 5_000_000
"""The most values in a file, each alias counted with everything it stands for."""

MAX_FILES = 5_000
"""The most files that one document or directory consists of."""

MAX_GROUPS = 100
"""The deepest nesting of groups in a pattern."""

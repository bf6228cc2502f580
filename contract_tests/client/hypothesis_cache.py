"""What does hypothesis compute again in every process or thread, and how is that avoided?

Nothing here changes what hypothesis generates. A version of hypothesis with other names computes the values
itself.
"""

import gzip
import json
import sys
import unicodedata
from importlib import import_module
from pathlib import Path

_SURROGATES = (0xD800, 0xDFFF)
# Hypothesis parses the whole source file of a lambda in order to print it, and caches the result here.
_CACHES = ("LAMBDA_DIGEST_DESCRIPTION_CACHE", "AST_LAMBDAS_CACHE")


def write_charmap(storage: Path) -> None:
    """Write the table of characters that UTF-8 can encode. It takes hypothesis a second to compute.

    `storage` is the new storage directory of hypothesis.
    """
    first, last = _SURROGATES
    encodable = [(0, first - 1), (last + 1, sys.maxunicode)]
    path = storage / "unicode_data" / unicodedata.unidata_version / "codec-v2-utf-8.json.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps([encodable, []]).encode()))


def share_lambda_caches() -> None:
    """Make all threads share one cache of parsed files. Each schemathesis engine has threads of its own."""
    try:
        sources = import_module("hypothesis.internal.lambda_sources")
    except ImportError:
        return
    for name in _CACHES:
        if not isinstance(getattr(sources, name, {}), dict):
            setattr(sources, name, {})

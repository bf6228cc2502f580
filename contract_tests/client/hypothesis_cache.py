"""What would hypothesis work out anew in every process, or every thread, with the same answer each time?

Nothing here changes what is drawn, only how soon: where a version of hypothesis names a thing otherwise, it
works it out itself.
"""

import gzip
import json
import sys
import unicodedata
from importlib import import_module
from pathlib import Path

_SURROGATES = (0xD800, 0xDFFF)
# How hypothesis shows a lambda it finds by parsing the whole file that the lambda stands in.
_CACHES = ("LAMBDA_DIGEST_DESCRIPTION_CACHE", "AST_LAMBDAS_CACHE")


def tell_what_utf_8_encodes(storage: Path) -> None:
    """Lay down which characters UTF-8 has, which takes a second to find by trying them all.

    `storage` is a new directory that hypothesis is to keep its things in.
    """
    first, last = _SURROGATES
    encodable = [(0, first - 1), (last + 1, sys.maxunicode)]
    path = storage / "unicode_data" / unicodedata.unidata_version / "codec-v2-utf-8.json.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps([encodable, []]).encode()))


def share_parsed_sources() -> None:
    """Let all threads have one memory of parsed files: each engine of schemathesis has threads of its own."""
    try:
        sources = import_module("hypothesis.internal.lambda_sources")
    except ImportError:
        return
    for name in _CACHES:
        if not isinstance(getattr(sources, name, {}), dict):
            setattr(sources, name, {})

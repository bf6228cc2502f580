"""What does hypothesis compute again in every process, and how is that avoided?

Nothing here changes what hypothesis generates. A version of hypothesis that looks for another file computes
the values itself. This is the only module that knows anything private of schemathesis or hypothesis.
"""

import gzip
import json
import sys
import unicodedata
from pathlib import Path

_SURROGATES = (0xD800, 0xDFFF)


def write_charmap(storage: Path) -> None:
    """Write the table of characters that UTF-8 can encode. It takes hypothesis a second to compute.

    `storage` is the new storage directory of hypothesis.
    """
    first, last = _SURROGATES
    encodable = [(0, first - 1), (last + 1, sys.maxunicode)]
    path = storage / "unicode_data" / unicodedata.unidata_version / "codec-v2-utf-8.json.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps([encodable, []]).encode()))

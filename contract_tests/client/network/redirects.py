"""Does a response redirect to the same resource?"""

import httpx

from contract_tests.observations.exchange import Exchange


def slash_moved(exchange: Exchange) -> str:
    """Where a GET is redirected with or without the final slash of its path, empty if it is not.

    Such a redirect stays on the same server, so that the request may be repeated with its headers.
    """
    if exchange.method != "GET" or exchange.status not in (301, 302, 307, 308):
        return ""
    try:
        asked, found = httpx.URL(exchange.url), httpx.URL(exchange.url).join(exchange.header("location"))
    except (httpx.InvalidURL, ValueError):
        return ""
    paths = [url.raw_path.partition(b"?")[0] for url in (asked, found)]
    same = (asked.scheme, asked.netloc, asked.query) == (found.scheme, found.netloc, found.query)
    moved = paths[0] != paths[1] and paths[0].rstrip(b"/") == paths[1].rstrip(b"/")
    return str(found) if same and moved else ""

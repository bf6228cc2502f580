"""Which cookies does the client keep? None: a session cookie would stand for the key in later requests."""

from http.cookiejar import CookieJar
from typing import Any


class NoCookies(CookieJar):
    """A jar that stays empty. A `Cookie` header that a request has of its own is sent."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Keep nothing of a response."""

    def add_cookie_header(self, request: Any) -> None:
        """Add nothing to a request."""

"""Which fixtures do the tests against hostile clients share with the tests of the mock?"""

from tests.mock_server.conftest import _trust_the_document, make_mock

__all__ = ["_trust_the_document", "make_mock"]

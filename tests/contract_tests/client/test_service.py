"""Does the checker go on when an id of a deployment fits into no URL?"""

from pathlib import Path

import pytest

from contract_tests.client.service import Inconclusive, Service
from tests.contract_tests.client.test_client import talking_to


def test_an_id_that_fits_into_no_url_is_inconclusive(tmp_path: Path) -> None:
    with talking_to(lambda handler: handler.reply(200, b"{}"), tmp_path) as client:
        service = Service(client)
        with pytest.raises(Inconclusive, match="fits into no URL"):
            service.request("getThread", path={"threadId": "\\" * 100_000})

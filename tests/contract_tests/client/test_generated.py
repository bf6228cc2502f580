"""Does schemathesis generate requests, by its public names alone, that our client sends and records?"""

import time
from pathlib import Path
from typing import Any

import pytest

from contract_tests.client.concurrency import Workers
from contract_tests.client.generated import Generator
from contract_tests.observations.exchange import Intent
from contract_tests.session.scheduler import Scheduler
from contract_tests.settings import Settings
from tests.together.deployment import KEY, Deployment
from tests.together.serve import serving


def test_valid_and_invalid_requests_and_links_are_sent_and_recorded(tmp_path: Path) -> None:
    with serving(Deployment()) as url:
        scheduler = Scheduler(Settings(url=url, key=KEY), tmp_path, time.time())
        try:
            thread = scheduler.service.fresh_thread()
            generator = Generator(scheduler.service, {"threadId": thread}, runs=3, drawing=Workers(1))
            assert generator.operation("modifyThread") >= 2
            assert generator.links() > 0
            sent = [one for one in scheduler.record.exchanges if Intent.GENERATED in one.intents]
            statuses = {one.status for one in sent if one.generated_for == "modifyThread"}
            assert 200 in statuses
            assert any(400 <= status < 500 for status in statuses)
            assert {one.generated_for for one in sent} == {"modifyThread", "links"}
        finally:
            scheduler.close()


def test_cases_are_drawn_again_when_the_library_loses_a_race(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, tries = Generator._drawn, []

    def unlucky(self: Generator, *arguments: Any) -> Any:
        tries.append(arguments)
        if len(tries) == 1:
            raise RuntimeError("dictionary changed size during iteration")
        return draw(self, *arguments)

    monkeypatch.setattr(Generator, "_drawn", unlucky)
    with serving(Deployment()) as url:
        scheduler = Scheduler(Settings(url=url, key=KEY), tmp_path, time.time())
        try:
            ids = {"threadId": scheduler.service.fresh_thread()}
            generator = Generator(scheduler.service, ids, 0, Workers(1))
            assert generator.operation("getThread") >= 1
        finally:
            scheduler.close()
    assert len(tries) == 3

"""Answers: how does a program get a mock server?"""

from mock_server.app import create_app
from mock_server.clock import ManualClock, RealClock
from mock_server.settings import Settings

__all__ = ["ManualClock", "RealClock", "Settings", "create_app"]

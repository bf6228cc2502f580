"""What does `tune-mock` print when it starts?"""

from collections.abc import Mapping

from mock_server.settings import SAMPLE_KEY, Settings
from mock_server.simulation.scenario import Scenario

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that stand for all addresses of the machine, and one at which it can be reached locally."""


def banner(
    settings: Settings, port: int, seed: str, scenarios: Mapping[str, Scenario], base_path: str
) -> str:
    """The base URL, a key, three commands to copy, and the scenarios."""
    named = _WILDCARDS.get(settings.host, settings.host)
    host = f"[{named}]" if ":" in named else named
    root = f"http://{host}:{port}"
    url = f"{root}{base_path}"
    key = settings.keys[0] if settings.keys else SAMPLE_KEY
    any_key = "" if settings.keys else " (any non-empty key is accepted)"
    head = f"-H 'X-Tune-Key: {key}' -H 'Content-Type: application/json'"
    control = f"{root}/_mock" if settings.workers == 1 else "not available with several workers"
    return f"""\
tune-mock is listening on {url}
  key        {key}{any_key}
  reference  {root}/docs
  control    {control}
  seed       {seed}

Create a thread, post a message, and stream the answer:
  curl {url}/threads {head} -d '{{"title": "My first thread"}}'
  curl {url}/threads/my-thread/messages {head} -d '{{"role": "user", "content": "Hello!"}}'
  curl -N {url}/threads/my-thread/runs {head} -d '{{"model": "acme/any-model", "stream": true}}'

Scenarios (select one with -H 'Prefer: scenario=NAME'; default: {settings.scenario}):
{scenario_lines(scenarios)}
"""


def scenario_lines(scenarios: Mapping[str, Scenario]) -> str:
    """One line for each scenario: its name and summary."""
    width = max(len(name) for name in scenarios)
    return "\n".join(f"  {name:<{width}}  {scenario.summary}" for name, scenario in sorted(scenarios.items()))

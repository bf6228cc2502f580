"""What does a user find at the start?"""

from collections.abc import Mapping

from mock_server.settings import SAMPLE_KEY, Settings
from mock_server.simulation.scenario import Scenario

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean all of the machine's, and the one under which the machine finds itself."""


def banner(
    settings: Settings, port: int, seed: str, scenarios: Mapping[str, Scenario], base_path: str
) -> str:
    """The address, a key, three commands to copy, the scenarios."""
    named = _EVERYWHERE.get(settings.host, settings.host)
    host = f"[{named}]" if ":" in named else named
    root = f"http://{host}:{port}"
    url = f"{root}{base_path}"
    key = settings.keys[0] if settings.keys else SAMPLE_KEY
    any_key = "" if settings.keys else " (any other works too)"
    head = f"-H 'X-Tune-Key: {key}' -H 'Content-Type: application/json'"
    control = f"{root}/_mock" if settings.workers == 1 else "none: it needs a single process"
    return f"""\
tune-mock serves {url}
  key        {key}{any_key}
  reference  {root}/docs
  control    {control}
  seed       {seed}

Copy, say something, and read the answer as it is written:
  curl {url}/threads {head} -d '{{"title": "My first thread"}}'
  curl {url}/threads/my-thread/messages {head} -d '{{"role": "user", "content": "Hello!"}}'
  curl -N {url}/threads/my-thread/runs {head} -d '{{"model": "acme/any-model", "stream": true}}'

Scenarios (choose one with -H 'Prefer: scenario=NAME'; default: {settings.scenario}):
{scenario_lines(scenarios)}
"""


def scenario_lines(scenarios: Mapping[str, Scenario]) -> str:
    """Each scenario with its summary."""
    width = max(len(name) for name in scenarios)
    return "\n".join(f"  {name:<{width}}  {scenario.summary}" for name, scenario in sorted(scenarios.items()))

"""Which options does `tune-mock` have, and what does it do?"""

import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from mock_server.settings import DEFAULT_SCENARIO, SAMPLE_KEY, Settings

PREFIX = "TUNE_MOCK"
_ORIGIN = re.compile(r"null|[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@]+")


def _number(speed: float) -> float:
    if math.isnan(speed):
        raise click.BadParameter("nan is not a number.")
    return speed


def _origins(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Check that origins are written as browsers send them. Only `--cors-origin` accepts `*`."""
    every = parameter.name == "cors_origins"
    for origin in given:
        if not (_ORIGIN.fullmatch(origin) or (every and origin == "*")):
            form = "scheme://host or scheme://host:port, without a path"
            raise click.BadParameter(f"{origin!r} is not {'* or ' if every else ''}{form}.")
    return tuple(origin.lower() for origin in given)


@click.command(context_settings={"auto_envvar_prefix": PREFIX, "help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=4010,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 selects a free port.",
)
@click.option(
    "--key",
    "keys",
    envvar=f"{PREFIX}_KEY",
    multiple=True,
    help="Key to accept; repeatable. A missing or invalid key is rejected with 401. Default: any non-empty"
    f" key, such as {SAMPLE_KEY}.",
)
@click.option("--scenario", default=DEFAULT_SCENARIO, show_default=True, help="Default scenario.")
@click.option(
    "--create",
    type=click.Choice(["blocking", "background"]),
    default="blocking",
    show_default=True,
    help="How creating a run without stream answers: blocking waits until the run is requires_action or"
    " terminal; background returns the queued run at once.",
)
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 10_000),
    callback=lambda _, __, speed: _number(speed),
    help="Speed of the runs: 2 is twice as fast, 0 is instant.",
)
@click.option(
    "--clock",
    type=click.Choice(["real", "manual"]),
    default="real",
    show_default=True,
    help="real: time passes. manual: time is frozen until a control call moves it.",
)
@click.option(
    "--seed", default="", help="Seed of ids, delta sizes and delta times. Default: a new seed at each start."
)
@click.option(
    "--strict-threads",
    is_flag=True,
    help="Reject runs and messages in threads that do not exist, instead of creating the threads.",
)
@click.option(
    "--concurrent-runs", is_flag=True, help="Allow new runs and messages in a thread that has an active run."
)
@click.option(
    "--cors-origin",
    "cors_origins",
    envvar=f"{PREFIX}_CORS_ORIGIN",
    multiple=True,
    callback=_origins,
    help="Origin whose pages may call the API; repeatable. Default: all origins.",
)
@click.option(
    "--control-origin",
    "control_origins",
    envvar=f"{PREFIX}_CONTROL_ORIGIN",
    multiple=True,
    callback=_origins,
    help="Other origin whose pages may make control calls; repeatable. Default: none.",
)
@click.option(
    "--control-token",
    default="",
    help="Bearer token for control calls; required unless listening on loopback.",
)
@click.option(
    "--scenarios",
    type=click.Path(exists=True, file_okay=False, readable=True, path_type=Path),
    help="Directory with your own scenarios. Changed files are reloaded.",
)
@click.option(
    "--self-check",
    is_flag=True,
    help="Check every response against the document; a response that does not match becomes a 500.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of worker processes; they share all state. Control calls need a single process.",
)
@click.option(
    "--store",
    default="",
    help="Where state is kept: memory (single process only), or the path of a file. Default: memory; with"
    " several workers, a temporary file.",
)
@click.option(
    "--max-runs",
    default=100_000,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="Keep at most N runs; the oldest finished ones are evicted.",
)
@click.option("--quiet", is_flag=True, help="Do not log requests.")
@click.option(
    "--list", "list_them", is_flag=True, allow_from_autoenv=False, help="List the scenarios and exit."
)
@click.version_option(package_name="tune-contract", prog_name="tune-mock")
def command(list_them: bool, **options: Any) -> int:
    """Serve a mock of the Tune Studio run API, with canned lifecycles of runs."""
    options["cors_origins"] = options["cors_origins"] or ("*",)
    if any(not key.strip() for key in options["keys"]):
        raise click.UsageError("--key: a key cannot be empty")
    options["store"] = _store(options["store"], options["workers"], options["clock"])
    return _run(Settings(**options), list_them)


def _store(where: str, workers: int, clock: str) -> Path | None:
    """The path of the store; None for memory."""
    if workers > 1 and where == "memory":
        raise click.UsageError("--store: memory needs a single process; name a file, or omit --store")
    if workers > 1 and clock == "manual":
        raise click.UsageError(
            "--clock: manual needs control calls, which need a single process; omit --workers"
        )
    return None if where in ("", "memory") else Path(where)


def _run(settings: Settings, list_them: bool) -> int:
    # Imported here to keep --help and --version fast.
    import openapi
    from mock_server.app import application, build, create_sandboxes
    from mock_server.banner import banner, scenario_lines
    from mock_server.server.server import listen_together, serve

    try:
        document = openapi.load()
        sandboxes = create_sandboxes(settings, document=document)
        settings = replace(settings, seed=sandboxes.shared.seed)
        scenarios, seed = sandboxes.shared.library.scenarios(), sandboxes.shared.seed
        if list_them:
            click.echo(scenario_lines(scenarios))
            return 0
        listening = listen_together(settings.host, settings.port, settings.workers)
    except (OSError, ValueError) as error:
        click.echo(f"tune-mock: {error}", err=True)
        return 2
    port = listening[0].getsockname()[1]
    click.echo(banner(settings, port, seed, scenarios, "/v1"))
    if settings.workers > 1:
        from mock_server.server.workers import serve_together

        return serve_together(settings, partial(build, document, sandboxes.shared.clock), listening)
    return serve(application(sandboxes, document), sandboxes, listening[0])


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        return int(command.main(argv, prog_name="tune-mock", standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        message = error.format_message().replace("\n", " ")
        click.echo(f"tune-mock: {message}", err=True)
        return 2
    except Exception as error:
        message = " ".join(f"{type(error).__name__}: {error}".split())
        click.echo(f"tune-mock: internal error: {message}; please report it with this line", err=True)
        return 4

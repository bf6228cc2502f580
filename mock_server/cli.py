"""What can be said on the command line?"""

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
    """Origins as browsers send them; `*` is for the API alone."""
    every = parameter.name == "cors_origins"
    for origin in given:
        if not (_ORIGIN.fullmatch(origin) or (every and origin == "*")):
            form = "scheme://host or scheme://host:port, without a path"
            raise click.BadParameter(f"{origin!r} is not {'* or ' if every else ''}{form}.")
    return tuple(origin.lower() for origin in given)


@click.command(context_settings={"auto_envvar_prefix": PREFIX, "help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option(
    "--key",
    "keys",
    envvar=f"{PREFIX}_KEY",
    multiple=True,
    help=f"A key to accept, repeatable. Without it any key, as {SAMPLE_KEY}.",
)
@click.option(
    "--scenario", default=DEFAULT_SCENARIO, show_default=True, help="What a run plays if nobody chooses."
)
@click.option(
    "--create",
    type=click.Choice(["blocking", "background"]),
    default="blocking",
    show_default=True,
    help="Whether creating a run answers once it waits for nobody, or at once.",
)
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 10_000),
    callback=lambda _, __, speed: _number(speed),
    help="Times as fast; 0 is at once.",
)
@click.option(
    "--clock",
    type=click.Choice(["real", "manual"]),
    default="real",
    show_default=True,
    help="Whether time passes, or stands until a control call moves it.",
)
@click.option("--seed", default="", help="Repeats ids, pace and pieces. Without it, a new one at each start.")
@click.option(
    "--strict-threads", is_flag=True, help="Refuse runs and messages in threads that nobody created."
)
@click.option(
    "--concurrent-runs", is_flag=True, help="Allow runs and messages in a thread while a run is active there."
)
@click.option(
    "--cors-origin",
    "cors_origins",
    envvar=f"{PREFIX}_CORS_ORIGIN",
    multiple=True,
    callback=_origins,
    help="An origin whose pages may call, repeatable. Default: all.",
)
@click.option(
    "--control-origin",
    "control_origins",
    envvar=f"{PREFIX}_CONTROL_ORIGIN",
    multiple=True,
    callback=_origins,
    help="An origin whose pages may make control calls, repeatable. Default: none.",
)
@click.option(
    "--control-token",
    default="",
    help="Control calls need it; without it there are none but on a loopback address.",
)
@click.option(
    "--scenarios",
    type=click.Path(exists=True, file_okay=False, readable=True, path_type=Path),
    help="A directory of your own scenarios; read again when its files change.",
)
@click.option(
    "--self-check", is_flag=True, help="Check every answer against the document; a wrong one becomes a 500."
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that serve the port together; without control calls if there are several.",
)
@click.option(
    "--store",
    default="",
    help="Where everything is kept: memory (one process), or the path of a file. Default: memory, or for"
    " several processes a file that goes with them.",
)
@click.option(
    "--max-runs",
    default=100_000,
    show_default=True,
    type=click.IntRange(1),
    help="Of more runs, the oldest that are over are forgotten.",
)
@click.option("--quiet", is_flag=True, help="No line for each request.")
@click.option(
    "--list", "list_them", is_flag=True, allow_from_autoenv=False, help="List the scenarios and exit."
)
@click.version_option(package_name="tune-contract", prog_name="tune-mock")
def command(list_them: bool, **options: Any) -> int:
    """Serve the Tune Studio run API with canned lifecycles."""
    options["cors_origins"] = options["cors_origins"] or ("*",)
    if any(not key.strip() for key in options["keys"]):
        raise click.UsageError("--key: a key cannot be empty")
    options["store"] = _store(options["store"], options["workers"], options["clock"])
    return _run(Settings(**options), list_them)


def _store(where: str, workers: int, clock: str) -> Path | None:
    """The file of the store, if it is one."""
    if workers > 1 and where == "memory":
        raise click.UsageError("--store: memory serves one process; name a file, or leave --store away")
    if workers > 1 and clock == "manual":
        raise click.UsageError(
            "--clock: manual needs control calls, which need one process; leave --workers away"
        )
    return None if where in ("", "memory") else Path(where)


def _run(settings: Settings, list_them: bool) -> int:
    # Imported here so that --help and --version answer at once.
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
    """Run the command; the exit code."""
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

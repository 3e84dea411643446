"""`tts serve`: speech over HTTP, WebSocket and Wyoming, and a page for the browser."""

from __future__ import annotations

import ipaddress
import logging
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from tts import extras
from tts.cli import flags
from tts.cli.console import report, warn
from tts.config import API_KEY
from tts.options import VoiceOptions

_NETWORK, _LIMITS = "Network", "Limits"

Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen at.", rich_help_panel=_NETWORK)]
Port = Annotated[
    int,
    typer.Option("--port", "-p", metavar="N", min=0, max=65535, help="Port to listen at.", rich_help_panel=_NETWORK),
]
Wyoming = Annotated[
    list[str] | None,
    typer.Option(
        "--wyoming",
        metavar="URI",
        help="Also serve Wyoming, for Home Assistant: tcp://HOST:PORT or unix://PATH. Repeatable.",
        rich_help_panel=_NETWORK,
    ),
]
Zeroconf = Annotated[
    str | None,
    typer.Option(
        "--zeroconf",
        metavar="NAME",
        help="Announce Wyoming on the local network under this name, by mDNS (needs the package zeroconf). "
        "Addresses of this machine alone are not announced.",
        show_default="not announced",
        rich_help_panel=_NETWORK,
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        metavar="KEY",
        envvar=API_KEY.variable,
        help="Refuse requests without this key, as a bearer token.",
        rich_help_panel=_NETWORK,
    ),
]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="Another host name by which clients address this server. Repeatable.",
        rich_help_panel=_NETWORK,
    ),
]
AllowOrigins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        metavar="URL",
        help="Origin of a page elsewhere that may ask (CORS): https://example.org. Repeatable.",
        rich_help_panel=_NETWORK,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Number of processes that speak.",
        show_default="one per core",
        rich_help_panel=_LIMITS,
    ),
]
MostWaiting = Annotated[
    int,
    typer.Option(
        "--queue",
        metavar="N",
        min=0,
        help="Requests that may wait; beyond them clients are told to come back.",
        rich_help_panel=_LIMITS,
    ),
]
MostCharacters = Annotated[
    int,
    typer.Option("--max-characters", metavar="N", min=1, help="Longest text of a request.", rich_help_panel=_LIMITS),
]
RequestSeconds = Annotated[
    float,
    typer.Option("--request-timeout", metavar="SEC", min=1, help="Longest time of a request.", rich_help_panel=_LIMITS),
]
VoiceMemory = Annotated[
    int,
    typer.Option(
        "--voice-memory",
        metavar="MB",
        min=1,
        help="Size of the voices that each worker keeps loaded; the one used least recently goes first.",
        rich_help_panel=_LIMITS,
    ),
]
LogTexts = Annotated[
    bool,
    typer.Option("--log-texts", help="Write the texts to the log; otherwise none is.", rich_help_panel=_LIMITS),
]


@flags.option_flags(without=("vocoder", "acoustic", "speaker", "threads"))
def serve(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    wyoming: Wyoming = None,
    zeroconf: Zeroconf = None,
    api_key: ApiKey = None,
    allow_host: AllowHosts = None,
    allow_origin: AllowOrigins = None,
    voice_options: VoiceOptions,
    workers: Workers = None,
    queue: MostWaiting = 256,
    max_characters: MostCharacters = 100_000,
    request_timeout: RequestSeconds = 600.0,
    voice_memory: VoiceMemory = 1000,
    log_texts: LogTexts = False,
    quiet: flags.Quiet = False,
) -> None:
    """Serve speech: an API like OpenAI's, a page for the browser, and Wyoming for Home Assistant."""
    extras.require("server", "The server")
    flags.check_voice(voice_options)

    from tts.batch.settings import WorkerSetup
    from tts.batch.workers import default_worker_count
    from tts.config import voice_aliases
    from tts.server.engine import EngineSettings
    from tts.server.http import ServerSettings
    from tts.server.requests import Naming
    from tts.server.run import Address, run_server
    from tts.server.security import Rules

    if not _is_loopback(host) and api_key is None:
        warn(f"anyone who can reach {host}:{port} can use this server: set --api-key, or listen at 127.0.0.1")
    setup = WorkerSetup(
        device=voice_options.device,
        runtime=voice_options.runtime,
        precision=voice_options.precision,
        lexicon=voice_options.lexicon,
        system_espeak=voice_options.system_espeak,
    )
    engine = EngineSettings(
        workers=workers or default_worker_count(voice_options.device),
        setup=setup,
        preloaded=(voice_options.voice,),
        voice_bytes=voice_memory * 1_000_000,
        most_waiting=queue,
        request_seconds=request_timeout,
    )
    settings = ServerSettings(
        naming=Naming(voice_options.voice, voice_aliases()),
        rules=Rules(api_key, tuple(allow_host or ()), tuple(allow_origin or ())),
        most_characters=max_characters,
        log_texts=log_texts,
    )
    logging.basicConfig(stream=sys.stderr, format="tts: %(message)s", level=logging.INFO if log_texts else "WARNING")

    def announce(url: str, addresses: Sequence[str]) -> None:
        if not quiet:
            for address in addresses:
                report(f"Wyoming at {address}")
            report(f"listening at {url} (the page, and {url}/v1 for programs); Ctrl-C ends it")

    received = run_server(Address(host, port), engine, settings, tuple(wyoming or ()), zeroconf, announce)
    if received == signal.SIGINT:
        raise typer.Exit(128 + signal.SIGINT)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

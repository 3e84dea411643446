"""Wyoming, the protocol of Home Assistant: the voices, and speech for a whole text or one that arrives in pieces."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_read_event, async_write_event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeTextFormat,
    SynthesizeVoice,
)

import tts
from tts.errors import TtsError, UsageError
from tts.options import SynthesisOptions
from tts.server.engine import Engine, Speech
from tts.server.requests import Naming
from tts.server.speech import SpeechRequest
from tts.server.voices import speaking_voices
from tts.text.language_codes import bcp47
from tts.voice.manifest import VoiceManifest

_WIDTH = 2
_CHUNK_BYTES = 2048
_MOST_EVENT_BYTES = 1_000_000

logger = logging.getLogger("tts.server")


@asynccontextmanager
async def wyoming_servers(
    uris: Sequence[str], engine: Engine, naming: Naming, most_characters: int, zeroconf: str | None = None
) -> AsyncIterator[list[str]]:
    """Servers at tcp://HOST:PORT or unix://PATH while the block runs; yields their addresses.

    Those that other machines can reach are announced by mDNS under the name `zeroconf`, None: not at all.

    Raises:
        UsageError: an address is of another kind.
        TtsError: it is in use.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Client(reader, writer, engine, naming, most_characters).run()

    async with AsyncExitStack() as stack:
        addresses = []
        for uri in uris:
            server = await _listen(uri, serve)
            await stack.enter_async_context(server)
            host, port = (server.sockets[0].getsockname()[:2]) if uri.startswith("tcp") else (uri[7:], 0)
            addresses.append(f"tcp://{host}:{port}" if port else uri)
            if zeroconf is not None and port and not _is_loopback(host):
                await stack.enter_async_context(_announced(zeroconf, host, port))
        yield addresses


def program() -> Info:
    """What clients are told: one program, with every installed voice and its speakers."""
    maker = Attribution(name="utter-tts", url="https://pypi.org/project/utter-tts/")
    voices = [
        TtsVoice(
            name=voice.name,
            attribution=Attribution(name=voice.provenance[:200] or maker.name, url=maker.url),
            installed=True,
            description=voice.name,
            version=voice.version,
            languages=sorted({bcp47(each) for each in _languages(voice)}),
            speakers=[TtsVoiceSpeaker(speaker.name) for speaker in voice.speakers] or None,
        )
        for voice in speaking_voices()
    ]
    return Info(
        tts=[
            TtsProgram(
                name="utter-tts",
                attribution=maker,
                installed=True,
                description="Speech from text, on this machine",
                version=tts.__version__,
                voices=voices,
                supports_synthesize_streaming=True,
            )
        ]
    )


def _languages(voice: VoiceManifest) -> set[str]:
    return {speaker.language or voice.language for speaker in voice.speakers} or {voice.language}


class _Client:
    """One connection: its events one after the other, and at most one text at a time."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        engine: Engine,
        naming: Naming,
        most_characters: int,
    ) -> None:
        self._reader, self._writer = _BoundedReader(reader), writer
        self._engine, self._naming, self._most = engine, naming, most_characters
        peer = writer.get_extra_info("peername")
        self._name = str(peer[0]) if isinstance(peer, tuple) else "unix"
        self._speech: Speech | None = None
        self._sending: asyncio.Task[None] | None = None
        self._is_streaming = False
        self._n_characters = 0

    async def run(self) -> None:
        """Serve the client until it goes away."""
        try:
            while (event := await async_read_event(self._reader)) is not None:
                try:
                    await self._handle(event)
                except TtsError as error:
                    await self._send(Error(text=str(error)))
        except (ConnectionError, ValueError, KeyError, TypeError, AttributeError, asyncio.IncompleteReadError) as error:
            # What is no event of this protocol.
            logger.debug("a Wyoming client is disconnected: %s", error)
        finally:
            if self._speech is not None:
                self._speech.cancel()
            if self._sending is not None:
                self._sending.cancel()
            self._writer.close()

    async def _handle(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._send(await asyncio.to_thread(program))
        elif Ping.is_type(event.type):
            await self._send(Pong(text=Ping.from_event(event).text))
        elif Synthesize.is_type(event.type):
            # Within a stream it is the whole text once more, for servers that know no streams.
            if not self._is_streaming:
                whole = Synthesize.from_event(event)
                await self._begin(whole.voice, whole.text_format, whole.text)
                await self._finish()
        elif SynthesizeStart.is_type(event.type):
            start = SynthesizeStart.from_event(event)
            self._n_characters = 0
            await self._begin(start.voice, start.text_format, None)
            self._is_streaming = True
        elif SynthesizeChunk.is_type(event.type) and self._speech is not None:
            text = SynthesizeChunk.from_event(event).text
            self._n_characters += len(text)
            if self._n_characters > self._most:
                self._speech.cancel()
                raise UsageError(f"At most {self._most} characters are spoken at once.")
            self._speech.add(text)
        elif SynthesizeStop.is_type(event.type) and self._is_streaming:
            self._is_streaming = False
            if self._speech is not None:
                self._speech.end()
            await self._finish()
            await self._send(SynthesizeStopped())

    async def _begin(
        self, voice: SynthesizeVoice | None, kind: str | SynthesizeTextFormat | None, text: str | None
    ) -> None:
        """Submit a text, None: one that arrives in pieces; its audio is sent from now on."""
        await self._finish()
        is_ssml = kind == SynthesizeTextFormat.SSML
        if is_ssml and text is None:
            raise UsageError("SSML cannot arrive in pieces.")
        if text is not None and len(text) > self._most:
            raise UsageError(f"The text has {len(text)} characters; at most {self._most} are spoken at once.")
        manifest, speaker = await asyncio.to_thread(self._resolve, voice)
        options = SynthesisOptions(speaker=speaker, input="ssml" if is_ssml else "text")
        request = SpeechRequest(text, manifest.name, "pcm", manifest.sample_rate, options)
        self._speech = self._engine.submit(request, self._name)
        self._sending = asyncio.create_task(self._send_audio(self._speech, manifest.sample_rate))

    async def _finish(self) -> None:
        """Wait until the current text has been sent."""
        if self._sending is not None:
            try:
                await self._sending
            finally:
                self._speech = self._sending = None

    def _resolve(self, wanted: SynthesizeVoice | None) -> tuple[VoiceManifest, str | None]:
        if wanted is not None and wanted.name is None and wanted.language is not None:
            voices = speaking_voices()
            tag = wanted.language.replace("_", "-").lower()
            for matches in (tag.__eq__, lambda each: each.split("-")[0] == tag.split("-")[0]):
                for voice in sorted(voices, key=lambda voice: voice.name != self._naming.default):
                    if any(matches(bcp47(each).lower()) for each in _languages(voice)):
                        return self._naming.resolve(voice.name)
        wanted = wanted or SynthesizeVoice()
        return self._naming.resolve(wanted.name, wanted.speaker)

    async def _send_audio(self, speech: Speech, rate: int) -> None:
        is_begun = False
        async with speech:
            async for piece in speech:
                if not is_begun:
                    is_begun = True
                    await self._send(AudioStart(rate=rate, width=_WIDTH, channels=1))
                await self._send_samples(piece.data, rate)
            if speech.finished is not None:
                await self._send_samples(speech.finished.data, rate)
        await self._send(AudioStop())

    async def _send_samples(self, data: bytes, rate: int) -> None:
        for start in range(0, len(data), _CHUNK_BYTES):
            audio = data[start : start + _CHUNK_BYTES]
            await self._send(AudioChunk(rate=rate, width=_WIDTH, channels=1, audio=audio))

    async def _send(self, event: Eventable) -> None:
        await async_write_event(event.event(), self._writer)


class _BoundedReader(asyncio.StreamReader):
    """A reader that refuses events whose header announces more than a text can have."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._inner = reader

    async def readline(self) -> bytes:
        return await self._inner.readline()

    async def readexactly(self, n: int) -> bytes:
        if not 0 <= n <= _MOST_EVENT_BYTES:
            raise ValueError(f"an event of {n} bytes")
        return await self._inner.readexactly(n)


def check_address(uri: str) -> SplitResult:
    """The parts of an address; raises UsageError if it is none for Wyoming."""
    parts = urlsplit(uri)
    with suppress(ValueError):
        if parts.scheme == "tcp" and parts.hostname and parts.port is not None:
            return parts
    if parts.scheme == "unix" and parts.path and hasattr(asyncio, "start_unix_server"):
        return parts
    raise UsageError(f"{uri!r} is no address for Wyoming: give tcp://HOST:PORT or unix://PATH.")


async def _listen(
    uri: str, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> asyncio.Server:
    parts = check_address(uri)
    try:
        if parts.scheme == "tcp":
            return await asyncio.start_server(serve, parts.hostname, parts.port)
        _remove_stale(Path(parts.path))
        return await asyncio.start_unix_server(serve, parts.path)
    except OSError as error:
        raise TtsError(f"Nothing can listen at {uri} ({error.strerror or error}).") from error


def _remove_stale(path: Path) -> None:
    """Remove the socket of a server that has ended; raises OSError if one is alive, or if it is another file."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise FileExistsError(17, "the file exists, and is no socket")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
                return
        raise OSError(98, "another server listens there")


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback


@asynccontextmanager
async def _announced(name: str, host: str, port: int) -> AsyncIterator[None]:
    """Home Assistant on the local network finds the server, by mDNS."""
    from wyoming.zeroconf import HomeAssistantZeroconf

    any_address = ipaddress.ip_address(host).is_unspecified
    try:
        announcement = HomeAssistantZeroconf(port, name, None if any_address else host)
    except OSError as error:
        raise TtsError(f"Wyoming cannot be announced on the network: {error.strerror or error}.") from error
    await announcement.register_server()
    try:
        yield
    finally:
        await announcement._aiozc.async_close()

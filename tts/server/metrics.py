"""What the server counts, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tts.server.engine import Engine, Speech
from tts.server.security import App, Message, Receive, Scope, Send

_FIRST_AUDIO_SECONDS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)


class Metrics:
    """The counters of one server; in a registry of its own, so that tests may have several."""

    def __init__(self, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "tts_requests", "Requests by path and status", ["path", "status"], registry=self._registry
        )
        self.first_audio = Histogram(
            "tts_first_audio_seconds",
            "Time from a request to its first audio",
            buckets=_FIRST_AUDIO_SECONDS,
            registry=self._registry,
        )
        self.audio_seconds = Counter("tts_audio_seconds", "Seconds of speech", ["voice"], registry=self._registry)
        self.compute_seconds = Counter(
            "tts_compute_seconds", "Seconds of computing", ["voice"], registry=self._registry
        )
        self.characters = Counter("tts_characters", "Characters of the texts", ["voice"], registry=self._registry)
        active = Gauge("tts_active_requests", "Requests that are being spoken", registry=self._registry)
        active.set_function(lambda: engine.n_active)
        waiting = Gauge("tts_waiting_requests", "Requests that wait for a worker", registry=self._registry)
        waiting.set_function(lambda: engine.n_waiting)

    def count(self, speech: Speech, n_characters: int) -> None:
        """Count a request that was spoken to its end."""
        if speech.finished is not None:
            voice = speech.request.voice
            self.audio_seconds.labels(voice).inc(speech.finished.seconds)
            self.compute_seconds.labels(voice).inc(speech.finished.compute_seconds)
            self.characters.labels(voice).inc(n_characters)

    def counting(self, app: App) -> App:
        """An ASGI application around another, which counts the answers to requests."""

        async def count(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_counted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    # Of what was refused before it had a route, the path is no label: there may be any number.
                    path = getattr(scope.get("route"), "path", "other")
                    self.requests.labels(path, str(message["status"])).inc()
                await send(message)

            await app(scope, receive, send_counted)

        return count

    def text(self) -> bytes:
        return generate_latest(self._registry)

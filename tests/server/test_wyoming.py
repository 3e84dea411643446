"""Wyoming, with the protocol's own client."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="the server is an extra")

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tests.server.conftest import end_server, refusal, start_server
from tts import load_voice
from tts.audio.audio import to_int16
from tts.server.wyoming import wyoming_servers

TEXT = "Hello world. This is the second sentence."


@pytest.fixture(scope="module")
def address(tmp_path_factory, voices_folder):
    """The socket of a server whose default voice is a tiny one."""
    folder = tmp_path_factory.mktemp("wyoming")
    socket = f"unix://{folder}/socket"
    running = start_server(
        folder,
        "--workers",
        1,
        "--voice",
        "pulse",
        "--wyoming",
        socket,
        "--wyoming",
        "tcp://127.0.0.1:0",
        voices=voices_folder,
    )
    yield socket
    assert "Traceback" not in end_server(running)


@pytest.fixture(scope="module")
def expected(voices_folder):
    audio = load_voice(str(voices_folder / "pulse")).say(TEXT)
    return to_int16(audio.samples)


def talk(address, *events, until=AudioStop):
    """What the server answers, up to an event of a type."""

    async def exchange():
        async with AsyncClient.from_uri(address) as client:
            for event in events:
                await client.write_event(event.event())
            answers = []
            while True:
                answer = await asyncio.wait_for(client.read_event(), 60)
                assert answer is not None, answers
                answers.append(answer)
                if until.is_type(answer.type):
                    return answers

    return asyncio.run(exchange())


def samples(answers):
    assert AudioStart.is_type(answers[0].type)
    assert AudioStart.from_event(answers[0]).rate == 22050
    chunks = [AudioChunk.from_event(answer) for answer in answers if AudioChunk.is_type(answer.type)]
    assert {(chunk.rate, chunk.width, chunk.channels) for chunk in chunks} == {(22050, 2, 1)}
    return np.frombuffer(b"".join(chunk.audio for chunk in chunks), "<i2")


def test_describe_names_every_voice(address):
    [answer] = talk(address, Describe(), until=Info)
    [program] = Info.from_event(answer).tts
    assert program.supports_synthesize_streaming
    voices = {voice.name: voice for voice in program.voices}
    assert {"heart", "pulse", "random"} <= voices.keys()
    assert voices["heart"].languages == ["en-US"]
    assert voices["heart"].installed
    assert voices["heart"].speakers is None


def test_a_text_is_spoken(address, expected):
    answers = talk(address, Synthesize(text=TEXT))
    np.testing.assert_array_equal(samples(answers), expected)


def test_a_text_that_arrives_in_pieces_is_spoken(address, expected):
    pieces = [SynthesizeChunk(text=TEXT[i : i + 5]) for i in range(0, len(TEXT), 5)]
    # Clients send the whole text once more, for servers that know no streams.
    events = [SynthesizeStart(), *pieces, Synthesize(text=TEXT), SynthesizeStop()]
    answers = talk(address, *events, until=SynthesizeStopped)
    assert AudioStop.is_type(answers[-2].type)
    np.testing.assert_array_equal(samples(answers), expected)


@pytest.mark.parametrize(
    "voice",
    [
        SynthesizeVoice(name="heart"),
        SynthesizeVoice(name="random"),
    ],
    ids=lambda voice: voice.name,
)
def test_a_voice_is_chosen_by_its_name(address, expected, voice):
    assert len(samples(talk(address, Synthesize(text=TEXT, voice=voice)))) != len(expected)


@pytest.mark.parametrize("language", ["en-US", "en_US", "en-GB", "en"])
def test_a_voice_is_chosen_by_its_language(address, expected, language):
    answers = talk(address, Synthesize(text=TEXT, voice=SynthesizeVoice(language=language)))
    np.testing.assert_array_equal(samples(answers), expected)


def test_ssml_is_spoken(address):
    answers = talk(address, Synthesize(text="<speak>One.<break time='2s'/>Two.</speak>", text_format="ssml"))
    assert len(samples(answers)) > 2 * 22050


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Synthesize(text="…"), "There is nothing to speak"),
        (Synthesize(text="a", voice=SynthesizeVoice(name="hart")), "There is no voice 'hart'"),
        (Synthesize(text="a", voice=SynthesizeVoice(name="/etc")), "There is no voice '/etc'"),
        (Synthesize(text="a", voice=SynthesizeVoice(name="heart", speaker="x")), "has a single speaker"),
        (Synthesize(text="a" * 100_001), "at most 100000"),
        (SynthesizeStart(text_format="ssml"), "SSML cannot arrive in pieces."),
    ],
)
def test_what_cannot_be_spoken_is_an_error_and_the_connection_stays(address, event, message):
    answers = talk(address, event, Ping(text="still there?"), until=Pong)
    assert Error.is_type(answers[0].type)
    assert message in Error.from_event(answers[0]).text
    assert Pong.from_event(answers[-1]).text == "still there?"


@pytest.mark.parametrize(
    "content",
    [
        b"\n",
        b"garbage\n",
        b"[]\n",
        b'{"type": "synthesize"}\n',
        b"a" * 200_000,
        b'{"type": "synthesize", "data_length": 99999999999}\n',
    ],
)
def test_what_is_no_event_ends_the_connection_and_no_other(address, content):
    async def send():
        reader, writer = await asyncio.open_unix_connection(address[7:])
        writer.write(content)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()

    asyncio.run(send())
    assert talk(address, Ping(text="a"), until=Pong)


def test_unknown_events_are_ignored(address):
    class Other:
        def event(self):
            return Event(type="other", data={"a": 1})

    assert len(talk(address, Other(), Ping(text="a"), until=Pong)) == 1


@pytest.mark.parametrize(
    ("uri", "code", "message"),
    [
        ("http://a", 2, "'http://a' is no address for Wyoming: give tcp://HOST:PORT or unix://PATH."),
        ("tcp://127.0.0.1", 2, "is no address for Wyoming"),
        ("tcp://127.0.0.1:x", 2, "is no address for Wyoming"),
        ("unix:///no/such/folder/socket", 1, "Nothing can listen at unix:///no/such/folder/socket (No such file"),
    ],
)
def test_a_wrong_address_is_refused(tmp_path, uri, code, message):
    done, messages = refusal(tmp_path, "--workers", 1, "--wyoming", uri)
    assert done == code
    assert message in messages
    assert "Traceback" not in messages


def test_a_socket_in_use_is_refused_and_stays(address, tmp_path):
    code, messages = refusal(tmp_path, "--workers", 1, "--wyoming", address)
    assert code == 1
    assert "another server listens there" in messages
    assert talk(address, Ping(text="a"), until=Pong)


@pytest.mark.parametrize("wyoming", [(), ("--wyoming", "unix:///tmp/none.sock")])
def test_what_cannot_be_announced_is_refused(tmp_path, wyoming):
    code, message = refusal(tmp_path, "--zeroconf", "Speech", *wyoming)
    assert code == 2
    assert "--zeroconf announces an address of --wyoming: give one, tcp://HOST:PORT." in message


@pytest.mark.parametrize(
    ("address", "zeroconf", "announced"),
    [
        ("tcp://0.0.0.0:0", "Speech", [("Speech", None)]),
        ("tcp://0.0.0.0:0", None, []),
        ("tcp://127.0.0.1:0", "Speech", []),
    ],
)
def test_only_what_others_can_reach_is_announced_and_only_on_request(monkeypatch, address, zeroconf, announced):
    seen, ended = [], []

    class Announcement:
        def __init__(self, port, name, host):
            assert port > 0
            seen.append((name, host))
            self._aiozc = self

        async def register_server(self):
            pass

        async def async_close(self):
            ended.append(True)

    monkeypatch.setitem(sys.modules, "wyoming.zeroconf", SimpleNamespace(HomeAssistantZeroconf=Announcement))

    async def listen():
        async with wyoming_servers([address], None, None, 100, zeroconf):
            assert not ended

    asyncio.run(listen())
    assert seen == announced
    assert len(ended) == len(announced)

"""The HTTP interface, asked as its clients ask it."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import sys
import wave
from pathlib import Path

import httpx
import numpy as np
import openai
import pytest
import soundfile

from tests.server.conftest import end_server, start_server
from tts import load_voice

TEXT = "This is the first sentence. Here is another one."
TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


@pytest.fixture(scope="module")
def spoken():
    """The samples of the text by the library itself."""
    return load_voice("heart").say(TEXT)


@pytest.fixture
def openai_client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any") as found:
        yield found


def decoded(content: bytes, kind: str) -> tuple[np.ndarray, int]:
    """Samples and rate of a file, by PyAV where libsndfile needs to know the length or the format."""
    if kind == "pcm":
        return np.frombuffer(content, "<i2") / 32768, 24000
    if kind not in ("aac", "flac"):
        return soundfile.read(io.BytesIO(content))
    import av

    with av.open(io.BytesIO(content)) as file:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
        return samples / 32768 if samples.dtype == np.int16 else samples, file.streams[0].rate


def error_of(response) -> dict:
    document = response.json()
    assert list(document) == ["error"]
    assert list(document["error"]) == ["message", "type", "param", "code"]
    return document["error"]


@pytest.mark.parametrize("kind", TYPES)
def test_openai_client_receives_every_format(openai_client, spoken, kind):
    with openai_client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=kind
    ) as response:
        assert response.headers["content-type"] == TYPES[kind]
        content = b"".join(response.iter_bytes())
    samples, rate = decoded(content, kind)
    # The compressed formats begin and end with some padding.
    assert len(samples) / rate == pytest.approx(spoken.seconds, abs=0.12)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(spoken.samples**2)), rel=0.1)


def test_openai_client_receives_events(openai_client, spoken):
    with openai_client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="nova", input=TEXT, response_format="pcm", stream_format="sse"
    ) as response:
        events = [json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: ")]
    audio = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"]["total_tokens"] == len(TEXT) + round(10 * spoken.seconds)
    assert len(audio) / 48000 == pytest.approx(spoken.seconds, abs=0.001)


def test_samples_are_those_of_the_library(client, spoken):
    body = {"input": TEXT, "response_format": "wav"}
    content = client.post("/v1/audio/speech", json=body).content
    with wave.open(io.BytesIO(content)) as file:
        assert file.getframerate() == spoken.sample_rate
    samples = np.frombuffer(content[44:], "<i2")
    assert np.abs(samples - np.rint(spoken.samples * 32768)).max() <= 1
    assert client.post("/v1/audio/speech", json=body).content == content


@pytest.mark.parametrize(
    "options",
    [
        {"speed": 2.0},
        {"pitch": 3.0},
        {"seed": 1, "voice": "random", "vocoder": "waveglow"},
        {"sentence_silence": 1.0},
        {"volume": -6.0},
        {"loudness": -20.0},
        {"input": "<speak>One.<break time='1s'/>Two.</speak>", "input_type": "ssml"},
        {"input": "həlˈoʊ", "input_type": "phonemes"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_our_own_options_change_the_speech(client, options):
    plain = {"input": TEXT, "response_format": "pcm", "voice": options.get("voice", "heart")}
    changed = client.post("/v1/audio/speech", json={**plain, **options})
    assert changed.status_code == 200
    assert changed.content != client.post("/v1/audio/speech", json=plain).content


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        ({}, "input: Field required.", "input"),
        ({"input": ""}, "There is nothing to speak in this text: it has no word, number or letter.", None),
        ({"input": " … "}, "There is nothing to speak in this text: it has no word, number or letter.", None),
        ({"input": "a", "voice": "hart"}, "There is no voice 'hart'; did you mean heart?", None),
        ({"input": "a", "voice": "/etc"}, "There is no voice '/etc'", None),
        ({"input": "a", "voice": "../voices/heart"}, "There is no voice '../voices/heart'", None),
        ({"input": "a", "speed": 9}, "speed: Input should be less than or equal to 4.", "speed"),
        ({"input": "a", "speed": "fast"}, "speed: Input should be a valid number", "speed"),
        ({"input": "a", "response_format": "mp4"}, "response_format: Input should be 'mp3', 'opus'", "response_format"),
        ({"input": "a", "sample_rate": 12345}, "mp3 cannot have 12345 Hz", None),
        ({"input": "a", "vocoder": "/tmp"}, "The voice heart has no vocoder '/tmp'; it has", None),
        ({"input": "a", "vocoder": "."}, "The voice heart has no vocoder '.'; it has", None),
        ({"input": "a", "acoustic": "x"}, "The voice heart has no acoustic model 'x'", None),
        ({"input": "a", "speaker": "x"}, "The voice heart has a single speaker", None),
        ({"input": "a", "voice": {"id": 3}}, "voice", "voice.VoiceId.id"),
        ({"input": "a", "pitch": 2, "acoustic": "tacotron2"}, "has no control over its pitch", None),
        ({"input": "<speak>a", "input_type": "ssml"}, "SSML", None),
        ({"input": "\ud800"}, "There is nothing to speak in this text: it has no word, number or letter.", None),
        ({"input": "a" * 100_001}, "The text has 100001 characters; at most 100000", None),
    ],
)
def test_a_wrong_request_is_refused_in_openai_s_form(client, body, message, param):
    response = client.post("/v1/audio/speech", content=json.dumps(body), headers={"content-type": "application/json"})
    error = error_of(response)
    assert response.status_code == 400
    assert message in error["message"]
    assert error["type"] == "invalid_request_error"
    if param is not None:
        assert error["param"].startswith(param.split(".")[0])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe", b'{"input": "a"', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(client, body):
    response = client.post("/v1/audio/speech", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert error_of(response)["type"] == "invalid_request_error"


def test_unknown_fields_are_ignored_and_named(client):
    body = {"input": "Hi.", "instructions": "Be cheerful.", "lang_code": "a", "spede": 2}
    response = client.post("/v1/audio/speech", json=body)
    assert response.status_code == 200
    assert response.headers["x-tts-ignored"] == "instructions, lang_code, spede"


@pytest.mark.parametrize("path", ["/v1/audio/captioned", "/dev/captioned_speech"])
def test_captions_have_the_time_of_each_word(client, path):
    body = {"input": TEXT, "response_format": "pcm", "sample_rate": 22050}
    with client.stream("POST", path, json=body) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        parts = [json.loads(line) for line in response.iter_lines()]
    words = [word for part in parts for word in part["timestamps"]]
    assert [word["word"] for word in words] == TEXT.replace(".", "").split()
    times = [time for word in words for time in (word["start_time"], word["end_time"])]
    assert times == sorted(times)
    assert [part["text"] for part in parts if part["text"]] == TEXT.replace(". ", ".\n").splitlines()
    audio = b"".join(base64.b64decode(part["audio"]) for part in parts)
    assert len(audio) / 44100 == pytest.approx(parts[-1]["end_time"], abs=0.01)

    whole = client.post(path, json={**body, "stream": False}).json()
    assert base64.b64decode(whole["audio"]) == audio
    assert whole["timestamps"] == words


def test_the_lists(client):
    models = client.get("/v1/models").json()
    assert [model["id"] for model in models["data"]] == ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"]
    assert client.get("/v1/models/tts-1").json()["object"] == "model"
    assert client.get("/v1/models/x").status_code == 404
    voices = client.get("/v1/audio/voices").json()
    by_id = {voice["id"]: voice for voice in voices["voices"]}
    assert {"heart", "pulse", "random"} <= by_id.keys()
    assert by_id["heart"]["controls"] == ["speed", "pitch", "energy"]
    assert by_id["heart"]["default_vocoder"] == "source_filter"
    assert voices["default"] == "heart"
    assert client.get("/health").json() == {"status": "ok"}
    assert "/v1/audio/speech" in client.get("/docs").text
    assert "http" not in client.get("/docs").text.replace(str(client.base_url), "")


def test_metrics_count_requests(client):
    def value(name):
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    name = 'tts_requests_total{path="/v1/audio/speech",status="200"}'
    before, seconds = value(name), value("tts_audio_seconds_total")
    client.post("/v1/audio/speech", json={"input": TEXT})
    assert value(name) == before + 1
    assert value("tts_audio_seconds_total") > seconds + 2
    assert value("tts_active_requests") == 0


@pytest.mark.parametrize(
    ("name", "content", "titles"),
    [
        ("a.txt", b"Just a text.", ["a"]),
        ("b.md", b"# One\n\nText.\n\n# Two\n\nMore.", ["One", "Two"]),
        ("../../c.html", b"<h1>Three</h1><p>Text.</p>", ["Three"]),
    ],
)
def test_documents_become_chapters(client, name, content, titles):
    document = client.post("/v1/documents", params={"name": name}, content=content).json()
    assert [chapter["title"] for chapter in document["chapters"]] == titles


@pytest.mark.parametrize("name", ["a.exe", "noname", "", "a.epub", "..", "a/..", "\0.txt/\0"])
def test_what_is_no_document_is_refused(client, name):
    response = client.post("/v1/documents", params={"name": name}, content=b"not a book")
    assert response.status_code == 400
    assert error_of(response)["message"]


def test_a_page_elsewhere_and_a_foreign_host_name_are_refused(client):
    assert client.get("/health", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/health", headers={"origin": "https://evil.example"}).status_code == 403
    assert client.get("/health", headers={"host": "localhost:8000"}).status_code == 200
    assert client.get("/health", headers={"host": "[::1]"}).status_code == 200


def test_a_body_that_is_too_large_is_refused(client):
    response = client.post("/v1/audio/speech", json={"input": "a" * 3_000_000})
    assert response.status_code == 413
    assert error_of(response)["message"] == "The body is larger than 2000000 bytes."


@pytest.mark.skipif(sys.platform != "linux", reason="the worker is found in /proc")
def test_a_worker_that_is_killed_ends_its_requests_and_is_replaced(tmp_path):
    running = start_server(tmp_path, "--workers", 1)
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
    with running.client() as client:
        body = {"input": "This is a sentence of a long text. " * 100, "response_format": "pcm"}
        with pytest.raises(httpx.RemoteProtocolError), client.stream("POST", "/v1/audio/speech", json=body) as response:
            for number, _ in enumerate(response.iter_raw()):
                if number == 0:
                    [worker] = [int(child) for child in children if "spawn_main" in command_line(child)]
                    os.kill(worker, signal.SIGKILL)
        body["input"] = "Hello."
        assert client.post("/v1/audio/speech", json=body).status_code == 200
    assert "Traceback" not in end_server(running)


def command_line(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_a_key_is_needed_where_one_is_set_and_it_ends_with_the_running_text(tmp_path):
    running = start_server(tmp_path, "--workers", 1, "--api-key", "secret", "--allow-origin", "https://chat.example")
    with running.client() as client:
        assert client.get("/health").status_code == 200
        assert client.get("/").status_code == 200
        assert client.get("/v1/audio/voices").status_code == 401
        assert client.get("/v1/audio/voices", headers={"authorization": "Bearer wrong"}).status_code == 401
        headers = {"authorization": "Bearer secret", "host": "any.example", "origin": "https://chat.example"}
        response = client.get("/v1/audio/voices", headers=headers)
        assert response.headers["access-control-allow-origin"] == "https://chat.example"
        text = "This is a sentence which is spoken to its end. " * 20
        body = {"input": text, "response_format": "pcm"}
        with client.stream("POST", "/v1/audio/speech", json=body, headers=headers) as response:
            chunks = response.iter_raw()
            n_bytes = len(next(chunks))
            running.process.terminate()
            n_bytes += sum(map(len, chunks))
        assert n_bytes / 48000 > 40
    assert running.process.wait(30) == 0
    assert "Traceback" not in end_server(running)

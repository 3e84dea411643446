import errno
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.voice.fault_server import (
    FaultServer,
    cut_after,
    drip,
    headers_only,
    hold_after,
    ignore_range,
    redirect,
    serve,
    status,
)
from tts.errors import TtsError, UsageError
from tts.voice.download import (
    DownloadPolicy,
    PartFile,
    RetryPolicy,
    TransferLimits,
    WrongFileError,
    download,
    mirrored,
    retry_after_seconds,
)

CONTENT = random.Random(0).randbytes(300_000)
OTHER = random.Random(1).randbytes(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server():
    with FaultServer({"/models/voice.pt": CONTENT}) as running:
        yield running


class Fetch:
    """A download whose waits are noted, not waited."""

    def __init__(self, server, folder):
        self.server, self.target = server, folder / "voice.pt"
        self.waits = []
        self.limits = {}

    def __call__(self, path="/models/voice.pt", **named):
        retry = RetryPolicy(attempts=4, progress=10_000, sleep=self.waits.append, random=lambda: 0.5)
        policy = DownloadPolicy(retry, TransferLimits(connect=5, read=5, **self.limits))
        return download(self.server.url + path, self.target, policy=policy, **named)

    @property
    def left(self):
        """Names of all files in the folder."""
        return sorted(path.name for path in self.target.parent.iterdir())


@pytest.fixture
def fetch(server, tmp_path):
    return Fetch(server, tmp_path)


def refused(fetch, said, error=TtsError, **named):
    with pytest.raises(error, match=said) as caught:
        fetch(**named)
    assert "\n" not in str(caught.value)
    assert not fetch.target.exists()


def test_brings_the_file(fetch, server):
    seen = []
    done = fetch(size=300_000, sha256=DIGEST.upper(), progress=lambda *now: seen.append(now))
    assert (done.path, done.size, done.sha256) == (fetch.target, 300_000, DIGEST)
    assert fetch.target.read_bytes() == CONTENT
    assert fetch.left == ["voice.pt"]
    assert (seen[0], seen[-1]) == ((0, 300_000), (300_000, 300_000))
    assert server.requests[0]["accept-encoding"] == "identity"
    assert "range" not in server.requests[0]


def test_resumes_where_the_connection_was_cut(fetch, server):
    server.faults += [cut_after(100_000), cut_after(50_000)]
    assert fetch().sha256 == DIGEST
    assert [(r.get("range"), r.get("if-range")) for r in server.requests] == [
        (None, None),
        ("bytes=100000-", '"one"'),
        ("bytes=150000-", '"one"'),
    ]
    assert server.sent == len(CONTENT)


def test_attempts_are_counted_anew_after_progress(fetch, server):
    server.faults += [cut_after(20_000)] * 14
    assert fetch().sha256 == DIGEST
    assert fetch.waits == [1.0] * 14


def test_gives_up_when_nothing_more_comes_and_goes_on_the_next_time(fetch, server):
    server.faults += [cut_after(100_000)] + [cut_after(0)] * 4
    refused(fetch, r"the connection .*, 4 times in a row; run the command again later")
    assert fetch.waits == [1.0, 2.0, 4.0]
    assert fetch.left == ["voice.pt.part", "voice.pt.part.json"]
    assert fetch().sha256 == DIGEST
    assert server.sent == len(CONTENT)


def test_ranges_ignored_start_over(fetch, server):
    server.faults += [cut_after(100_000), ignore_range]
    assert fetch().sha256 == DIGEST
    assert server.sent == 100_000 + len(CONTENT)


def test_a_server_that_ignores_ranges_and_always_cuts_is_given_up(fetch, server):
    server.etag, server.always = None, cut_after(200_000)
    refused(fetch, "4 times in a row")


def test_a_file_that_changed_between_attempts_starts_over(fetch, server):
    def change(handler):
        server.files["/models/voice.pt"], server.etag = OTHER, '"two"'
        serve(handler)

    server.faults += [cut_after(100_000), change]
    fetch()
    assert fetch.target.read_bytes() == OTHER


@pytest.mark.parametrize("tag", ['"two"', None])
def test_a_change_that_the_server_hides_is_found(fetch, server, tag):
    """It answers 206 for a file that is another: seen by its tag, or else by its length."""

    def change(handler):
        server.files["/models/voice.pt"], server.etag = OTHER if tag else OTHER + b"more", tag
        handler.headers.replace_header("If-Range", tag) if tag else handler.headers.__delitem__("If-Range")
        serve(handler)

    server.faults += [cut_after(100_000), change]
    fetch()
    assert fetch.target.read_bytes() == server.files["/models/voice.pt"]


def test_a_mixture_is_found_by_its_hash_and_fetched_again(fetch, server, tmp_path):
    server.faults += [cut_after(100_000)] + [cut_after(0)] * 4
    refused(fetch, "4 times", sha256=DIGEST)
    part = tmp_path / "voice.pt.part"
    part.write_bytes(OTHER[:100_000])
    assert fetch(sha256=DIGEST).sha256 == DIGEST
    assert [r.get("range") for r in server.requests[-2:]] == ["bytes=100000-", None]


def test_without_validator_only_a_known_hash_allows_going_on(fetch, server):
    server.etag = None
    server.faults += [cut_after(100_000), serve, cut_after(100_000)]
    assert fetch().sha256 == DIGEST
    assert server.sent == 100_000 + len(CONTENT)
    fetch.target.unlink()
    assert fetch(sha256=DIGEST).sha256 == DIGEST
    assert server.sent == 100_000 + 2 * len(CONTENT)


@pytest.mark.parametrize("weak", ['W/"one"', "one"])
def test_a_weak_tag_is_no_validator(fetch, server, weak):
    server.etag = weak
    server.faults += [cut_after(100_000)]
    assert fetch().sha256 == DIGEST
    assert "range" not in server.requests[1]


def test_a_date_is_a_validator_when_it_is_old_enough(fetch, server):
    old = {"Content_Length": 300_000, "Last_Modified": "Sat, 01 Nov 2025 10:00:00 GMT"}

    def cut(handler):
        handler.send_response(200)
        for name, value in old.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(CONTENT[:100_000])
        handler.close_connection = True

    server.etag = old["Last_Modified"]
    server.faults += [cut]
    assert fetch().sha256 == DIGEST
    assert server.requests[1]["if-range"] == old["Last_Modified"]


def test_a_complete_part_needs_no_request(fetch, server, tmp_path):
    server.faults += [cut_after(100_000)] + [cut_after(0)] * 4
    refused(fetch, "4 times")
    (tmp_path / "voice.pt.part").write_bytes(CONTENT)
    n_requests = len(server.requests)
    assert fetch().sha256 == DIGEST
    assert len(server.requests) == n_requests


@pytest.mark.parametrize("shorter", [CONTENT[:100_000], CONTENT[:50_000]])
def test_nothing_from_here_on(fetch, server, shorter):
    """416: the file became shorter meanwhile."""

    def change(handler):
        server.files["/models/voice.pt"] = shorter
        serve(handler)

    server.faults += [cut_after(100_000), change]
    fetch()
    assert fetch.target.read_bytes() == shorter


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"sha256": "0" * 64}, f"not the file it should be: its sha256 is {DIGEST}, not 0000"),
        ({"size": 299_999}, "not the file it should be: it has 300000 bytes, not 299999"),
    ],
)
def test_another_file_is_refused_and_not_kept(fetch, named, said):
    refused(fetch, said, WrongFileError, **named)
    assert fetch.left == []


def test_a_length_header_that_is_too_long_once(fetch, server):
    server.faults += [headers_only(Content_Length=301_000)]
    assert fetch().sha256 == DIGEST


def test_a_length_header_that_is_too_short_is_found_by_the_hash(fetch, server):
    server.faults += [headers_only(Content_Length=299_000)]
    refused(fetch, "its sha256 is", WrongFileError, sha256=DIGEST)
    assert fetch.left == []
    assert fetch(sha256=DIGEST).sha256 == DIGEST


def test_a_length_header_that_is_always_too_long(fetch, server):
    server.always = headers_only(Content_Length=301_000)
    refused(fetch, "the connection was interrupted, 4 times in a row")


def test_a_length_that_nobody_states(fetch, server):
    server.always = headers_only(Connection="close")
    refused(fetch, "does not say how long the file is.* give its --sha256")
    assert fetch(sha256=DIGEST).sha256 == DIGEST


def test_a_packed_answer_is_refused(fetch, server):
    server.always = headers_only(Content_Length=300_000, Content_Encoding="gzip")
    refused(fetch, "compresses it although the request forbids that")


@pytest.mark.parametrize(
    ("code", "said"), [(401, "login"), (403, "does not give it out"), (404, "no such file"), (410, "gone")]
)
def test_some_answers_are_final(fetch, server, code, said):
    server.always = status(code)
    refused(fetch, rf"http://127\.0\.0\.1:\d+/models/voice\.pt cannot be downloaded: .*{said}")
    assert len(server.requests) == 1
    assert fetch.waits == []


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_some_answers_are_for_now(fetch, server, code):
    server.faults += [status(code), status(code, Retry_After=7)]
    assert fetch().sha256 == DIGEST
    assert fetch.waits == [1.0, 7.0]
    server.always = status(code)
    fetch.target.unlink()
    refused(fetch, rf"\({code}\), 4 times in a row")


def test_a_server_that_wants_a_long_rest_is_given_up(fetch, server):
    server.always = status(503, Retry_After=3600)
    refused(fetch, "it asks to wait 60 minutes; run the command again then")
    assert fetch.waits == []


def test_retry_after_is_seconds_or_a_date():
    assert retry_after_seconds("12") == 12.0
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after_seconds("soon") is None
    assert retry_after_seconds(None) is None


def test_waits_double_up_to_a_bound():
    policy = RetryPolicy(random=lambda: 0.5)
    assert [policy.wait(n, None) for n in (1, 2, 3, 9)] == [1.0, 2.0, 4.0, 30.0]


def test_a_slow_drip_ends(fetch, server):
    fetch.limits = {"window": 0.05, "min_speed": 1000.0}
    server.always = drip(1000, 0.005)
    refused(fetch, r"it was too slow \(less than 1 kB a second\), 4 times in a row")


def test_silence_ends(server, tmp_path):
    server.always = hold_after(1000)
    policy = DownloadPolicy(RetryPolicy(attempts=2, sleep=lambda _: None), TransferLimits(read=0.1))
    with pytest.raises(TtsError, match="its server stopped sending, 2 times in a row"):
        download(f"{server.url}/models/voice.pt", tmp_path / "voice.pt", policy=policy)


def test_a_server_that_is_not_there(tmp_path):
    with FaultServer({}) as closed:
        url = closed.url
    policy = DownloadPolicy(RetryPolicy(attempts=2, sleep=lambda _: None))
    with pytest.raises(TtsError, match="its server cannot be reached, 2 times in a row"):
        download(f"{url}/x.pt", tmp_path / "x.pt", policy=policy)


def test_redirects_are_followed(fetch, server):
    server.faults += [redirect("/elsewhere"), redirect(f"{server.url}/models/voice.pt?signed=1")]
    assert fetch().sha256 == DIGEST


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/models/voice.pt", "redirects without end"),
        ("file:///etc/passwd", "redirects to a file: address, not to the web"),
        ("ftp://example.org/x", "redirects to a ftp: address"),
    ],
)
def test_bad_redirects_are_refused(fetch, server, location, said):
    server.always = redirect(location)
    refused(fetch, said)


def test_a_step_from_https_down_to_http_is_refused():
    import httpx

    from tts.voice.download import redirect_target

    with pytest.raises(TtsError, match="from https to unprotected http"):
        redirect_target(httpx.URL("https://example.org/x"), "http://example.org/x")
    assert redirect_target(httpx.URL("https://example.org/x"), "http://127.0.0.1/x").host == "127.0.0.1"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "https://", "voice.pt"])
def test_only_web_addresses(url, tmp_path):
    with pytest.raises(UsageError, match="not a web address"):
        download(url, tmp_path / "x")


def test_a_full_disk(fetch, server, monkeypatch):
    write = PartFile.write

    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            """Nothing is open."""

    def fill(part, data):
        if part.length >= 100_000:
            real, part._file = part._file, Full()
            real.close()
        write(part, data)

    monkeypatch.setattr(PartFile, "write", fill)
    refused(fetch, "The disk of .* is full: make room and run the command again")
    monkeypatch.setattr(PartFile, "write", write)
    kept = (fetch.target.parent / "voice.pt.part").stat().st_size
    assert kept >= 100_000
    assert fetch().sha256 == DIGEST
    assert server.requests[-1]["range"] == f"bytes={kept}-"


def test_a_file_larger_than_the_disk_is_refused_at_once(fetch, server):
    fetch.limits = {"max_bytes": 1 << 62}
    server.always = lambda handler: handler.answer(200, {"Content-Length": 1 << 60})
    refused(fetch, "There is no room for")


def test_a_file_larger_than_any_voice_is_refused(fetch):
    fetch.limits = {"max_bytes": 100_000}
    refused(fetch, "larger .* than any voice")


def test_a_mirror_has_the_same_host_and_path(fetch, server):
    url = "https://example.org/a/voice.pt?dl=1"
    assert mirrored(url, "http://intranet/m/") == "http://intranet/m/example.org/a/voice.pt"
    server.files["/m/example.org/a/voice.pt"] = CONTENT
    assert download(url, fetch.target, mirror=f"{server.url}/m").sha256 == DIGEST
    with pytest.raises(UsageError, match="not a web address"):
        download(url, fetch.target, mirror="/mnt/share")


def test_the_environments_proxy_is_used(fetch, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.files["http://voices.invalid/voice.pt"] = CONTENT
    assert download("http://voices.invalid/voice.pt", fetch.target).sha256 == DIGEST


def test_a_proxy_that_is_none_is_refused(fetch, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "gopher://x")
    refused(fetch, "The proxy in the environment .* cannot be used")


@pytest.fixture(scope="module")
def large():
    return random.Random(2).randbytes(1_000_000) * 100


def test_an_interrupted_large_file_costs_no_more_than_itself(large, tmp_path):
    with FaultServer({"/large": large}) as server:
        server.faults += [cut_after(61_234_567)]
        policy = DownloadPolicy(RetryPolicy(sleep=lambda _: None))
        done = download(f"{server.url}/large", tmp_path / "large", policy=policy)
        assert done.sha256 == hashlib.sha256(large).hexdigest()
        assert server.sent <= 1.02 * len(large)


def test_a_killed_process_goes_on_where_it_was(large, tmp_path):
    code = "import sys; from pathlib import Path; from tts.voice.download import download\n"
    code += "print(download(sys.argv[1], Path(sys.argv[2])).sha256)"
    target, part = tmp_path / "large", tmp_path / "large.part"
    with FaultServer({"/large": large}) as server:
        command = [sys.executable, "-c", code, f"{server.url}/large", str(target)]
        server.faults += [hold_after(60_000_000)]
        first = subprocess.Popen(command, cwd=REPOSITORY)
        deadline = time.monotonic() + 30
        while not part.exists() or part.stat().st_size < 60_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert not target.exists()
        second = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        assert second.stdout.strip() == hashlib.sha256(large).hexdigest()
        assert server.sent <= 1.02 * len(large)
    assert target.read_bytes() == large
    assert not part.exists()

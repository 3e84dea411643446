"""Piper's voices by name: the list that ships, a newer one, and an installation from a mirror of their addresses."""

import hashlib
import json

import pytest

from tests.tiny_piper import write_tiny_piper
from tests.voice.fault_server import FaultServer
from tts.cli.app import command
from tts.errors import TtsError, UsageError
from tts.voice.catalog import catalog, find_entry, piper_entries, updated_list_path, voices_of_language
from tts.voice.install import InstallRequest, plan_installation
from tts.voice.piper_catalog import COLUMNS, LIST_URL, compact, file_urls, read_compact
from tts.voice.store import find_voice, is_plain_name

THORSTEN = "https://huggingface.co/rhasspy/piper-voices/resolve/main/de/de_DE/thorsten/medium/"
FOLDER = "en/en_US/tiny/medium"


@pytest.fixture(autouse=True)
def own_voices(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path / "voices"))
    catalog.cache_clear()
    yield
    catalog.cache_clear()


def published():
    return [entry for entry in catalog().values() if entry.published and entry.published.layout == "piper"]


def test_all_published_voices_are_listed():
    assert len(published()) == 163
    assert sum(entry.n_speakers for entry in published()) == 2672
    assert len({entry.language for entry in published()}) == 49
    assert all(is_plain_name(entry.name) for entry in published())


def test_a_voice_has_its_addresses_sizes_and_hashes():
    entry = catalog()["de_DE-thorsten-medium"]
    graph, config, card = entry.published.files
    assert (graph.url, graph.size) == (f"{THORSTEN}de_DE-thorsten-medium.onnx", 63201294)
    assert config.url == f"{THORSTEN}de_DE-thorsten-medium.onnx.json"
    assert card.url == f"{THORSTEN}MODEL_CARD"
    assert all(len(file.md5) == 32 for file in entry.published.files)
    assert (entry.language, entry.quality, entry.sample_rate) == ("de-de", "medium", 22050)
    assert entry.licences == "see its model card"
    assert catalog()["en_US-lessac-high"].licences == "non-commercial (Blizzard Challenge 2013)"


def test_names_are_ascii_and_aliases_are_known():
    assert find_entry("pt_PT-tugão-medium") is find_entry("pt_PT-tugao-medium")
    assert find_entry("de-eva_k-x-low").name == "de_DE-eva_k-x_low"
    assert file_urls("pt_PT-tugão-medium")[0].endswith("/pt/pt_PT/tug%C3%A3o/medium/pt_PT-tug%C3%A3o-medium.onnx")


@pytest.mark.parametrize(("language", "first"), [("de", "de_DE-eva_k-x_low"), ("nl", "nl_BE-"), ("pt_BR", "pt_BR-")])
def test_a_language_offers_its_voices(language, first):
    assert voices_of_language(language)[0].name.startswith(first)
    with pytest.raises(UsageError, match=f"'{language}' is a language: name one of its voices: .*{first}"):
        plan_installation(InstallRequest(language))


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("de_DE-torsten-medium", "de_DE-thorsten-medium"),
        ("thorsten", "de_DE-thorsten-high or de_DE-thorsten-low or de_DE-thorsten-medium"),
        ("libritts", "en_US-libritts-high"),
        ("kokoro-fp8", "kokoro-fp16"),
    ],
)
def test_a_name_that_is_nearly_right_is_suggested(name, suggestion):
    with pytest.raises(UsageError, match=f"The catalog has no '{name}'; did you mean .*{suggestion}"):
        plan_installation(InstallRequest(name))


BROKEN = {
    "no JSON": "<html>",
    "a list": "[]",
    "empty": "{}",
    "another key": json.dumps({"../evil": {}}),
    "no files": json.dumps({"de_DE-x-low": {"files": {}, "num_speakers": 1, "language": {"name_english": "German"}}}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_list_that_is_none_is_refused(text):
    with pytest.raises(TtsError, match="The newest list of Piper's voices is "):
        compact(text)


@pytest.mark.parametrize(
    "line",
    [
        "de_DE-x-low\tGerman\tGermany\t1\t5:abc\t5:abc\t5:abc\t",
        "de_DE-x-low\tGerman",
        f"../x\tGerman\tGermany\t1\t{'5:' + 'a' * 32}\t{'5:' + 'a' * 32}\t{'5:' + 'a' * 32}\t",
    ],
)
def test_a_line_that_is_of_no_voice_is_refused(line):
    with pytest.raises(TtsError, match="which is not of a voice"):
        list(read_compact("\t".join(COLUMNS) + "\n" + line + "\n"))


@pytest.fixture
def mirror(tmp_path):
    """A mirror of the makers' host with one tiny voice, the JSON object that lists it, and its files by path."""
    graph = write_tiny_piper(tmp_path, "en_US-tiny-medium")
    card = "# Model card for tiny\n\n* License: CC0\n"
    files = {
        f"{FOLDER}/en_US-tiny-medium.onnx": graph.read_bytes(),
        f"{FOLDER}/en_US-tiny-medium.onnx.json": graph.with_name("en_US-tiny-medium.onnx.json").read_bytes(),
        f"{FOLDER}/MODEL_CARD": card.encode(),
    }
    voice = {
        "language": {"name_english": "English", "country_english": "United States"},
        "num_speakers": 1,
        "files": {
            path: {"size_bytes": len(content), "md5_digest": hashlib.md5(content).hexdigest()}
            for path, content in files.items()
        },
        "aliases": ["en-us-tiny"],
    }
    prefix = LIST_URL.removeprefix("https:/").removesuffix("voices.json")
    served = {prefix + path: content for path, content in files.items()}
    served[f"{prefix}voices.json"] = json.dumps({"en_US-tiny-medium": voice}).encode()
    with FaultServer(served) as server:
        yield server


@pytest.fixture
def tts(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            command().main([*map(str, arguments)], prog_name="tts")
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run


def test_a_new_voice_is_listed_shown_with_its_licence_and_installed(mirror, tts):
    assert tts("voices", "install", "en_US-tiny-medium")[0] == 2
    code, _, told = tts("voices", "update", "--mirror", mirror.url)
    assert (code, told.splitlines()[-1]) == (0, "tts: Piper has 1 voices; new: en_US-tiny-medium")
    assert [row["key"] for row in read_compact(updated_list_path().read_text())] == ["en_US-tiny-medium"]

    code, _, told = tts("voices", "install", "en-us-tiny", "--mirror", mirror.url)
    assert code == 2
    assert "  | * License: CC0" in told
    assert "agree with --yes" in told.splitlines()[-1]
    code, _, told = tts("voices", "install", "en-us-tiny", "--mirror", mirror.url, "--yes")
    assert code == 0, told
    voice = find_voice("en_US-tiny-medium")
    assert voice.licence == "CC0"
    assert voice.provenance.startswith("The catalog's en_US-tiny-medium: ")
    assert "License: CC0" in (voice.folder / "MODEL_CARD").read_text()

    n_requests = len(mirror.requests)
    assert "installed already" in tts("voices", "install", "en_US-tiny-medium", "--yes")[2]
    assert len(mirror.requests) == n_requests


def test_a_file_with_another_hash_is_not_installed(mirror, tts):
    tts("voices", "update", "--mirror", mirror.url)
    path = next(path for path in mirror.files if path.endswith(".onnx"))
    mirror.files[path] = mirror.files[path][:-1] + b"x"
    code, _, told = tts("voices", "install", "en_US-tiny-medium", "--mirror", mirror.url, "--yes")
    assert code == 1
    assert "is not the file that its makers published: its MD5 is" in told
    with pytest.raises(UsageError):
        find_voice("en_US-tiny-medium")


def test_a_list_that_cannot_be_used_leaves_the_one_before(mirror, tts):
    path = next(path for path in mirror.files if path.endswith("voices.json"))
    mirror.files[path] = b"{}"
    code, _, told = tts("voices", "update", "--mirror", mirror.url)
    assert (code, told) == (1, "tts: The newest list of Piper's voices is empty.\n")
    assert not updated_list_path().exists()
    assert len(published()) == 163
    # One that was damaged later is as none.
    updated_list_path().parent.mkdir(parents=True, exist_ok=True)
    updated_list_path().write_text("damaged")
    catalog.cache_clear()
    assert len(published()) == 163


def test_an_update_needs_the_network(tts):
    assert tts("voices", "update", "--offline")[:1] == (1,)


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (("--language", "de", "--quality", "high"), ["de_DE-thorsten-high"]),
        (("--language", "en-us", "--license", "non-comm", "--quality", "high"), ["en_US-lessac-high"]),
        (("--kind", "voice", "--max-size", "21.1", "--language", "de"), ["de_DE-eva_k-x_low"]),
        (("--quality", "int8"), ["kokoro-int8"]),
    ],
)
def test_the_list_is_filtered(tts, flags, names):
    code, out, _ = tts("voices", "list", "--available", "--json", *flags)
    assert code == 0
    assert [entry["name"] for entry in json.loads(out)] == names


def test_filters_of_the_catalog_need_it(tts):
    code, _, told = tts("voices", "list", "--quality", "high")
    assert (code, told) == (2, "tts: --kind, --quality and --max-size are for the catalog: add --available.\n")


def test_entries_are_made_from_a_compact_list():
    row = ["de_DE-x-low", "German", "Germany", "2", *(f"{n}:{'a' * 32}" for n in (3, 2, 1)), ""]
    (entry,) = piper_entries("\t".join(COLUMNS) + "\n" + "\t".join(row) + "\n").values()
    assert (entry.size, entry.sample_rate, entry.n_speakers) == (6, 16000, 2)
    assert entry.description == "Piper, German (Germany), low, 2 speakers."

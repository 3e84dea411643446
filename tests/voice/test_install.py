import hashlib
import io
import json
import shutil
import tarfile
import threading
from contextlib import nullcontext
from dataclasses import asdict, replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.tiny_voice import ACOUSTIC, MEL, VOCODER, zeroed
from tests.voice.fault_server import FaultServer, cut_after, status
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError, UsageError
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.vocos import Vocos, VocosDimensions
from tts.text.symbols import ENGLISH_IPA
from tts.voice import folder as folder_module
from tts.voice.catalog import CatalogEntry, Checkpoint
from tts.voice.checkpoints.weights import ConvertedNetwork
from tts.voice.download import DownloadPolicy, RetryPolicy
from tts.voice.install import (
    InstallRequest,
    Tools,
    install,
    install_paths,
    installation_lock,
    plan_installation,
    remove_voice,
)
from tts.voice.load import load_vocoder
from tts.voice.manifest import FrontendSpec, load_manifest, verify_files
from tts.voice.package import pack
from tts.voice.store import find_vocoder, find_voice

ACOUSTIC_FILE, VOCODER_FILE, OTHER_MEL_FILE = b"acoustic" * 1000, b"vocoder" * 1000, b"other mel" * 1000
LONGER_MEL = replace(MEL, hop_length=512)


def convert(path, hyperparameters):
    """Stands for what recognises public checkpoints: three known contents, everything else is refused."""
    content = path.read_bytes()
    if content == ACOUSTIC_FILE:
        network = zeroed(FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC)))
        frontend = FrontendSpec("espeak", tuple(ENGLISH_IPA.symbols))
        weights = network.state_dict()
        return ConvertedNetwork("Tiny", "acoustic", "fastspeech2", ACOUSTIC, weights, asdict(MEL), frontend)
    if content not in (VOCODER_FILE, OTHER_MEL_FILE):
        raise TtsError(f"{path.name} is no checkpoint that this version knows.")
    mel = MEL if content == VOCODER_FILE else LONGER_MEL
    torch.manual_seed(0)
    weights = Vocos(mel, VocosDimensions(**VOCODER)).state_dict()
    return ConvertedNetwork("Tiny", "vocoder", "vocos", VOCODER, weights, asdict(mel))


class Bench:
    """An empty user's folder, a server with three checkpoints, and what was reports."""

    def __init__(self, folder, server):
        self.folder, self.server, self.reports = folder, server, []
        self.problem = None
        self.options = {"policy": DownloadPolicy(RetryPolicy(attempts=2, sleep=lambda _: None))}

    @property
    def tools(self):
        return Tools(
            self.reports.append,
            convert=convert,
            conversion_problem=lambda source, target: self.problem,
            download_options=self.options,
        )

    def checkpoint(self, name, role, **more):
        fields = {"licence": "MIT", "licence_note": "of the code", "sample_rate": 22050, "mel": "tacotron2"}
        return Checkpoint(
            name, role, f"A tiny {role}.", f"{self.server.url}/{name}", "https://example.org", **(fields | more)
        )

    def entry(self, **vocoders):
        acoustic = self.checkpoint("acoustic", "acoustic")
        return CatalogEntry("tiny", "A tiny voice.", "en-us", acoustic, vocoders, next(iter(vocoders)))

    def install(self, source, **named):
        """`source`: a entry, or what a person would name."""
        if not isinstance(source, CatalogEntry):
            return install(plan_installation(InstallRequest(str(source), **named)), self.tools)
        request = InstallRequest(source.name, **named)
        return install(self.plan(source, request), self.tools)

    def plan(self, entry, request):
        from tts.voice.install import Plan

        return Plan(request, request.name or entry.name, entry=entry)

    @property
    def names(self):
        """All that is in the user's folder but the lock."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != ".lock")

    @property
    def downloads(self):
        return sorted(path.name.split("-")[-1] for path in (self.folder / ".downloads").iterdir())


@pytest.fixture
def bench(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path / "voices"))
    files = {"/acoustic": ACOUSTIC_FILE, "/vocoder": VOCODER_FILE, "/other": OTHER_MEL_FILE, "/junk": b"junk"}
    with FaultServer(files) as server:
        yield Bench(tmp_path / "voices", server)


def refused(bench, said, source, error=TtsError, **named):
    with pytest.raises(error, match=said) as caught:
        bench.install(source, **named)
    assert "\n" not in str(caught.value)


class TestCatalogEntries:
    def test_a_voice_of_two_checkpoints(self, bench):
        done = bench.install(bench.entry(vocos=bench.checkpoint("vocoder", "vocoder")))
        voice = find_voice("tiny")
        assert voice == done.manifest
        assert done.changed
        assert verify_files(voice) == []
        assert list(voice.vocoders) == ["vocos", "griffinlim"]
        assert (voice.default_vocoder, voice.licence, voice.description) == ("vocos", "MIT", "A tiny voice.")
        assert voice.vocoders["vocos"].mel == {}
        digest = hashlib.sha256(VOCODER_FILE).hexdigest()
        url = f"{bench.server.url}/vocoder"
        assert voice.vocoders["vocos"].note == f"From {url}, sha256 {digest}; licence: MIT (of the code)."
        assert voice.provenance == f"The catalog's tiny: {bench.server.url}/acoustic; {url}"
        assert bench.downloads == []
        assert bench.names == [".downloads", ".recorded.json", "tiny"]

    def test_half_precision_only_where_nothing_is_lost(self, bench):
        bench.install(bench.entry(vocos=bench.checkpoint("vocoder", "vocoder")))
        dtypes = {
            name: {tensor.dtype for tensor in load_file(bench.folder / "tiny" / f"{name}.safetensors").values()}
            for name in ("acoustic", "vocos")
        }
        assert dtypes["vocos"] == {torch.float32}
        assert torch.float16 in dtypes["acoustic"]
        assert torch.float32 not in dtypes["acoustic"]
        weights = load_vocoder(find_voice("tiny"), "vocos", torch.device("cpu")).state_dict()
        torch.manual_seed(0)
        expected = Vocos(MEL, VocosDimensions(**VOCODER)).state_dict()
        assert all(torch.equal(weights[name], expected[name]) for name in expected)

    def test_a_second_time_changes_nothing(self, bench):
        entry = bench.entry(vocos=bench.checkpoint("vocoder", "vocoder"))
        bench.install(entry)
        n_requests = len(bench.server.requests)
        assert not bench.install(entry).changed
        assert len(bench.server.requests) == n_requests

    def test_a_damaged_one_is_mended(self, bench):
        entry = bench.entry(vocos=bench.checkpoint("vocoder", "vocoder"))
        bench.install(entry)
        (bench.folder / "tiny" / "vocos.safetensors").write_bytes(b"cut")
        assert bench.install(entry).changed
        assert verify_files(find_voice("tiny")) == []

    def test_a_mel_that_is_converted_is_reported(self, bench):
        bench.install(bench.entry(slow=bench.checkpoint("other", "vocoder")))
        assert bench.reports == ["slow expects another mel than this voice has: it will be converted"]
        assert MelSettings(**find_voice("tiny").vocoders["slow"].mel) == LONGER_MEL

    def test_a_mel_that_cannot_be_converted_is_refused_with_the_reason(self, bench):
        bench.problem = "its frames are longer"
        entry = bench.entry(slow=bench.checkpoint("other", "vocoder"))
        refused(bench, "slow expects another mel .* cannot be combined: its frames are longer", entry)
        assert "tiny" not in bench.names

    @pytest.mark.parametrize(
        ("problem", "end"), [(None, "it will be converted"), ("too long", "the two cannot be combined: too long")]
    )
    def test_another_mel_of_a_single_vocoder_is_reported(self, bench, problem, end):
        bench.problem = problem
        bench.install(f"{bench.server.url}/other", name="slow")
        assert bench.reports == [f"slow expects another mel than NVIDIA's Tacotron 2 and most voices have: {end}"]
        assert MelSettings(**load_manifest(bench.folder / "slow").mel) == LONGER_MEL

    def test_a_checkpoint_of_the_wrong_role_is_refused(self, bench):
        refused(bench, "holds Tiny, not the vocoder", bench.entry(x=bench.checkpoint("acoustic", "vocoder")))
        assert "tiny" not in bench.names

    def test_what_cannot_be_converted_is_not_kept(self, bench):
        refused(bench, "no checkpoint that this version knows", bench.entry(x=bench.checkpoint("junk", "vocoder")))
        assert "tiny" not in bench.names
        assert bench.downloads == ["acoustic"]

    def test_what_came_before_a_failure_is_not_fetched_again(self, bench):
        entry = bench.entry(vocos=bench.checkpoint("vocoder", "vocoder"))
        bench.server.faults += [cut_after(1 << 30), status(403)]
        refused(bench, "does not give it out", entry)
        bench.install(entry)
        assert [request["path"] for request in bench.server.requests] == ["/acoustic", "/vocoder", "/vocoder"]

    def test_a_published_hash_is_not_to_be_forced(self, bench):
        entry = bench.entry(vocos=bench.checkpoint("vocoder", "vocoder", sha256="0" * 64))
        refused(bench, "not the file it should be: its sha256 is", entry, force=True)

    def test_hyperparameters_come_too(self, bench):
        bench.server.files["/hyper"] = b"{}"
        seen = []

        def noting(path, hyperparameters):
            seen.append(hyperparameters and hyperparameters.read_bytes())
            return convert(path, hyperparameters)

        vocoder = bench.checkpoint("vocoder", "vocoder", hyperparameters_url=f"{bench.server.url}/hyper")
        entry = bench.entry(vocos=vocoder)
        install(bench.plan(entry, InstallRequest("tiny")), replace(bench.tools, convert=noting))
        assert seen == [None, b"{}"]


class TestRecords:
    def test_the_first_hash_is_recorded_and_held_against_the_next(self, bench):
        entry = bench.entry(vocos=bench.checkpoint("vocoder", "vocoder"))
        bench.install(entry)
        records = json.loads((bench.folder / ".recorded.json").read_text())
        digest = hashlib.sha256(VOCODER_FILE).hexdigest()
        assert records[f"{bench.server.url}/vocoder"] == {"sha256": digest, "size": len(VOCODER_FILE)}
        bench.server.files["/vocoder"] = OTHER_MEL_FILE
        refused(bench, "/vocoder is not the file that was first installed .* --force accepts", entry, name="again")
        assert "again" not in bench.names
        bench.install(entry, name="again", force=True)
        assert bench.reports[0].endswith("/vocoder has changed since it was first installed; --force accepts it")
        records = json.loads((bench.folder / ".recorded.json").read_text())
        assert records[f"{bench.server.url}/vocoder"]["sha256"] == hashlib.sha256(OTHER_MEL_FILE).hexdigest()

    def test_nothing_is_recorded_of_what_was_not_installed(self, bench):
        refused(bench, "no checkpoint", bench.entry(x=bench.checkpoint("junk", "vocoder")))
        assert not (bench.folder / ".recorded.json").exists()

    def test_broken_records_are_reports(self, bench):
        bench.folder.mkdir()
        (bench.folder / ".recorded.json").write_text("{")
        refused(bench, "record of downloads .* cannot be read", f"{bench.server.url}/vocoder")

    def test_secrets_of_an_address_are_not_written_down(self, bench):
        address = bench.server.url.replace("http://", "http://me:secret@") + "/vocoder?token=secret"
        bench.install(address, name="v")
        written = (bench.folder / ".recorded.json").read_text() + (bench.folder / "v" / "voice.toml").read_text()
        assert "secret" not in written


class TestAddressesAndFiles:
    def test_a_vocoder_by_address(self, bench):
        bench.install(f"{bench.server.url}/vocoder", name="buzz", sha256=hashlib.sha256(VOCODER_FILE).hexdigest())
        manifest, key = find_vocoder(find_voice("heart"), "buzz")
        assert (manifest.speaks, key, manifest.licence) == (False, "buzz", "unknown")
        assert (
            not (bench.folder / ".recorded.json").exists() or "vocoder" in (bench.folder / ".recorded.json").read_text()
        )

    def test_a_wrong_hash(self, bench, tmp_path):
        refused(bench, "not the file it should be", f"{bench.server.url}/vocoder", sha256="0" * 64)
        (tmp_path / "x.pt").write_bytes(VOCODER_FILE)
        refused(bench, "not the file it should be", tmp_path / "x.pt", sha256="0" * 64)
        assert not any((bench.folder / name / "voice.toml").exists() for name in bench.names)

    def test_a_single_acoustic_model_speaks_through_griffin_lim(self, bench, tmp_path):
        (tmp_path / "my model.ckpt").write_bytes(ACOUSTIC_FILE)
        bench.install(tmp_path / "my model.ckpt")
        voice = find_voice("my-model")
        assert list(voice.vocoders) == ["griffinlim"]
        assert voice.default_vocoder == "griffinlim"
        assert voice.acoustics["fastspeech2"].note.startswith("From my model.ckpt, sha256 ")
        assert (tmp_path / "my model.ckpt").exists()

    def test_a_name_that_is_taken(self, bench, tmp_path):
        (tmp_path / "x.pt").write_bytes(VOCODER_FILE)
        bench.install(tmp_path / "x.pt")
        refused(bench, "There is a voice x already: --force replaces it, --as NAME", tmp_path / "x.pt", UsageError)
        refused(bench, "There is a voice heart already", tmp_path / "x.pt", UsageError, name="heart")
        assert bench.install(tmp_path / "x.pt", force=True).changed

    @pytest.mark.parametrize(
        ("source", "named", "said"),
        [
            ("ljspech", {}, r"The catalog has no 'ljspech'; did you mean ljspeech"),
            ("./none.pt", {}, r"There is no file \./none\.pt"),
            ("none.tar.gz", {}, r"There is no file none\.tar\.gz"),
            ("ftp://example.org/x", {}, "not a web address"),
            ("file:///etc/passwd", {}, "not a web address"),
            ("ljspeech", {"name": "../x"}, "No voice can be called"),
            ("ljspeech", {"sha256": "0" * 64}, "made of 4 files: --sha256 is for one"),
            ("hifigan-ljspeech", {"sha256": "0" * 64}, "not the one that is published for hifigan-ljspeech"),
            ("ljspeech", {"sha256": "xyz"}, "64 hexadecimal digits"),
        ],
    )
    def test_requests_that_cannot_be_right(self, bench, source, named, said):
        refused(bench, said, source, UsageError, **named)

    @pytest.mark.parametrize("source", ["ljspeech", "https://example.org/x.pt"])
    def test_offline(self, bench, source):
        refused(bench, "on the network, which --offline .* forbids", source, offline=True)

    def test_an_address_of_the_catalog_is_its_entry(self, bench):
        url = "https://huggingface.co/speechbrain/tts-hifigan-ljspeech/resolve/main/generator.ckpt"
        plan = plan_installation(InstallRequest(url))
        assert (plan.name, plan.entry.name, plan.licence) == ("hifigan-ljspeech", "hifigan-ljspeech", "Apache-2.0")

    def test_a_mirror(self, bench):
        bench.server.files["/mirror/voices.invalid/vocoder"] = VOCODER_FILE
        bench.install("https://voices.invalid/vocoder", name="v", mirror=f"{bench.server.url}/mirror")
        assert load_manifest(bench.folder / "v").provenance == "Installed from https://voices.invalid/vocoder."


class TestPacked:
    def test_by_address_file_and_folder(self, bench, pulse_voice, tmp_path):
        packed = pack(pulse_voice, tmp_path / "pulse.tar.gz")
        bench.server.files["/pulse.tar.gz"] = packed.read_bytes()
        bench.install(f"{bench.server.url}/pulse.tar.gz", name="one")
        bench.install(packed)
        bench.install(pulse_voice, name="three")
        for name in ("one", "pulse", "three"):
            voice = find_voice(name)
            assert (voice.name, voice.provenance, verify_files(voice)) == (name, "Made by a test.", [])
        assert (bench.folder / "pulse" / "voice.toml").read_bytes() == (pulse_voice / "voice.toml").read_bytes()

    def test_a_folder_is_copied_without_what_is_not_the_voices(self, bench, pulse_voice, tmp_path):
        folder = shutil.copytree(pulse_voice, tmp_path / "mine")
        (folder / "secret.txt").write_text("x")
        (folder / "LICENSE").write_text("Terms.")
        bench.install(folder)
        names = {path.name for path in (bench.folder / "mine").iterdir()}
        assert names == {"voice.toml", "fastspeech2.safetensors", "vocos.safetensors", "LICENSE"}

    def test_a_manifest_that_reaches_out_is_refused(self, bench, pulse_voice, tmp_path):
        folder = shutil.copytree(pulse_voice, tmp_path / "mine")
        text = (folder / "voice.toml").read_text().replace('"vocos.safetensors"', '"../vocos.safetensors"')
        (folder / "voice.toml").write_text(text)
        refused(bench, "not the name of a voice's file", folder)
        with tarfile.open(tmp_path / "mine.tar", "w") as archive:
            archive.add(folder, "mine")
        refused(bench, "not a plain file name", tmp_path / "mine.tar")
        assert "mine" not in bench.names

    def test_a_tar_that_reaches_out_is_refused(self, bench, tmp_path):
        with tarfile.open(tmp_path / "evil.tar", "w") as archive:
            member = tarfile.TarInfo("../../voice.toml")
            member.size = 4
            archive.addfile(member, io.BytesIO(b"evil"))
        refused(bench, "would be written outside", tmp_path / "evil.tar")
        assert bench.names == []

    def test_weights_that_are_another_network_are_refused(self, bench, pulse_voice, tmp_path):
        folder = shutil.copytree(pulse_voice, tmp_path / "mine")
        old = hashlib.sha256((folder / "vocos.safetensors").read_bytes()).hexdigest()
        save_file({"x": torch.zeros(1)}, folder / "vocos.safetensors")
        new = hashlib.sha256((folder / "vocos.safetensors").read_bytes()).hexdigest()
        (folder / "voice.toml").write_text((folder / "voice.toml").read_text().replace(old, new))
        refused(bench, "does not hold the weights", folder)
        assert "mine" not in bench.names

    def test_a_safetensors_header_that_lies_is_refused(self, bench, pulse_voice, tmp_path):
        folder = shutil.copytree(pulse_voice, tmp_path / "mine")
        path = folder / "vocos.safetensors"
        old = hashlib.sha256(path.read_bytes()).hexdigest()
        path.write_bytes((1 << 60).to_bytes(8, "little") + path.read_bytes()[8:])
        new = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "voice.toml").write_text((folder / "voice.toml").read_text().replace(old, new))
        refused(bench, "does not hold the weights", folder)
        assert "mine" not in bench.names

    def test_a_missing_file_is_reported(self, bench, pulse_voice, tmp_path):
        folder = shutil.copytree(pulse_voice, tmp_path / "mine")
        (folder / "vocos.safetensors").unlink()
        refused(bench, r"vocos\.safetensors is missing", folder)


class TestPublishing:
    def test_a_kill_at_any_step_of_a_replacement_leaves_a_complete_voice(
        self, bench, pulse_voice, random_voice, monkeypatch
    ):
        """Stop at the first, second, … rename: the voice is the old one or the new one, and never broken."""
        states = []
        for n_steps in range(12):
            bench.install(pulse_voice, name="v", force=True)
            with monkeypatch.context() as patch:
                stop = Stop(n_steps, folder_module.os.replace)
                patch.setattr(folder_module.os, "replace", stop)
                try:
                    bench.install(random_voice, name="v", force=True)
                except Killed:
                    """What a killed process leaves is looked at below."""
            voice = find_voice("v")
            assert verify_files(voice) == []
            states.append(next(iter(voice.vocoders)))
        assert states[0] == "vocos"
        assert states[-1] == "source_filter"
        assert states == sorted(states, reverse=True)

    def test_a_replacement_leaves_no_old_weights(self, bench, pulse_voice, random_voice):
        bench.install(pulse_voice, name="v")
        bench.install(random_voice, name="v", force=True)
        bench.install(random_voice, name="v", force=True)
        voice = find_voice("v")
        assert verify_files(voice) == []
        files = {path.name for path in voice.folder.iterdir()}
        assert files == {"voice.toml", *(part.file for part in voice.components if part.file)}

    def test_what_a_killed_installer_left_is_cleared(self, bench, pulse_voice):
        (bench.folder / ".staging" / "half").mkdir(parents=True)
        (bench.folder / ".staging" / "half" / "voice.toml").write_text("")
        bench.install(pulse_voice)
        assert bench.names == ["pulse"]

    def test_two_at_once_wait_for_each_other(self, bench, pulse_voice):
        reports = []
        with installation_lock(install_paths(), reports.append):
            tools = replace(bench.tools, wait_seconds=0.05)
            with pytest.raises(TtsError, match="Another installation is still running: run the command again"):
                install(plan_installation(InstallRequest(str(pulse_voice))), tools)
            assert bench.reports == ["another installation is running; waiting for its end"]
            waiting = threading.Thread(target=bench.install, args=(pulse_voice,))
            waiting.start()
        waiting.join()
        assert find_voice("pulse").folder == bench.folder / "pulse"

    def test_a_folder_that_cannot_be_written(self, bench, pulse_voice, monkeypatch, tmp_path):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path / "file" / "voices"))
        refused(bench, "The folder of voices .* cannot be written", pulse_voice)

    def test_without_its_own_folder_the_users_data_is_not_mixed(self, monkeypatch):
        monkeypatch.delenv("TTS_VOICES_DIR", raising=False)
        monkeypatch.setenv("XDG_DATA_HOME", "/data")
        paths = install_paths()
        assert paths.voices == paths.downloads.parent / "voices" == paths.records.parent / "voices"

    def test_removal(self, bench, pulse_voice):
        bench.install(pulse_voice)
        remove_voice("pulse", install_paths())
        assert bench.names == []
        with pytest.raises(UsageError, match=r"heart ships with this package, .* cannot be removed"):
            remove_voice("heart", install_paths())


class Killed(BaseException):
    pass


class Stop:
    """Lets so many calls through and dies at the next."""

    def __init__(self, n_calls, function):
        self.left, self.function = n_calls, function

    def __call__(self, *arguments):
        if self.left == 0:
            raise Killed
        self.left -= 1
        return self.function(*arguments)


def test_the_progress_is_reported_a_file_at_a_time(bench):
    titles, seen = [], []

    def bar(title):
        titles.append(title)
        return nullcontext(lambda done, total: seen.append((done, total)))

    tools = replace(bench.tools, bar=bar)
    install(plan_installation(InstallRequest(f"{bench.server.url}/vocoder", name="v")), tools)
    assert titles == ["vocoder"]
    assert seen[-1] == (len(VOCODER_FILE), len(VOCODER_FILE))

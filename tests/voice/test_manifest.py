import shutil
from dataclasses import replace

import pytest

from tts.errors import TtsError
from tts.voice.manifest import Speaker, file_sha256, load_manifest, verify_files, write_manifest


@pytest.fixture
def voice(pulse_voice, tmp_path):
    return shutil.copytree(pulse_voice, tmp_path / "pulse")


def edit(voice, old, new):
    path = voice / "voice.toml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_reads_what_the_voice_is(voice):
    manifest = load_manifest(voice)
    assert (manifest.name, manifest.language, manifest.sample_rate) == ("pulse", "en-us", 22050)
    assert list(manifest.vocoders) == ["vocos", "griffinlim"]
    assert manifest.default_vocoder == "vocos"
    assert {name: part.network for name, part in manifest.acoustics.items()} == {"fastspeech2": "fastspeech2"}
    assert manifest.default_acoustic == "fastspeech2"
    assert manifest.vocoders["griffinlim"].file is None
    assert verify_files(manifest) == []


def test_reads_back_what_it_writes(voice):
    manifest = load_manifest(voice)
    (voice / "voice.toml").unlink()
    write_manifest(manifest)
    assert load_manifest(voice) == manifest


def with_graph(voice):
    """The manifest of pulse, whose vocoder has a graph too."""
    graph = voice / "vocos.onnx"
    graph.write_bytes(b"a graph")
    manifest = load_manifest(voice)
    part = replace(manifest.vocoders["vocos"], graph=graph.name, graph_sha256=file_sha256(graph))
    return replace(manifest, vocoders={**manifest.vocoders, "vocos": part})


def test_a_graph_is_a_file_of_its_own(voice):
    manifest = with_graph(voice)
    assert set(manifest.files) == {"fastspeech2.safetensors", "vocos.safetensors", "vocos.onnx"}
    write_manifest(manifest)
    assert load_manifest(voice) == manifest
    (voice / "vocos.onnx").write_bytes(b"another")
    assert verify_files(manifest) == [f"{voice / 'vocos.onnx'} is damaged: its sha256 is not the one in voice.toml."]
    edit(voice, "graph_sha256", "graph_md5")
    with pytest.raises(TtsError, match="lacks 'graph_sha256'"):
        load_manifest(voice)


def with_acoustics(voice, head=""):
    """The manifest of pulse with its acoustic model under two names."""
    path = voice / "voice.toml"
    table = path.read_text("utf-8").split("[acoustic]")[1].split("[vocoders")[0]
    edit(voice, f"[acoustic]{table}", f"[acoustics.calm]{table}[acoustics.brisk]{table}")
    edit(voice, 'version = "1"', f'version = "1"\n{head}')
    return path


@pytest.mark.parametrize(("head", "default"), [("", "calm"), ('default_acoustic = "brisk"', "brisk")])
def test_several_acoustic_models(voice, head, default):
    with_acoustics(voice, head)
    manifest = load_manifest(voice)
    assert (list(manifest.acoustics), manifest.default_acoustic) == (["calm", "brisk"], default)
    assert len(manifest.components) == 4
    assert verify_files(manifest) == []
    write_manifest(manifest)
    assert load_manifest(voice) == manifest


def test_one_acoustic_model_is_written_as_it_always_was(voice):
    manifest = load_manifest(voice)
    text = write_manifest(manifest).read_text("utf-8")
    assert "[acoustic]" in text
    assert "default_acoustic" not in text
    named = {"calm": manifest.acoustics["fastspeech2"]}
    write_manifest(replace(manifest, acoustics=named, default_acoustic="calm"))
    assert list(load_manifest(voice).acoustics) == ["calm"]


def test_vocoder_packages_are_read_back_too(voice):
    manifest = load_manifest(voice)
    package = replace(manifest, frontend=None, acoustics={}, default_acoustic="")
    write_manifest(package)
    assert load_manifest(voice) == package
    assert not package.speaks


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[acoustics.calm]", "[acoustic]", r"both \[acoustic\] and \[acoustics\]"),
        ('version = "1"', 'version = "1"\ndefault_acoustic = "x"', "lacks 'acoustics.x'"),
        ("[frontend]", "[other]", "lacks 'frontend'"),
    ],
)
def test_acoustic_models_that_cannot_be_are_refused(voice, old, new, said):
    with_acoustics(voice)
    edit(voice, old, new)
    with pytest.raises(TtsError, match=said):
        load_manifest(voice)


def test_a_truncated_file_is_named(voice):
    path = voice / "vocos.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert verify_files(load_manifest(voice)) == [f"{path} is damaged: its sha256 is not the one in voice.toml."]


def test_a_missing_file_is_named(voice):
    (voice / "fastspeech2.safetensors").unlink()
    assert verify_files(load_manifest(voice)) == [f"{voice / 'fastspeech2.safetensors'} is missing."]


def test_a_file_outside_the_voice_is_refused(voice):
    edit(voice, '"vocos.safetensors"', '"../vocos.safetensors"')
    assert verify_files(load_manifest(voice)) == ["../vocos.safetensors is not a plain file name."]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('language = "en-us"', "", "lacks 'language'"),
        ('default_vocoder = "vocos"', 'default_vocoder = "x"', "lacks 'vocoders.x'"),
        ("[mel]", "[mel", "cannot be read"),
        ("[frontend]", "[[frontend]]", "not laid out as a voice"),
    ],
)
def test_a_broken_manifest_is_refused_in_a_sentence(voice, old, new, said):
    edit(voice, old, new)
    with pytest.raises(TtsError, match=said):
        load_manifest(voice)


def test_a_folder_without_manifest_is_no_voice(tmp_path):
    with pytest.raises(TtsError, match=r"has no voice\.toml"):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    ("n_speakers", "listed", "said"),
    [
        (1, ["anna", "ben"], "lists 2 speakers, and its acoustic model fastspeech2 has 1"),
        (3, ["anna", "ben"], "lists 2 speakers, and its acoustic model fastspeech2 has 3"),
        (2, [], "lists 0 speakers, and its acoustic model fastspeech2 has 2"),
    ],
)
def test_speakers_that_its_network_does_not_have_are_refused(voice, n_speakers, listed, said):
    manifest = load_manifest(voice)
    part = manifest.acoustics["fastspeech2"]
    part = replace(part, options={**part.options, "n_speakers": n_speakers})
    write_manifest(replace(manifest, acoustics={"fastspeech2": part}, speakers=tuple(map(Speaker, listed))))
    with pytest.raises(TtsError, match=said):
        load_manifest(voice)


def test_speakers_are_read_back(voice):
    manifest = load_manifest(voice)
    part = manifest.acoustics["fastspeech2"]
    part = replace(part, options={**part.options, "n_speakers": 2})
    manifest = replace(
        manifest, acoustics={"fastspeech2": part}, speakers=(Speaker("ben", sex="male"), Speaker("anna"))
    )
    write_manifest(manifest)
    assert load_manifest(voice) == manifest

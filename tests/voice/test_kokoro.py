import hashlib
import zipfile

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.numpy import load_file

from tests.tiny_kokoro import graph_bytes, style, write_kokoro
from tts.errors import TtsError
from tts.options import SynthesisOptions
from tts.synthesis.voice import load_voice
from tts.voice.install import InstallRequest, Tools, install, plan_installation
from tts.voice.kokoro import is_kokoro
from tts.voice.manifest import Speaker
from tts.voice.onnx_voices import OnnxSource, make_onnx_voice
from tts.voice.package import pack
from tts.voice.store import installed_voices


@pytest.fixture(autouse=True)
def folder_of_voices(tmp_path, monkeypatch):
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path / "voices"))
    return tmp_path / "voices"


def install_from(path, name="tiny"):
    return install(plan_installation(InstallRequest(str(path), name)), Tools(lambda message: None)).manifest


def test_a_graph_with_styles_in_a_folder_beside_it_becomes_a_voice(tmp_path):
    graph = write_kokoro(tmp_path / "source", ("zf_mei", "bm_george", "af_heart", "narrator"))
    manifest = install_from(graph)
    assert manifest.speakers == (
        Speaker("af_heart", "en-us", "female"),
        Speaker("bm_george", "en-gb", "male"),
        Speaker("narrator"),
        Speaker("zf_mei", "cmn", "female"),
    )
    assert (manifest.language, manifest.sample_rate, manifest.licence) == ("en-us", 24_000, "unknown")
    assert manifest.frontend.kind == "kokoro"
    assert manifest.frontend.ids["ˈ"] == (156,)
    digest = hashlib.sha256(graph.read_bytes()).hexdigest()
    assert manifest.provenance == f"Installed from kokoro.onnx, sha256 {digest}."


def test_the_default_name_is_that_of_the_file(tmp_path):
    assert plan_installation(InstallRequest(str(write_kokoro(tmp_path / "source")))).name == "kokoro"


def test_a_folder_with_both_is_installed_also_in_the_layout_of_onnx_community(tmp_path):
    source = tmp_path / "source"
    graph = write_kokoro(source)
    assert len(install_from(source).speakers) == 2
    (source / "onnx").mkdir()
    graph.rename(source / "onnx" / "model_quantized.onnx")
    assert len(install_from(source, "again").speakers) == 2


def test_a_voice_speaks_with_timings_speakers_and_blends(tmp_path):
    install_from(write_kokoro(tmp_path / "source"))
    voice = load_voice("tiny")
    (piece,) = voice.stream("Hello there.")
    assert piece.phonemes == "həlˈO ðˈɛɹ."
    assert [word.text for word in piece.words] == ["Hello", "there"]
    # h lasts half of its id (50) in frames, the pad before it one.
    assert piece.words[0].start == pytest.approx(0.025)
    ids = [50, 83, 54, 156, 31, 16, 81, 156, 86, 123, 4]
    assert piece.audio.seconds == pytest.approx((2 + sum(max(1, round(each / 2)) for each in ids)) / 40)

    def level(speaker):
        return voice.say("Hello there.", SynthesisOptions(speaker=speaker)).samples[600] / 50

    assert level("bm_george") - level("af_heart") == pytest.approx(1000)
    # In British English the vowel of "hello" is written Q, and the r is silent.
    assert load_voice("tiny", speaker="bm_george").frontend().phonemize("Hello.") == "həlˈQ."
    assert load_voice("tiny", speaker="af_heart:40,bm_george:60").frontend().phonemize("Hello.") == "həlˈQ."


STYLES = {"af_heart": style(1000), "bf_emma": style(2000)}


def write_npz(path):
    with path.open("wb") as file:
        np.savez(file, **STYLES)


def write_npy(path):
    for name, numbers in STYLES.items():
        np.save(path.parent / f"{name}.npy", numbers.astype(np.float64))


def write_pt(path):
    for name, numbers in STYLES.items():
        torch.save(torch.from_numpy(numbers), path.parent / f"{name}.pt")


def write_bin(path):
    for name, numbers in STYLES.items():
        numbers.tofile(path.parent / f"{name}.bin")


@pytest.mark.parametrize("write", [write_npz, write_npy, write_pt, write_bin])
@pytest.mark.parametrize("place", ["", "voices"])
def test_styles_are_read_in_all_formats(tmp_path, folder_of_voices, write, place):
    (tmp_path / "source" / place).mkdir(parents=True)
    graph = tmp_path / "source" / "model.onnx"
    graph.write_bytes(graph_bytes())
    write(tmp_path / "source" / place / "voices-v1.0.bin")
    # Files of other kinds beside a graph are not styles.
    (tmp_path / "source" / "pytorch_model.bin").write_bytes(b"weights")
    install_from(graph)
    stored = load_file(folder_of_voices / "tiny" / "styles.safetensors")
    assert list(stored) == list(STYLES)
    for name, numbers in STYLES.items():
        np.testing.assert_array_equal(stored[name], numbers.reshape(510, 256))
        # Whole numbers up to 2048 are representable in half precision, larger ones are not all.
        assert stored[name].dtype == np.float32


def test_styles_are_stored_in_half_precision_where_that_is_exact(tmp_path, folder_of_voices):
    graph = write_kokoro(tmp_path / "source", ("af_heart",))
    install_from(graph)
    stored = load_file(folder_of_voices / "tiny" / "styles.safetensors")["af_heart"]
    assert stored.dtype == np.float16
    np.testing.assert_array_equal(stored.astype(np.float32), style(1000).reshape(510, 256))


def not_finite(source):
    numbers = style(1000)
    numbers[3, 0, 7] = np.nan
    numbers.tofile(source / "voices" / "af_heart.bin")


def without_styles(source):
    for path in (source / "voices").iterdir():
        path.unlink()


def too_short(source):
    path = source / "voices" / "af_heart.bin"
    path.write_bytes(path.read_bytes()[:-4])


def other_shape(source):
    np.save(source / "voices" / "af_sky.npy", np.zeros((510, 1, 128), np.float32))


def lying_header(source):
    with (source / "voices" / "af_sky.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (2**40,)})


def zip_bomb(source):
    with zipfile.ZipFile(source / "voices-v1.0.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("af_sky.npy", bytes(50_000_000))


def objects(source):
    np.save(source / "voices" / "af_sky.npy", np.array([{}]), allow_pickle=True)


def cut_archive(source):
    write_npz(source / "voices-v1.0.bin")
    path = source / "voices-v1.0.bin"
    path.write_bytes(path.read_bytes()[:100_000])


def no_tensor(source):
    torch.save({"a": 1}, source / "voices" / "af_sky.pt")


def name_of_no_speaker(source):
    (source / "voices" / "af_heart.bin").rename(source / "voices" / "a:1,b.bin")


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (without_styles, "there are no styles beside it: put voices-v1.0.bin"),
        (not_finite, "af_heart.bin holds numbers that are not finite"),
        (too_short, r"af_heart.bin is not a style of Kokoro's: one has 510 x 256 numbers \(522240 bytes"),
        (other_shape, "af_sky.npy cannot be read as styles"),
        (lying_header, "af_sky.npy cannot be read as styles"),
        (zip_bomb, "af_sky.npy in voices-v1.0.bin is not a style"),
        (objects, "af_sky.npy cannot be read as styles"),
        (cut_archive, "voices-v1.0.bin cannot be read as styles"),
        (no_tensor, "af_sky.pt cannot be read as styles"),
        (name_of_no_speaker, "cannot be the name of a speaker"),
    ],
)
def test_styles_that_are_none_are_refused_in_a_sentence(tmp_path, break_it, reason):
    graph = write_kokoro(tmp_path / "source")
    break_it(tmp_path / "source")
    check_refused(graph, reason)


def check_refused(path, reason):
    with pytest.raises(TtsError, match=reason) as refused:
        install_from(path)
    assert "\n" not in str(refused.value)
    assert "tiny" not in [voice.name for voice in installed_voices()]


def cut(content):
    return content[: len(content) // 2]


def with_operator(domain, operator):
    def edit(graph):
        graph.node.append(helper.make_node(operator, ["audio"], ["more"], domain=domain))

    return edit


def with_external_weights(graph):
    tensor = graph.initializer[1]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def without_node(operator):
    def edit(graph):
        graph.node.remove(next(node for node in graph.node if node.op_type == operator))

    return edit


def with_longer_audio(graph):
    graph.node.append(helper.make_node("Concat", ["audio", "audio"], ["twice"], axis=0))
    graph.output[0].name = "twice"


def with_other_inputs(graph):
    graph.input[1].name = "mel"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: cut(graph_bytes()), "is not an ONNX file, or is cut short"),
        (lambda: b"", "is not an ONNX file, or is cut short"),
        (lambda: b"speech" * 100, "is not an ONNX file, or is cut short"),
        (
            lambda: graph_bytes(edit=with_operator("org.example", "Run")),
            "needs operators that are not ONNX's own .org.example., which is refused",
        ),
        (lambda: graph_bytes(edit=with_operator("", "StringNormalizer")), "the operator StringNormalizer is not one"),
        (lambda: graph_bytes(edit=with_external_weights), "keeps its weights in another file"),
        (lambda: graph_bytes(edit=without_node("Clip")), "the durations that it predicts cannot be found"),
        (lambda: graph_bytes(edit=without_node("Range")), "does not fit its weights or ONNX Runtime"),
        (lambda: graph_bytes(edit=with_longer_audio), "it makes .* samples of 7 symbols with the durations"),
        (
            lambda: graph_bytes(edit=with_other_inputs),
            "not a voice of a known format: its inputs are tokens, mel, speed",
        ),
    ],
)
def test_graphs_that_are_none_of_kokoros_are_refused_in_a_sentence(tmp_path, content, reason):
    graph = write_kokoro(tmp_path / "source")
    graph.write_bytes(content())
    check_refused(graph, reason)


def test_of_several_graphs_in_a_folder_one_must_be_named(tmp_path):
    graph = write_kokoro(tmp_path / "source")
    graph.with_name("kokoro.fp16.onnx").write_bytes(graph.read_bytes())
    check_refused(tmp_path / "source", "holds 2 ONNX files: name one of them")


def test_the_symbols_of_a_configuration_in_the_graph_come_first(tmp_path):
    graph = write_kokoro(tmp_path / "source")
    model = onnx.load(graph)
    model.metadata_props.add(key="kokoro_config", value='{"vocab": {"a": 7, " ": 8}}')
    onnx.save(model, graph)
    assert install_from(graph).frontend.ids == {"a": (7,), " ": (8,)}


def test_kokoro_is_recognised_by_the_inputs_of_a_graph():
    assert is_kokoro(["tokens", "style", "speed"])
    assert is_kokoro(["style", "input_ids", "speed"])
    assert not is_kokoro(["input", "input_lengths", "scales"])
    assert not is_kokoro(["input_ids", "style"])


def test_the_styles_of_a_downloaded_graph_are_those_published_with_it(tmp_path):
    (tmp_path / "downloads").mkdir()
    graph = tmp_path / "downloads" / "0123-kokoro.onnx"
    graph.write_bytes(graph_bytes())
    write_npz(tmp_path / "styles")
    requested = []

    def beside(name):
        requested.append(name)
        return tmp_path / "styles"

    (tmp_path / "voice").mkdir()
    source = OnnxSource(graph, "kokoro.onnx", "https://example.org/kokoro.onnx", "1234", beside)
    manifest = make_onnx_voice(source, tmp_path / "voice", "tiny")
    assert requested == ["voices-v1.0.bin"]
    assert [speaker.name for speaker in manifest.speakers] == ["af_heart", "bf_emma"]
    assert manifest.provenance == "Installed from https://example.org/kokoro.onnx, sha256 1234."


def test_a_voice_is_packed_and_installed_again(tmp_path):
    manifest = install_from(write_kokoro(tmp_path / "source"))
    again = install_from(pack(manifest.folder, tmp_path / "tiny.tar.gz"), "again")
    assert (again.speakers, again.frontend, again.end_to_end) == (
        manifest.speakers,
        manifest.frontend,
        manifest.end_to_end,
    )

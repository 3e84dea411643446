"""Voices of other projects from an ONNX file: what is installed, and what is refused in one sentence."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tts
from tests.tiny_piper import SYMBOLS, tiny_piper_config, tiny_piper_graph, write_tiny_piper
from tests.voice.fault_server import FaultServer
from tts.errors import TtsError
from tts.text.frontend import frontend_for
from tts.text.passage import Passage, Pronunciation
from tts.voice.install import InstallRequest, Tools, install, plan_installation
from tts.voice.manifest import Component, file_sha256, load_manifest, verify_files
from tts.voice.onnx_voices import read_piper_config
from tts.voice.store import voice_folders


@pytest.fixture(autouse=True)
def voices(tmp_path, monkeypatch):
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path / "voices"))
    return tmp_path / "voices"


def installed(source, **named):
    return install(plan_installation(InstallRequest(str(source), **named)), Tools(lambda message: None)).manifest


def test_a_file_becomes_a_voice_that_speaks(tmp_path):
    graph = write_tiny_piper(tmp_path / "source", name="en_US-tiny-low")
    manifest = installed(graph)
    assert manifest.name == "en_US-tiny-low"
    assert (manifest.licence, manifest.language, manifest.sample_rate) == ("CC0", "en-us", 16000)
    assert manifest.description == "Piper's en_US-tiny-low: English, tiny, low."
    assert file_sha256(graph) in manifest.provenance
    assert isinstance(manifest.end_to_end, Component)
    assert manifest.end_to_end.options["original_sha256"] == file_sha256(graph)
    assert (manifest.folder / "MODEL_CARD").read_text("utf-8").startswith("# Model card")
    assert verify_files(manifest) == []
    assert load_manifest(manifest.folder) == manifest

    voice = tts.load_voice("en_US-tiny-low", threads=1)
    spoken = voice.say("Hello world.")
    assert spoken.sample_rate == 16000
    assert spoken.samples.tobytes() == voice.say("Hello world.").samples.tobytes()
    assert spoken.samples.tobytes() != voice.say("Hello world.", tts.SynthesisOptions(seed=1)).samples.tobytes()
    slow = voice.say("Hello world.", tts.SynthesisOptions(speed=0.5, noise_w=0.0))
    assert len(slow.samples) > 1.4 * len(voice.say("Hello world.", tts.SynthesisOptions(noise_w=0.0)).samples)


def test_the_default_speaker_is_that_of_the_json(tmp_path):
    manifest = installed(write_tiny_piper(tmp_path / "source", n_speakers=3, default_speaker_id=2), name="many")
    assert manifest.default_speaker == "cleo"
    assert load_manifest(manifest.folder) == manifest
    said = {
        name: tts.load_voice("many", speaker=name, threads=1).say("Hello.").samples.tobytes()
        for name in (None, "anna", "cleo")
    }
    assert said[None] == said["cleo"] != said["anna"]
    path = manifest.folder / "voice.toml"
    path.write_text(path.read_text("utf-8").replace('default_speaker = "cleo"', 'default_speaker = "dora"'), "utf-8")
    with pytest.raises(TtsError, match=r"lacks 'speakers\.dora'"):
        load_manifest(manifest.folder)
    first = installed(write_tiny_piper(tmp_path / "first", n_speakers=3), name="first")
    assert first.default_speaker == ""
    assert tts.load_voice("first", threads=1).say("Hello.").samples.tobytes() == said["anna"]


@pytest.mark.parametrize("default", [3, -1, "cleo", 1.0, True])
def test_a_default_speaker_that_does_not_exist_is_refused(tmp_path, default):
    with pytest.raises(TtsError, match="default_speaker_id is"):
        config_of(tmp_path, num_speakers=3, speaker_id_map={}, default_speaker_id=default)


def test_speakers_are_those_of_the_json(tmp_path):
    graph = write_tiny_piper(tmp_path / "source", n_speakers=3, speaker_id_map={"anna": 0, "cleo": 2})
    manifest = installed(graph, name="many")
    assert [speaker.name for speaker in manifest.speakers] == ["anna", "1", "cleo"]
    voice = tts.load_voice("many", speaker="cleo", threads=1)
    by_number = tts.load_voice("many", speaker="2", threads=1)
    assert voice.say("Hello.").samples.tobytes() == by_number.say("Hello.").samples.tobytes()
    assert tts.load_voice("many", speaker="anna:1,cleo:3", threads=1).say("Hello.").samples.any()


def test_an_address_fetches_what_is_beside_it(tmp_path):
    graph = write_tiny_piper(tmp_path / "source")
    files = {f"/v/{path.name}": path.read_bytes() for path in graph.parent.iterdir()}
    with FaultServer(files) as server:
        manifest = installed(f"{server.url}/v/tiny.onnx?download=true", name="web")
        assert manifest.licence == "CC0"
        assert [each["path"] for each in server.requests] == [
            f"/v/{name}?download=true" for name in ("tiny.onnx", "tiny.onnx.json", "MODEL_CARD")
        ]


def test_an_address_without_a_model_card_has_an_unknown_licence(tmp_path):
    graph = write_tiny_piper(tmp_path / "source")
    files = {f"/{path.name}": path.read_bytes() for path in graph.parent.iterdir()}
    del files["/MODEL_CARD"]
    with FaultServer(files) as server:
        server.always = lambda handler: _serve_or_404(handler, files)
        assert installed(f"{server.url}/tiny.onnx", name="web").licence == "unknown"


def _serve_or_404(handler, files):
    from tests.voice.fault_server import serve, status

    (serve if handler.path in files else status(404))(handler)


def change_json(**changes):
    def change(graph):
        path = graph.with_name(f"{graph.name}.json")
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")

    return change


def change_graph(edit):
    def change(graph):
        model = tiny_piper_graph()
        edit(model)
        graph.write_bytes(model.SerializeToString())

    return change


def truncate(graph):
    graph.write_bytes(graph.read_bytes()[:-300])


def without_json(graph):
    graph.with_name(f"{graph.name}.json").unlink()


def broken_json(graph):
    graph.with_name(f"{graph.name}.json").write_text('{"audio": ', "utf-8")


def other_network(graph):
    values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])]
    out = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])]
    onnx.save(helper.make_model(helper.make_graph([helper.make_node("Tanh", ["x"], ["y"])], "g", values, out)), graph)


def external(model):
    tensor = model.graph.initializer[1]
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"


def custom_domain(model):
    model.graph.node[3].domain = "evil"
    model.opset_import.append(helper.make_opsetid("evil", 1))


def subgraph(model):
    body = helper.make_graph(
        [helper.make_node("Identity", ["output_in"], ["output_out"])],
        "body",
        [],
        [helper.make_tensor_value_info("output_out", 1, None)],
    )
    condition = numpy_helper.from_array(np.array(True), "always")
    model.graph.initializer.append(condition)
    model.graph.node.append(helper.make_node("If", ["always"], ["more"], then_branch=body, else_branch=body))


def unknown_operator(model):
    model.graph.node.append(helper.make_node("Hardmax", ["output"], ["more"]))


def without_ceil(model):
    next(node for node in model.graph.node if node.op_type == "Ceil").op_type = "Floor"


def short_weight(model):
    tensor = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 3)
    tensor.raw_data = tensor.raw_data[:-4]


def huge_weight(model):
    tensor = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 3)
    tensor.dims[0] = 1 << 60


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (truncate, "is not an ONNX file, or is cut short"),
        (lambda graph: graph.write_bytes(b"no graph at all"), "is not an ONNX file, or is cut short"),
        (lambda graph: graph.write_bytes(b""), "is not an ONNX file, or is cut short"),
        (without_json, "needs tiny.onnx.json beside it, which is missing"),
        (broken_json, "tiny.onnx.json cannot be read as JSON"),
        (change_json(phoneme_id_map={}), "has no '_'"),
        (change_json(phoneme_id_map=[1, 2]), "does not describe a voice of Piper's"),
        (change_json(phoneme_id_map={**tiny_piper_config()["phoneme_id_map"], "x": [64]}), "has ids up to 64"),
        (change_json(phoneme_id_map={**tiny_piper_config()["phoneme_id_map"], "x": ["a"]}), "the id of 'x' is 'a'"),
        (change_json(num_symbols=256), "it has 256 symbols, and the graph 64"),
        (change_json(num_speakers=4), "its num_speakers is 4, and the graph has 1"),
        (change_json(hop_length=256), "its frames have 256 samples, and the graph's 8"),
        (change_json(audio={}), "it lacks 'sample_rate'"),
        (change_json(audio={"sample_rate": 10**9}), "audio.sample_rate is '1000000000'"),
        (change_json(inference={"length_scale": 0}), "inference.length_scale is '0'"),
        (change_json(phoneme_type="pinyin"), "reads syllables in pinyin, which this version cannot make of a text: "),
        (change_json(phoneme_type="PhonemeType.HEBREW"), "reads vowelled Hebrew, which this version"),
        (change_json(phoneme_type="japanese"), "reads Japanese phonemes, which this version"),
        (change_json(phoneme_type="tones"), "reads phonemes of the type 'tones', which this version cannot make"),
        (change_json(espeak={"voice": "tlh-none"}), "espeak-ng does not speak"),
        (other_network, "is not a voice of a known format: its inputs are x"),
        (change_graph(external), "keeps its weights in another file"),
        (change_graph(custom_domain), "operators that are not ONNX's own (evil)"),
        (change_graph(subgraph), "has operators that no voice of Piper's has (If)"),
        (change_graph(unknown_operator), "has operators that no voice of Piper's has (Hardmax)"),
        (change_graph(without_ceil), "not laid out as the graphs of Piper's voices are: it has 0 times Ceil"),
        (change_graph(short_weight), "tiny.onnx"),
        (change_graph(huge_weight), "tiny.onnx"),
    ],
)
def test_what_is_no_usable_voice_is_refused_in_a_sentence(change, message, tmp_path):
    graph = write_tiny_piper(tmp_path / "source")
    change(graph)
    with pytest.raises(TtsError) as error:
        installed(graph)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")
    assert "tiny" not in voice_folders()


def test_a_json_of_a_voice_of_one_speaker_does_not_fit_a_graph_of_three(tmp_path):
    graph = write_tiny_piper(tmp_path / "source", n_speakers=3, num_speakers=1, speaker_id_map={})
    with pytest.raises(TtsError, match="its num_speakers is 1, and the graph has 3"):
        installed(graph)


def config_of(tmp_path, **changes):
    path = tmp_path / "tiny.onnx.json"
    path.write_text(json.dumps(tiny_piper_config(**changes)), "utf-8")
    return read_piper_config(path, path.name)


def test_only_the_necessary_keys_are_needed(tmp_path):
    config = config_of(tmp_path, inference=None, language=None, dataset=None, speaker_id_map=None, num_speakers=None)
    assert config.scales == {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8}
    assert (config.kind, config.n_speakers, config.speakers) == ("piper", 1, ())


def ids_in(config, phonemes):
    encoded = frontend_for(config.kind, config.language, (), config.ids).encode(phonemes)
    return encoded.ids, encoded.symbols, encoded.dropped


def test_symbols_are_code_points_and_unknown_ones_are_named(tmp_path):
    config = config_of(tmp_path)
    nasal = "a\u0303"
    assert ids_in(config, nasal)[1] == ids_in(config, "ã")[1] == ["", "a", "\u0303", ""]
    assert ids_in(config, "ab漢")[1:] == (["", "a", "b", ""], ("漢",))
    # A sound without an id becomes the nearest.
    assert ids_in(config, "ʁa")[1] == ["", "ɹ", "a", ""]


def test_longer_symbols_count_only_as_vowel_clusters(tmp_path):
    ids = {**tiny_piper_config()["phoneme_id_map"], "aɪ": [60]}
    assert ids_in(config_of(tmp_path, phoneme_id_map=ids), "baɪ")[1] == ["", "b", "a", "ɪ", ""]
    config = config_of(tmp_path, phoneme_id_map=ids, vowel_clusters=["aɪ"])
    assert ids_in(config, "baɪ")[:2] == ([1, SYMBOLS.index("b"), 60, 2], ["", "b", "aɪ", ""])


def test_old_files_replace_phonemes_and_a_symbol_may_have_several_ids(tmp_path):
    ids = {**tiny_piper_config()["phoneme_id_map"], "w": [40, 41]}
    config = config_of(tmp_path, phoneme_id_map=ids, phoneme_map={"k": ["d", "w"]})
    assert config.ids["k"] == (SYMBOLS.index("d"), 0, 40, 41)
    frontend = frontend_for(config.kind, config.language, (), config.ids)
    (_, number, _) = frontend.encode("k").ids
    assert frontend.symbols.network_ids[number] == config.ids["k"]


def test_a_voice_of_letters_reads_the_text_itself(tmp_path):
    config = config_of(tmp_path, phoneme_type="text")
    frontend = frontend_for(config.kind, config.language, (), config.ids)
    assert config.kind == "piper-text"
    assert frontend.phonemize("Ten is 10.") == "Ten is ten."
    assert frontend.encode("A nun.").symbols == ["", "a", " ", "n", "u", "n", ".", ""]
    assert frontend.read(Passage("Ten.")).warnings == ()
    marked = Passage("Ten or two.", (Pronunciation(0, 3, "tˈɛn"),))
    assert frontend.read(marked).warnings == ("this voice reads letters: the phonemes given for 'Ten' are not used",)


@pytest.mark.parametrize(
    ("code", "letters", "text", "symbols"),
    [
        ("de_DE", "abcdefghijklmnopqrstuvwxyzß\u0308", "3 Äpfel.", "drei a\u0308pfel."),
        ("ru_RU", "абвгдежзиклмнопрстуфхцчшщъыьэюя\u0306\u0308", "Ёж, мой.", "е\u0308ж, мои\u0306."),
        ("uk_UA", "абвгдежзиійклмнопрстуфхцчшщьюя\u0306\u0308", "Їжак", "і\u0308жак"),
        ("he_IL", "אבגדהוזחטיכלמנסעפצקרשתךםןףץ", "שלום 3", "שלום שלוש"),
        # Capitals that the voice knows stay.
        ("lb_LU", "abcABC", "Bab", "Bab"),
    ],
)
def test_letters_are_decomposed_code_points_and_each_has_a_symbol(tmp_path, code, letters, text, symbols):
    ids = {symbol: [i] for i, symbol in enumerate(("_", "^", "$", " ", ".", ",", *letters))}
    config = config_of(tmp_path, phoneme_type="text", language={"code": code}, phoneme_id_map=ids)
    frontend = frontend_for(config.kind, config.language, (), config.ids)
    encoded = frontend.encode(frontend.phonemize(text))
    assert ("".join(encoded.symbols), encoded.dropped) == (symbols, ())
    assert encoded.ids == [ids["^"][0], *(ids[symbol][0] for symbol in symbols), ids["$"][0]]


def test_a_sentence_ends_with_its_mark(tmp_path):
    config = config_of(tmp_path)
    frontend = frontend_for(config.kind, config.language, (), config.ids)
    assert frontend.phonemize("Hello, world!").endswith("d!")
    assert frontend.phonemize("Hello world").endswith("d.")
    assert frontend.phonemize('"Hello" (world)?').count('"') == 0
    reading = frontend.read(tts.text.passage.Passage("Hello (our) world"))
    assert [reading.phonemes[word.first : word.last].strip() for word in reading.words] == ["həlˈoʊ", "ˌaʊəɹ", "wˈɜːld"]

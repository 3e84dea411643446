import logging
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

import tts
from tests.tiny_voice import ACOUSTIC, FIRST_PULSE, FRAMES_PER_SYMBOL, MEL, PULSE, VOCODER, write_voice, zeroed
from tts.audio.audio import integrated_loudness
from tts.errors import TtsError, UsageError
from tts.models.base import SpokenMel, Vocoder
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.vocos import Vocos, VocosDimensions
from tts.options import SynthesisOptions
from tts.synthesis.prosody import without_long_edges
from tts.synthesis.sentences import sentence_seed
from tts.synthesis.timing import TimedBookmark
from tts.synthesis.two_stage import VoiceVocoder
from tts.synthesis.voice import load_voice
from tts.text.symbols import ENGLISH_IPA, TORCHAUDIO_CHARACTERS
from tts.voice.manifest import FrontendSpec, Speaker, load_manifest, write_manifest

HOP = MEL.hop_length


@pytest.fixture(scope="module")
def pulse(voices_folder):
    return load_voice(str(voices_folder / "pulse"), device="cpu")


@pytest.fixture(scope="module")
def random(voices_folder):
    voice = load_voice(str(voices_folder / "random"), device="cpu")
    voice._vocoders["striped"] = VoiceVocoder("striped", Striped(), MEL)
    return voice


def pulses(n_frames):
    """What the pulse voice says for so many frames."""
    samples = np.zeros(n_frames * HOP, np.float32)
    samples[::HOP] = PULSE
    samples[0] = FIRST_PULSE
    return samples


def test_every_sample_of_the_pulse_voice(pulse):
    audio = pulse.say("həlˈoʊ", SynthesisOptions(input="phonemes"))
    # Six symbols between a begin and an end symbol.
    expected = pulses((6 + 2) * FRAMES_PER_SYMBOL)
    assert audio.sample_rate == 22050
    np.testing.assert_allclose(audio.samples, expected, atol=1e-5)


def test_speed_two_needs_half_the_time(pulse):
    audio = pulse.say("həlˈoʊ", SynthesisOptions(input="phonemes", speed=2.0))
    np.testing.assert_allclose(audio.samples, pulses((6 + 2) * FRAMES_PER_SYMBOL // 2), atol=1e-5)


def test_silence_stands_between_sentences(pulse):
    options = SynthesisOptions(sentence_silence=0.1)
    pieces = list(pulse.stream("Hello. Hello.", options))
    first, second = (piece.audio.samples for piece in pieces)
    assert [piece.text for piece in pieces] == ["Hello.", "Hello."]
    np.testing.assert_array_equal(second, np.concatenate([np.zeros(2205, np.float32), first]))
    np.testing.assert_array_equal(pulse.say("Hello. Hello.", options).samples, np.concatenate([first, second]))


class Halved(Vocoder):
    """Counts its samples, and gives a frame first and then the rest."""

    runtime, mel = "torch", MEL

    def __call__(self, mel, generator, f0=None, streams=1):
        return np.arange(mel.shape[2] * HOP, dtype=np.float32)[None] / 1e5

    def segments(self, mel, generator, f0=None):
        whole = self(mel, generator, f0)
        yield whole[:, :HOP]
        yield whole[:, HOP:]


def test_a_sentence_may_come_in_stretches(voices_folder):
    voice = load_voice(str(voices_folder / "pulse"), device="cpu")
    voice._vocoders["halved"] = VoiceVocoder("halved", Halved(), MEL)
    options = SynthesisOptions(vocoder="halved", sentence_silence=0.1)
    first, rest, second, end = voice.stream("Hello. Hello.", options)
    assert [piece.goes_on for piece in (first, rest, second, end)] == [False, True, False, True]
    assert [piece.text for piece in (first, rest, second, end)] == ["Hello.", "", "Hello.", ""]
    assert (len(first.audio.samples), len(second.audio.samples)) == (HOP, 2205 + HOP)
    assert first.seconds == pytest.approx(first.audio.seconds + rest.audio.seconds)
    assert second.seconds == pytest.approx(second.audio.seconds + end.audio.seconds)
    assert first.mel.shape[1] * HOP == len(first.audio.samples) + len(rest.audio.samples)
    assert (rest.marks, rest.warnings, rest.mel.shape) == ((), (), (MEL.n_mels, 0))
    assert first.marks[-1].end <= first.seconds
    pieces = [piece.audio.samples for piece in (first, rest, second, end)]
    np.testing.assert_array_equal(voice.say("Hello. Hello.", options).samples, np.concatenate(pieces))
    short = voice.say("a", SynthesisOptions(vocoder="halved", input="phonemes"))
    assert len(short.samples) == 3 * FRAMES_PER_SYMBOL * HOP


def test_marks_are_the_times_of_the_symbols(pulse):
    first, second = pulse.stream("oʊ\na", SynthesisOptions(input="phonemes", sentence_silence=0.5))
    seconds = FRAMES_PER_SYMBOL * HOP / 22050
    assert [mark.symbol for mark in first.marks] == ["o", "ʊ"]
    assert first.marks[1].start == pytest.approx(2 * seconds)
    assert first.marks[1].end == pytest.approx(3 * seconds)
    assert second.marks[0].start == pytest.approx(11025 / 22050 + seconds)


def test_what_the_author_marked_is_done(pulse):
    """A pause in a sentence, silence between paragraphs, a pause at the end, and places with their times."""
    plain = pulse.say("Hello.").samples
    text = "<speak><p>Hello.</p><p>Hello.</p><break time='300ms'/><mark name='end'/></speak>"
    options = SynthesisOptions(input="ssml", paragraph_silence=0.4)
    first, second, end = pulse.stream(text, options)
    assert (first.opens, second.opens) == ("", "paragraph")
    np.testing.assert_array_equal(first.audio.samples, plain)
    np.testing.assert_array_equal(second.audio.samples, np.concatenate([np.zeros(8820, np.float32), plain]))
    np.testing.assert_array_equal(end.audio.samples, np.zeros(6615, np.float32))
    assert end.bookmarks == (TimedBookmark("end", 0.3),)
    paused = list(pulse.stream("Hello [pause 0.5s] there."))
    assert [piece.text for piece in paused] == ["Hello", "there."]
    assert not paused[1].audio.samples[:11025].any()


def test_prosody_is_that_of_its_words(pulse):
    plain, loud, again = pulse.stream(
        "<speak>Hello. <prosody volume='+6dB' rate='200%'>Hello.</prosody> Hello.</speak>",
        SynthesisOptions(input="ssml", sentence_silence=0.0),
    )
    np.testing.assert_array_equal(plain.audio.samples, again.audio.samples)
    assert len(loud.audio.samples) == len(plain.audio.samples) // 2
    assert loud.audio.samples.max() == pytest.approx(plain.audio.samples.max() * 10 ** (6 / 20))


def test_another_voice_may_speak_a_part(pulse, random, voices_folder):
    text = f"<speak>Hello. <voice name='{voices_folder / 'random'}'>Hello.</voice></speak>"
    first, second = pulse.stream(text, SynthesisOptions(input="ssml", sentence_silence=0.0))
    np.testing.assert_array_equal(first.audio.samples, pulse.say("Hello.").samples)
    expected = random.say(text, SynthesisOptions(input="ssml", sentence_silence=0.0)).samples
    np.testing.assert_array_equal(second.audio.samples, expected[-len(second.audio.samples) :])
    (refused,) = pulse.stream("<speak><voice name='nobody'>Hello.</voice></speak>", SynthesisOptions(input="ssml"))
    assert "asks for the voice 'nobody', and another speaks" in refused.warnings[0]


def test_what_the_author_marked_is_done_for_many(pulse):
    options = SynthesisOptions(input="ssml", clause_silence=0.2)
    text = "<speak>Hello, <emphasis>hello</emphasis>.<break time='1s'/></speak>"
    (utterance,) = pulse.speak_all([pulse.read(text, options)])
    np.testing.assert_array_equal(utterance.audio.samples, pulse.say(text, options).samples)


# The pulse voice has 57 symbols, too few for all of ARPAbet.
SOME_PHONES = ("_", " ", ".", "AE1", "IH1", "K", "S", "T", "UW1")


def with_frontend(voices_folder, tmp_path, kind, symbols):
    """The pulse voice with another frontend."""
    folder = tmp_path / "pulse"
    shutil.copytree(voices_folder / "pulse", folder)
    manifest = load_manifest(folder)
    write_manifest(replace(manifest, frontend=FrontendSpec(kind, symbols)))
    return str(folder)


@pytest.mark.parametrize(
    ("kind", "symbols", "spoken", "found"),
    [
        ("characters", TORCHAUDIO_CHARACTERS, "it's two cats.", ["it's", "two", "cats"]),
        ("arpabet", SOME_PHONES, "IH1 T S | T UW1 | K AE1 T S .", ["IH1 T S", "T UW1", "K AE1 T S"]),
        ("espeak", ENGLISH_IPA.symbols, "ɪts tˈuː kˈæts.", ["ɪts", "tˈuː", "kˈæts"]),
    ],
)
def test_every_kind_of_frontend_speaks_and_times_words(voices_folder, tmp_path, kind, symbols, spoken, found):
    voice = load_voice(with_frontend(voices_folder, tmp_path, kind, symbols), device="cpu")
    (piece,) = voice.stream("It's 2 cats.")
    assert piece.phonemes == spoken
    assert [word.text for word in piece.words] == ["It's", "2", "cats"]
    assert [word.phonemes for word in piece.words] == found
    (typed,) = voice.stream(spoken, SynthesisOptions(input="phonemes"))
    np.testing.assert_array_equal(typed.audio.samples, piece.audio.samples)


def test_a_voice_of_an_unknown_kind_is_refused(voices_folder, tmp_path):
    with pytest.raises(TtsError, match="text frontend 'pinyin', which this version does not have"):
        load_voice(with_frontend(voices_folder, tmp_path, "pinyin", ENGLISH_IPA.symbols), device="cpu")


class Striped(Vocoder):
    """Sounds as how many streams it speaks in."""

    runtime, mel, foldable = "torch", MEL, True

    def __call__(self, mel, generator, f0=None, streams=1):
        return np.full((1, mel.shape[2] * HOP), streams / 8, np.float32)


OTHER_VALUES = {
    "vocoder": "griffinlim",
    "acoustic": "tacotron2",
    "speed": 1.5,
    "pitch": 5.0,
    "energy": 2.0,
    "seed": 1,
    "sentence_silence": 0.5,
    "paragraph_silence": 0.5,
    "clause_silence": 0.5,
    "denoise": 0.5,
    "streams": 3,
    "volume": -6.0,
    "loudness": -30.0,
    "input": "phonemes",
}


# These are requests to an end-to-end network: tests/synthesis/test_end_to_end.py.
END_TO_END_OPTIONS = ("speaker", "noise_scale", "noise_w")


@pytest.mark.parametrize("name", [name for name in SynthesisOptions.names() if name not in END_TO_END_OPTIONS])
def test_every_option_changes_the_samples(random, name):
    text = "həlˈoʊ. Həlˈoʊ, həlˈoʊ.\n\nhəlˈoʊ."
    # Only some vocoders have noise that can be removed, or can generate several segments in parallel.
    options = SynthesisOptions(vocoder={"denoise": "waveglow", "streams": "striped"}.get(name))
    usual = random.say(text, options).samples
    changed = random.say(text, replace(options, **{name: OTHER_VALUES[name]})).samples
    assert not np.array_equal(usual, changed)


@pytest.mark.parametrize("volume", [0.0, -2.0])
def test_loudness_is_of_the_whole_text_and_volume_comes_on_top(random, volume):
    options = SynthesisOptions(loudness=-30.0, volume=volume)
    audio = random.say("One sentence is here. And there is another one.", options)
    assert integrated_loudness(audio) == pytest.approx(-30.0 + volume, abs=0.01)


def test_same_options_same_samples(random):
    first, again = (random.say("The same. Again.", SynthesisOptions(seed=3)).samples for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_networks_are_chosen_when_the_voice_is_loaded_or_for_one_text(random, voices_folder):
    chosen = {"vocoder": "griffinlim", "acoustic": "tacotron2"}
    voice = load_voice(str(voices_folder / "random"), device="cpu", **chosen)
    assert (voice.vocoder_name, voice.acoustic_name) == ("griffinlim", "tacotron2")
    samples = voice.say("Hello.").samples
    np.testing.assert_array_equal(samples, random.say("Hello.", SynthesisOptions(**chosen)).samples)
    back = voice.say("Hello.", SynthesisOptions(vocoder="source_filter", acoustic="fastspeech2")).samples
    np.testing.assert_array_equal(back, random.say("Hello.").samples)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"vocoder": "grifinlim"}, r"no vocoder 'grifinlim'; did you mean griffinlim\?"),
        ({"acoustic": "tacotron"}, r"no acoustic model 'tacotron'; did you mean tacotron2\?"),
    ],
)
def test_unknown_networks_are_refused_when_the_voice_is_loaded(voices_folder, chosen, message):
    with pytest.raises(UsageError, match=message):
        load_voice(str(voices_folder / "random"), device="cpu", **chosen)


def test_what_happens_is_logged(voices_folder, caplog):
    with caplog.at_level(logging.DEBUG, logger="tts"):
        load_voice(str(voices_folder / "pulse"), device="cpu").say("Hello. Bye.")
    messages = [record.getMessage() for record in caplog.records if record.name == "tts"]
    assert messages[0] == f"voice pulse from {voices_folder / 'pulse'} on cpu"
    assert messages[1:3] == ["acoustic model fastspeech2 of pulse by torch", "vocoder vocos for pulse by torch"]
    assert [message.split(",")[0] for message in messages[3:]] == ["sentence 0: 'Hello.'", "sentence 1: 'Bye.'"]


def test_the_package_has_what_its_functions_return_and_raise():
    assert sorted(tts.__all__) == tts.__all__
    assert all(getattr(tts, name) is not None for name in tts.__all__)
    assert tts.Piece is type(next(load_voice(device="cpu").stream("Hello.")))
    with pytest.raises(AttributeError, match="has no attribute 'say'"):
        tts.say  # noqa: B018


def test_unknown_symbols_are_dropped_and_named(pulse):
    (piece,) = pulse.stream("a界5i", SynthesisOptions(input="phonemes"))
    assert piece.warnings == ("symbols this voice does not know were left out: 5 界",)
    assert [mark.symbol for mark in piece.marks] == ["a", "i"]


@pytest.mark.parametrize("text", ["", " \n\t", "...", "?!", "()"])
def test_nothing_to_speak_is_refused(pulse, text):
    with pytest.raises(TtsError, match="nothing to speak"):
        pulse.say(text)


def test_a_vocoder_without_a_hum_cannot_be_denoised(random):
    with pytest.raises(UsageError, match=r"source_filter has no constant noise .* WaveGlow and HiFi-GAN"):
        next(random.stream("Hello.", SynthesisOptions(denoise=0.1)))


def test_streams_are_for_vocoders_that_can(random):
    with pytest.raises(UsageError, match="source_filter speaks in one stream, not in 2; streams are for WaveNet"):
        random.prepare(SynthesisOptions(streams=2))


def test_a_long_text_streams_sentence_by_sentence(pulse):
    pieces = pulse.stream("This is one sentence. " * 5000)
    first = next(pieces)
    assert first.text == "This is one sentence."
    assert next(pieces).text == first.text


def test_an_unknown_vocoder_is_refused_with_the_nearest(pulse):
    with pytest.raises(UsageError, match=r"no vocoder 'grifinlim'; did you mean griffinlim\?"):
        pulse.say("Hello.", SynthesisOptions(vocoder="grifinlim"))


def test_an_unknown_acoustic_model_is_refused_with_the_nearest(random):
    with pytest.raises(UsageError, match=r"random has no acoustic model 'tacotron'; did you mean tacotron2\?"):
        random.say("Hello.", SynthesisOptions(acoustic="tacotron"))


def test_controls_are_those_of_the_chosen_model(random):
    options = SynthesisOptions(acoustic="tacotron2", pitch=1.0)
    with pytest.raises(UsageError, match="random with --acoustic tacotron2 has no control over its pitch"):
        random.prepare(options)
    assert "pitch" in random.prepare(replace(options, acoustic="fastspeech2")).acoustic.controls


def test_only_the_networks_that_speak_are_loaded(voices_folder, tmp_path):
    voice = shutil.copytree(voices_folder / "random", tmp_path / "random")
    (voice / "tacotron2.safetensors").write_bytes(b"cut")
    loaded = load_voice(str(voice), device="cpu")
    assert loaded.say("Hello.").seconds > 0
    with pytest.raises(TtsError, match=r"tacotron2\.safetensors is damaged"):
        loaded.say("Hello.", SynthesisOptions(acoustic="tacotron2"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("speed", 0.0), ("speed", float("nan")), ("pitch", 13.0), ("denoise", 1.5), ("seed", -1), ("input", "html")],
)
def test_options_refuse_what_makes_no_sense(name, value):
    with pytest.raises(UsageError, match=name):
        SynthesisOptions(**{name: value})


def test_long_edges_are_cut():
    mel = np.arange(10, dtype=np.float32)[None]
    cut = without_long_edges(SpokenMel(mel, np.array([4, 3, 3])), 2, 2)
    assert cut.durations.tolist() == [2, 3, 2]
    assert cut.mel.tolist() == [[2, 3, 4, 5, 6, 7, 8]]


def test_a_seed_belongs_to_the_sentence():
    assert sentence_seed(0, 0, "a") == sentence_seed(0, 0, "a")
    assert len({sentence_seed(*key) for key in [(0, 0, "a"), (1, 0, "a"), (0, 1, "a"), (0, 0, "b")]}) == 4


def test_the_speakers_of_an_acoustic_model_speak_and_blend(tmp_path):
    torch.manual_seed(0)
    network = FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC, n_speakers=2))
    network.duration_predictor.out.bias.data.fill_(math.log(FRAMES_PER_SYMBOL + 1))
    manifest = load_manifest(
        write_voice(tmp_path, "two", network, {"vocos": zeroed(Vocos(MEL, VocosDimensions(**VOCODER)))})
    )
    component = manifest.acoustics["fastspeech2"]
    component = replace(component, options={**component.options, "n_speakers": 2})
    speakers = (Speaker("anna"), Speaker("ben"))
    write_manifest(replace(manifest, acoustics={"fastspeech2": component}, speakers=speakers))

    voice = load_voice(str(tmp_path / "two"), device="cpu")
    default, anna, ben, blend = (
        voice.say("Hello.", SynthesisOptions(speaker=name, vocoder="griffinlim")).samples
        for name in (None, "anna", "ben", "anna:1,ben:3")
    )
    assert np.array_equal(default, anna)
    assert not np.array_equal(anna, ben)
    assert not any(np.array_equal(blend, each) for each in (anna, ben))

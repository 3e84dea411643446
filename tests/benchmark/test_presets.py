from tts.benchmark.presets import VoiceRequest
from tts.options import SynthesisOptions


def test_flags_make_tts_say_load_the_same_voice():
    assert VoiceRequest("heart", SynthesisOptions()).flags() == [
        "--voice", "heart", "--device", "auto", "--precision", "float32"
    ]  # fmt: skip
    options = SynthesisOptions(vocoder="wavenet", acoustic="fastspeech2")
    assert VoiceRequest("heart", options, "cpu", "torch", "int8", 2, True).flags() == [
        "--voice", "heart", "--vocoder", "wavenet", "--acoustic", "fastspeech2", "--device", "cpu",
        "--runtime", "torch", "--precision", "int8", "--threads", "2", "--system-espeak",
    ]  # fmt: skip

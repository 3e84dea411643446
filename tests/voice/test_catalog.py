import re

import pytest

from tts.errors import TtsError
from tts.voice.catalog import catalog, known_file, load_catalog, pairing
from tts.voice.store import is_plain_name

# Every address that is known, but for TorchAudio's two for WaveRNN, whose mel no vocoder here expects.
ADDRESSES = {
    "https://api.ngc.nvidia.com/v2/models/nvidia/tacotron2_pyt_ckpt_fp32/versions/19.09.0/files/nvidia_tacotron2pyt_fp32_20190427",
    "https://api.ngc.nvidia.com/v2/models/nvidia/tacotron2_pyt_ckpt_amp/versions/19.09.0/files/nvidia_tacotron2pyt_fp16_20190427",
    "https://download.pytorch.org/torchaudio/models/tacotron2_english_characters_1500_epochs_ljspeech.pth",
    "https://download.pytorch.org/torchaudio/models/tacotron2_english_phonemes_1500_epochs_ljspeech.pth",
    "https://huggingface.co/speechbrain/tts-tacotron2-ljspeech/resolve/main/model.ckpt",
    "https://api.ngc.nvidia.com/v2/models/nvidia/waveglow_ckpt_fp32/versions/19.09.0/files/nvidia_waveglowpyt_fp32_20190427",
    "https://api.ngc.nvidia.com/v2/models/nvidia/waveglow_ckpt_amp/versions/19.09.0/files/nvidia_waveglowpyt_fp16_20190427",
    "https://api.ngc.nvidia.com/v2/models/nvidia/waveglow_ckpt_amp_256/versions/20.01.0/files/nvidia_waveglow256pyt_fp16.pt",
    "https://huggingface.co/hashb/flowtron-waveglow-nvidia-en/resolve/main/waveglow_256channels_universal_v5.pt",
    "https://www.dropbox.com/s/zdbfprugbagfp2w/20180510_mixture_lj_checkpoint_step000320000_ema.pth?dl=1",
    "https://huggingface.co/speechbrain/tts-hifigan-ljspeech/resolve/main/generator.ckpt",
    "https://huggingface.co/speechbrain/tts-hifigan-libritts-22050Hz/resolve/main/generator.ckpt",
    "https://api.ngc.nvidia.com/v2/models/nvidia/dle/hifigan__pyt_ckpt_mode-finetune_ds-ljs22khz/versions/21.08.0_amp/files/hifigan_gen_checkpoint_10000_ft.pt",
}


def test_every_known_address_can_be_installed_by_itself():
    single = [entry.checkpoints[0] for entry in catalog().values() if len(entry.checkpoints) == 1]
    assert {checkpoint.url for checkpoint in single} >= ADDRESSES
    assert {checkpoint.url for entry in catalog().values() for checkpoint in entry.checkpoints} == ADDRESSES


def test_published_hashes_are_kept():
    found = {c.name: c.sha256 for entry in catalog().values() for c in entry.checkpoints if c.sha256}
    assert found == {
        "tacotron2-ljspeech-speechbrain": "02d1aa3fc1cc8fb0981895c765e9d0017416bb78861b5450e458dda92e567856",
        "waveglow-universal": "7d6b3fb5e29baab08b3f91595ca8984093901bd949f431cee7e146bd8747b011",
        "hifigan-ljspeech": "1a389f24ffdc3769e0b9c0331f9d803ad0b78185e0da4f2d094e29eedbc11640",
    }


@pytest.mark.parametrize("entry", [e for e in catalog().values() if e.published is None], ids=lambda entry: entry.name)
def test_every_entry_says_what_it_is(entry):
    assert is_plain_name(entry.name)
    assert entry.description
    assert entry.kind == "vocoder" or entry.language == "en-us"
    assert entry.sample_rate == 22050
    for checkpoint in entry.checkpoints:
        assert checkpoint.licence
        assert re.match(r"https://", checkpoint.page)
        assert re.match(r"https://", checkpoint.url)


def test_ljspeech_has_three_vocoders():
    entry = catalog()["ljspeech"]
    assert entry.acoustic.name == "tacotron2-ljspeech"
    assert {word: part.name for word, part in entry.vocoders.items()} == {
        "hifigan": "hifigan-ljspeech",
        "waveglow": "waveglow-ljspeech",
        "wavenet": "wavenet-ljspeech",
    }
    assert entry.default_vocoder == "hifigan"
    assert entry.licences == "BSD-3-Clause, Apache-2.0, MIT"
    assert entry.size is None
    assert catalog()["ljspeech-speechbrain"].size == 168_800_000


def test_what_goes_with_what():
    assert pairing(catalog()["ljspeech"]) == "hifigan, waveglow, wavenet, griffinlim"
    assert pairing(catalog()["tacotron2-ljspeech"]) == "griffinlim, vocoders of the tacotron2 mel"
    assert pairing(catalog()["waveglow-256"]) == "voices of the tacotron2 mel"
    assert pairing(catalog()["wavenet-ljspeech"]) == "tacotron2 voices, through a conversion"


def test_known_files_are_found():
    waveglow = catalog()["waveglow-universal"].checkpoints[0]
    assert known_file(sha256=waveglow.sha256) == waveglow
    assert known_file(url=waveglow.url) == waveglow
    assert known_file(url="https://example.org/x", sha256="0" * 64) is None


@pytest.mark.parametrize("text", ["[voices", "", "[checkpoints.x]\nrole = 'vocoder'\n[voices]\n"])
def test_a_broken_catalog_is_refused(tmp_path, text):
    (tmp_path / "catalog.toml").write_text(text)
    with pytest.raises(TtsError, match=r"The catalog .* cannot be read"):
        load_catalog(tmp_path / "catalog.toml")

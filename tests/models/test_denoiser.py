import torch

from tests.models.test_waveglow import MEL, inputs, waveglow
from tts.audio.mel import inverse_stft, stft
from tts.models.denoiser import Denoiser


@torch.no_grad()
def test_the_denoiser_subtracts_the_hum():
    network = waveglow()
    hum = network.hum(20)
    assert hum.shape == (1, 20 * MEL.hop_length)
    torch.testing.assert_close(hum, network.infer(torch.zeros(1, 5, 20), network.noise(1, 20), sigma=0.0))
    denoiser = Denoiser(network.hum(), MEL.n_fft)
    audio = inputs(n_frames=20)[1]
    torch.testing.assert_close(denoiser(audio, 0.0), audio, atol=1e-6, rtol=0)
    spectrum = stft(audio, 64, 16)
    quieter = (spectrum.abs() - 0.3 * stft(hum, 64, 16)[:, :, :1].abs()).clamp(min=0)
    expected = inverse_stft(torch.polar(quieter, spectrum.angle()), 64, 16, 320)
    torch.testing.assert_close(denoiser(audio, 0.3), expected, atol=1e-5, rtol=1e-4)
    assert torch.equal(denoiser(torch.zeros(1, 320), 1.0), torch.zeros(1, 320))
    # Shorter than the transform can reflect.
    assert denoiser(audio[:, :16], 0.3).shape == (2, 16)

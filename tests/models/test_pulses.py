"""The pulses in NumPy are those of `tts.models.excitation`."""

import numpy as np
import torch

from tts.models import excitation, pulses


def test_the_pulses_are_the_same():
    f0 = np.random.default_rng(0).uniform(60, 500, 200).astype(np.float32)
    expected = excitation.pulse_train(torch.from_numpy(f0)[None], 256, 22050)[0].numpy()
    made = pulses.pulse_train(f0, 256, 22050)
    assert made.dtype == np.float32
    # A pulse has a height of up to 180.
    np.testing.assert_allclose(made, expected, atol=1e-4, rtol=1e-5)


def test_the_kernel_is_the_same_where_the_phase_is_whole():
    phase = np.array([0, 1, 2.5, -1, 1e-6, 3 - 1e-6, 0.25])
    n_harmonics = np.full(7, 9, np.float32)
    expected = excitation.dirichlet_kernel(torch.from_numpy(phase), torch.from_numpy(n_harmonics)).numpy()
    made = pulses.dirichlet_kernel(phase, n_harmonics)
    assert made.tolist()[:2] == [9, 9]
    np.testing.assert_allclose(made, expected, atol=1e-5, rtol=0)

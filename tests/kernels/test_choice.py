import torch

from tts.kernels.choice import cuda_kernels_chosen, cuda_kernels_wanted, is_reference_only, reference_only


def test_the_reference_is_asked_for_inside_only():
    assert not is_reference_only()
    with reference_only():
        assert is_reference_only()
    assert not is_reference_only()


def test_kernels_on_a_gpu_wait_to_be_asked_for(monkeypatch):
    monkeypatch.delenv("TTS_CUDA_KERNELS", raising=False)
    assert not cuda_kernels_wanted()
    monkeypatch.setenv("TTS_CUDA_KERNELS", "1")
    assert cuda_kernels_wanted()
    assert cuda_kernels_chosen(torch.device("cuda"))
    assert not cuda_kernels_chosen(torch.device("cpu"))
    with reference_only():
        assert not cuda_kernels_chosen(torch.device("cuda"))

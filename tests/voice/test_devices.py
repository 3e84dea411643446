import os
import subprocess
import sys

import pytest

from tts.errors import UsageError
from tts.voice import devices
from tts.voice.devices import choose_device, may_have_cuda


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:99"])
def test_a_device_that_is_not_here_is_refused(name):
    with pytest.raises(UsageError, match="device"):
        choose_device(name)


def test_a_driver_is_a_sign_of_cuda_unless_its_devices_are_hidden(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "_DRIVER_SIGNS", (str(tmp_path / "nvidiactl"),))
    monkeypatch.setattr(sys, "platform", "linux")
    assert not may_have_cuda()
    (tmp_path / "nvidiactl").touch()
    assert may_have_cuda()
    for hidden in ("", "-1", " "):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not may_have_cuda()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert may_have_cuda()


def test_without_a_driver_auto_is_the_cpu_and_torch_is_not_asked():
    code = (
        "import sys; from tts.voice.devices import choose_device; print(choose_device('auto'), 'torch' in sys.modules)"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout == "cpu False\n"

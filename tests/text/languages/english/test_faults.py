import pytest

from tests.text.languages.english.fault_cases import READINGS
from tts.text.normalize import normalize


@pytest.mark.parametrize(("written", "spoken"), [case for cases in READINGS.values() for case in cases])
def test_what_was_misread(written: str, spoken: str) -> None:
    assert normalize(written) == spoken
    assert normalize(spoken) == spoken

import pytest

from tts.text.markup.x_sampa import ipa_of_x_sampa


@pytest.mark.parametrize(
    ("written", "ipa"),
    [
        ('h@"l@U', "həˈləʊ"),
        ('%In.t@"n{S@n@l', "ˌɪn.təˈnæʃənəl"),
        ("t_hE:s~", "tʰɛːs̃"),
        ("r\\` r\\ r` R\\ 3` J\\_<", "ɻ ɹ ɽ ʀ ɝ ʄ"),
        ("|\\|\\ |\\", "ǁ ǀ"),
        ("t_S  n_= a_T", "t͡ʃ n̩ a̋"),
        ("a-I", "aɪ"),
        ("", None),
        ("ə", None),
        ("a$", None),
    ],
)
def test_x_sampa(written: str, ipa: str | None) -> None:
    assert ipa_of_x_sampa(written) == ipa

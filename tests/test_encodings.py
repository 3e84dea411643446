import pytest

from tts.encodings import likely_encoding


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1252", "Größe – naïve café."),
        ("windows-1252", "L’été est très beau, à côté de la forêt."),
        ("windows-1252", "It’s"),
        ("windows-1251", "Привет, мир. Как дела?"),
        ("shift_jis", "吾輩は猫である。名前はまだ無い。"),
        ("shift_jis", "メロスは激怒した。"),
        ("euc-jp", "メロスは激怒した。"),
        ("gbk", "你好，世界。今天天气很好。"),
        ("gbk", "春眠不觉晓，处处闻啼鸟。"),
        ("big5", "春眠不覺曉，處處聞啼鳥。"),
        ("euc-kr", "안녕하세요. 반갑습니다"),
        ("utf-16-le", "Hello there."),
        ("utf-16-be", "Größe"),
    ],
)
def test_what_a_text_looks_like(encoding: str, text: str) -> None:
    assert likely_encoding(text.encode(encoding)) == encoding


@pytest.mark.parametrize("content", [b"", b"plain", bytes(range(256)), b"\x00\x01abc\xff\xfe", b"\x81\x8d"])
def test_what_looks_like_nothing(content: bytes) -> None:
    assert likely_encoding(content) is None

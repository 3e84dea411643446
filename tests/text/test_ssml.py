import time
from contextlib import suppress
from itertools import product
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import UsageError
from tts.text.passage import Alias, Bookmark, Passage, Pause, Pronunciation, Prosody, SpokenAs
from tts.text.ssml import EMPHASIS, TAGS, read_ssml


def not_supported(tag: str) -> str:
    return f"<{tag}> is not supported: the text within is read without it."


@pytest.mark.parametrize(
    ("ssml", "text"),
    [
        ("<speak>Hello world.</speak>", "Hello world."),
        ("<speak>\n  Hello\t<!-- all -->\n  world. </speak>\n", "Hello world."),
        ("Hello world.", "Hello world."),
        ("Fish &amp; <![CDATA[chips < 3]]>&#33;", "Fish & chips < 3!"),
        ("\ufeff <?xml version='1.0' encoding='utf-16'?>\n<!-- a --><?b c?>\n<speak version='1.1'>Hi</speak>", "Hi"),
        ("<?xml version='1.0'?><s>Hi</s>", "Hi"),
        ("Hi <speak>there</speak>", "Hi there"),
        ("<speak/>", ""),
        ("", ""),
        (
            '<a:speak xmlns:a="http://www.w3.org/2001/10/synthesis" xmlns:xsi="x" xsi:schemaLocation="y"'
            ' xml:lang="en-US">Hi</a:speak>',
            "Hi",
        ),
        ("a  <speak xml:space='preserve'> b\n\n c<s xml:space='default'> d\n\n e </s></speak>", "a  b\n\n c d e"),
    ],
)
def test_documents_and_pieces(ssml: str, text: str) -> None:
    passage = read_ssml(ssml)
    assert (passage.text, passage.warnings) == (text, ())


@pytest.mark.parametrize(
    ("ssml", "passage"),
    [
        (
            "<p><s>One.</s><s>Two.</s></p><p>Three.</p>Four.",
            Passage(
                "One. Two.\n\nThree.\n\nFour.",
                (Pause(5, None, "sentence"), Pause(11, None, "paragraph"), Pause(19, None, "paragraph")),
            ),
        ),
        ("<s>One</s> <break time='2s'/> <s>Two</s>", Passage("One Two", (Pause(4, 2.0, "sentence"),))),
        ("foo<break/>bar <break time='.25s'/>baz", Passage("foobar baz", (Pause(3, 0.5), Pause(7, 0.25)))),
        ("<break time='1s'/><p>Hi</p><break strength='weak'/>", Passage("Hi", (Pause(0, 1, "paragraph"),
                                                                        Pause(2, 0.25, "paragraph")))),
        ("a <break strength='none'/> b", Passage("a b", (Pause(2, 0.0),))),
        ("a <break strength='x-strong' time='100ms'/> b", Passage("a b", (Pause(2, 0.1),))),
        ("a <mark name='here'/> b<mark name='end'/>", Passage("a b", (Bookmark(2, "here"), Bookmark(3, "end")))),
    ],
)  # fmt: skip
def test_pauses_and_bookmarks(ssml: str, passage: Passage) -> None:
    assert read_ssml(ssml) == passage


@pytest.mark.parametrize(
    ("ssml", "passage"),
    [
        ("the <sub alias='World  Wide Web'>WWW</sub>!", Passage("the WWW!", (Alias(4, 7, "World Wide Web"),))),
        ("<sub alias='hello'/> you", Passage("hello you", (Alias(0, 5, "hello"),))),
        ("<phoneme alphabet='ipa' ph='təmˈeɪtoʊ'>it</phoneme>", Passage("it", (Pronunciation(0, 2, "təmˈeɪtoʊ"),))),
        ("a <phoneme ph='həlˈoʊ'/>", Passage("a həlˈoʊ", (Pronunciation(2, 8, "həlˈoʊ"),))),
        (
            "<phoneme alphabet='x-sampa' ph='t@&quot;mA:t@U'>tomato</phoneme>",
            Passage("tomato", (Pronunciation(0, 6, "təˈmɑːtəʊ"),)),
        ),
        (
            "in <say-as interpret-as='date' format='dmy'> 1/2/2003 </say-as>.",
            Passage("in 1/2/2003 .", (Alias(3, 11, "the first of February, two thousand three"),)),
        ),
        ("<say-as interpret-as='number' format='ordinal'>2</say-as>", Passage("2", (Alias(0, 1, "second"),))),
        (
            "<sub alias='x'>a<break time='1s'/>b<mark name='m'/></sub> c",
            Passage("ab c", (Alias(0, 2, "x"), Pause(3, 1.0), Bookmark(3, "m"))),
        ),
    ],
)  # fmt: skip
def test_what_is_said_in_place_of_the_text(ssml: str, passage: Passage) -> None:
    assert read_ssml(ssml) == passage


@pytest.mark.parametrize(
    ("attributes", "prosody"),
    [
        ("rate='x-slow'", Prosody(speed=0.6)),
        ("rate='80%'", Prosody(speed=0.8)),
        ("rate='1.2'", Prosody(speed=1.2)),
        ("rate='+10%'", Prosody(speed=1.1)),
        ("rate='-25%'", Prosody(speed=0.75)),
        ("pitch='x-high'", Prosody(pitch=4)),
        ("pitch='+2st'", Prosody(pitch=2)),
        ("pitch='-1.5 st'", Prosody(pitch=-1.5)),
        ("pitch='-50%'", Prosody(pitch=-12)),
        ("pitch='+10%'", Prosody(pitch=1.65)),
        ("volume='silent'", Prosody(volume=-60)),
        ("volume='+6dB'", Prosody(volume=6)),
        ("volume='50'", Prosody(volume=-6.0206)),
        ("volume='-50%'", Prosody(volume=-6.0206)),
        ("volume='0'", Prosody(volume=-60)),
        ("rate='fast' pitch='low' volume='soft'", Prosody(1.25, -2, 1, -6)),
    ],
)
def test_prosody(attributes: str, prosody: Prosody) -> None:
    assert read_ssml(f"<prosody {attributes}> ab </prosody>") == Passage("ab", (SpokenAs(0, 2, prosody),))


def test_prosodies_languages_and_voices_nest() -> None:
    ssml = (
        "<speak xml:lang='en-US'><voice name='amy'>a <lang xml:lang='de-DE'>b <emphasis>c</emphasis></lang></voice> "
        "<p xml:lang='en-GB'><emphasis level='strong'>d</emphasis></p></speak>"
    )
    assert read_ssml(ssml) == Passage(
        "a b c\n\nd",
        (
            SpokenAs(0, 5, voice="amy"),
            SpokenAs(2, 5, language="de-DE"),
            SpokenAs(4, 5, EMPHASIS["moderate"]),
            SpokenAs(7, 8, language="en-GB"),
            SpokenAs(7, 8, EMPHASIS["strong"]),
            Pause(7, None, "paragraph"),
        ),
    )


def test_what_asks_for_nothing_is_no_note() -> None:
    ssml = "<prosody rate='medium'>a<emphasis level='none'>b</emphasis></prosody><emphasis></emphasis>"
    assert read_ssml(ssml) == Passage("ab")
    assert read_ssml("<lang xml:lang='en'>a</lang><lang xml:lang='EN-us'>b</lang>", "en-us") == Passage("ab")


@pytest.mark.parametrize(
    ("ssml", "text", "warnings"),
    [
        ("<audio src='a.wav'>Miau</audio> <audio/>", "Miau", [not_supported("audio")]),
        ("<speak>a<lexicon uri='b'/><w>c</w></speak>", "ac", [not_supported("lexicon"), not_supported("w")]),
        (
            "<amazon:effect name='whispered'>a</amazon:effect> <mstts:express-as style='sad'>b</mstts:express-as>",
            "a b",
            [not_supported("amazon:effect"), not_supported("mstts:express-as")],
        ),
        ("<p a:b='c'>d</p>", "d", ["The attribute a:b of <p> is not supported."]),
        ("<metadata>a<p>b</p></metadata>c", "c", ["<metadata> is for machines: the text within is not read."]),
        (
            "<voice gender='male' languages='de'>a</voice> <voice gender='female'>b</voice>",
            "a b",
            [
                "The attribute gender of <voice> is not supported.",
                "The attribute languages of <voice> is not supported.",
            ],
        ),
        ("<voice name='amy joe'>a</voice>", "a", ['Of the names of <voice>, only the first is used: "amy".']),
        (
            "<prosody pitch='+20Hz' rate='x' contour='(0%,+20Hz)'>a</prosody>",
            "a",
            [
                "The attribute contour of <prosody> is not supported.",
                'rate="x" of <prosody> is not understood and has no effect: '
                "write x-slow, slow, medium, fast, x-fast, or as in 80% or +10%.",
                'pitch="+20Hz" of <prosody> is not understood and has no effect: '
                "write x-low, low, medium, high, x-high, or as in +2st or -10%.",
            ],
        ),
        (
            "<prosody rate='900%'>a</prosody>",
            "a",
            ['rate="900%" is out of range: it is read as a speed of 4.'],
        ),
        (
            "<say-as interpret-as='date' format='mdy'>hello</say-as>",
            "hello",
            ['"hello" does not fit interpret-as="date" format="mdy": it is read as it is written.'],
        ),
        (
            "<sub>a</sub><say-as>b</say-as><phoneme>c</phoneme><mark/><lang>d</lang>",
            "abcd",
            [
                "<sub> lacks its attribute alias: the text is read as it is written.",
                "<say-as> lacks its attribute interpret-as: the text is read as it is written.",
                "<phoneme> lacks its attribute ph: the text is read as it is written.",
                "<mark> lacks its attribute name: it marks nothing.",
                "<lang> lacks its attribute xml:lang: it has no effect.",
            ],
        ),
        (
            "<phoneme alphabet='sapi' ph='h eh'>a</phoneme> <phoneme alphabet='x-sampa' ph='$'>b</phoneme>",
            "a b",
            [
                'alphabet="sapi" of <phoneme> is not understood and has no effect: '
                "write ipa or x-sampa; the text is read as it is written until then.",
                'ph="$" of <phoneme> is not X-SAMPA: the text is read as it is written.',
            ],
        ),
        (
            "<sub alias='x'><emphasis>a</emphasis></sub>",
            "a",
            ["<emphasis> has no effect within <sub>."],
        ),
        (
            "<p xml:lang='tlh klingon'>a</p>",
            "a",
            ['xml:lang="tlh klingon" is not a language and has no effect: write a code, as in en-GB.'],
        ),
        (
            "a <break time='99s'/> b <break time='1 hour'/> c",
            "a b c",
            [
                'A pause lasts 0 to 30 seconds: "99s" is read as 30 s.',
                'time="1 hour" of <break> is not understood and has no effect: write it as in 0.5s or 500ms.',
            ],
        ),
        (
            "<say-as interpret-as='telephone' format='1'>12</say-as>",
            "12",
            ['format="1" has no effect with interpret-as="telephone".'],
        ),
    ],
)
def test_what_is_not_supported_is_named_once_and_its_text_is_read(ssml: str, text: str, warnings: list[str]) -> None:
    passage = read_ssml(ssml)
    assert (passage.text, list(passage.warnings)) == (text, warnings)


def test_say_as_knows_the_language() -> None:
    ssml = "<say-as interpret-as='characters'>abc</say-as> <say-as interpret-as='cardinal'>5</say-as>"
    assert read_ssml(ssml, "de") == Passage("abc 5", (Alias(0, 3, "a b c"),))
    assert read_ssml(f"<lang xml:lang='fr'>{ssml}</lang>").notes[1:] == (Alias(0, 3, "a b c"),)
    warning = 'interpret-as="time" is supported for English, not for "de": the text is read as it is written.'
    assert read_ssml("<say-as interpret-as='time'>5:30</say-as>", "de") == Passage("5:30", (), (warning,))


BOMB = "<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;&b;'>]><speak>&c;</speak>"
DTD = "The SSML has a document type declaration (<!DOCTYPE …>), which is refused, because it can define entities that "
AMPERSAND = "write an & in text as &amp;, and a < as &lt;."


@pytest.mark.parametrize(
    ("ssml", "message"),
    [
        (BOMB, DTD),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><speak>a</speak>', DTD),
        ("<!doctype html><p>a</p>", "line 1, column 1: syntax error."),
        ("<speak>Fish & chips</speak>", f"line 1, column 14: not well-formed (invalid token); {AMPERSAND}"),
        ("One\r\nFish & chips", f"line 2, column 7: not well-formed (invalid token); {AMPERSAND}"),
        ("\n\n <p>x</p> 1 < 2", f"line 3, column 14: not well-formed (invalid token); {AMPERSAND}"),
        ("a&nbsp;b", 'line 1, column 2: undefined entity "&nbsp;"; write the character itself.'),
        ("<speak>a</speak> b", "line 1, column 18: junk after document element."),
        ("<speak>a", "line 1, column 9: no element found; <speak> is not closed."),
        ("<p>\na", "line 2, column 2: mismatched tag; <p> is not closed."),
        ("a</p>", "line 1, column 4: mismatched tag."),
        ("a \ud800 b", "line 1, column 3: half of a character (a surrogate)."),
        ("a \x01 b", "line 1, column 3: not well-formed (invalid token); "),
    ],
)
def test_what_is_not_xml_is_refused_in_one_sentence(ssml: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_ssml(ssml)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tag", ["p", "sub", "prosody", "voice", "foo", "metadata"])
def test_deep_nesting(tag: str) -> None:
    attributes = {"sub": " alias='b'", "prosody": " rate='slow'", "voice": " name='amy'"}.get(tag, "")
    passage = read_ssml(f"<{tag}{attributes}>" * 20_000 + "a" + f"</{tag}>" * 20_000)
    assert passage.text == ("" if tag == "metadata" else "a")
    assert len(passage.notes) == {"sub": 1, "prosody": 20_000, "voice": 20_000}.get(tag, 0)


VALUES = ["", "x-slow", "80%", "+2st", "500ms", "ipa", "x-sampa", "date", "characters", "ordinal", "mdy", "de", "amy"]
ATTRIBUTES = st.dictionaries(
    st.sampled_from(sorted({"xml:lang", "xml:space", *(name for names in TAGS.values() for name in names)})),
    st.sampled_from([*VALUES, "preserve"]) | st.text("0123456789.%+-stmdB ", max_size=6),
    max_size=3,
)
WORDS = st.text(st.sampled_from("ab1  \n.'é漢"), max_size=5)


def element(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """(SSML, the text in it)."""
    return st.builds(tagged, st.sampled_from([*sorted(TAGS), "x:y", "audio"]), ATTRIBUTES, st.lists(inner, max_size=3))


def tagged(tag: str, attributes: dict[str, str], inner: list[tuple[str, str]]) -> tuple[str, str]:
    opening = tag + "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    text = "".join(text for _, text in inner)
    if not text.strip():  # what says nothing shows what is said there
        text = {"sub": attributes.get("alias", ""), "phoneme": ""}.get(tag, "")
    return f"<{opening}>" + "".join(ssml for ssml, _ in inner) + f"</{tag}>", text


@given(st.recursive(st.builds(lambda text: (escape(text), text), WORDS), element, max_leaves=12))
def test_the_text_in_tags_is_never_lost(made: tuple[str, str]) -> None:
    ssml, text = made
    passage = read_ssml(ssml)
    # Within a sub an empty one shows nothing.
    if "<phoneme" not in ssml and ssml.count("<sub") < 2:
        assert "".join(passage.text.split()) == "".join(text.split())
    for note in passage.notes:
        assert 0 <= note.start <= note.end <= len(passage.text)
        assert isinstance(note, (Pause, Bookmark)) or note.start < note.end


@given(st.text() | st.text("<>/&;![]-?='\" psub:", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert isinstance(read_ssml(text), Passage)


ENDLESS = ["<p>", "<a/>", "a<break/>", "<!--", "<!---->", "<?", "<", "&amp;", "&", "<speak>", "<p a='", " ", "a "]
VALUE_OF = [
    *(
        f"<say-as interpret-as='{kind}'>{{}}!</say-as>"
        for kind in ("date", "digits", "telephone", "unit", "characters")
    ),
    *("<break time='{}'/>", "<prosody rate='{}'>a</prosody>", "<phoneme alphabet='x-sampa' ph='{}'/>"),
]


@pytest.mark.parametrize(
    ("unit", "around"), [*product(ENDLESS, ["{}"]), *product(["1", "1a", "a b ", "+", "-1", "1/", "1:"], VALUE_OF)]
)
def test_long_texts_need_linear_time(unit: str, around: str) -> None:
    def seconds(length: int) -> float:
        ssml = around.format(unit * (length // len(unit)))
        start = time.process_time()
        with suppress(UsageError):
            read_ssml(ssml)
        return time.process_time() - start

    # 16 times the length: a search that begins anew at each character would take 256 times as long.
    assert min(seconds(160_000) for _ in range(2)) < 120 * max(min(seconds(10_000) for _ in range(3)), 0.005)

"""Data sets of every layout are recognised and read, with any encoding mark, line ending and audio suffix."""

import json

import pytest

from tts.errors import TtsError, UsageError
from tts.training.layouts import Fault, find_layout, read_clips
from tts.voice.manifest import Speaker


def write(folder, name, content=b""):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def read(folder, name="auto"):
    return read_clips(folder, find_layout(folder, name))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ljspeech(tmp_path, mark, end):
    lines = ["a|Dr. Who|Doctor Who", "b.wav| Café ", "", "c|In 1900.|"]
    write(tmp_path, "metadata.csv", mark + end.join(lines))
    files = [write(tmp_path, f"wavs/{name}") for name in ("a.wav", "b.wav", "c.FLAC")]
    clips = read(tmp_path)
    assert [(clip.id, clip.text) for clip in clips] == [("a", "Doctor Who"), ("b", "Café"), ("c", "In 1900.")]
    assert [clip.file for clip in clips] == files
    assert find_layout(tmp_path).name == "ljspeech"


def test_audio_may_be_beside_its_texts_with_any_suffix(tmp_path):
    write(tmp_path, "metadata.csv", "audio_file|text\na|A\nb|B\nsub/c|C\nd|D\n")
    files = [write(tmp_path, name) for name in ("a.opus", "b.ogg", "wavs/sub/c.wav")]
    write(tmp_path, "d.txt")
    clips = read(tmp_path)
    assert [clip.file for clip in clips] == [*files, None]


def test_the_uncompressed_of_two_files_is_preferred(tmp_path):
    write(tmp_path, "metadata.csv", "a|A\n")
    write(tmp_path, "wavs/a.flac")
    write(tmp_path, "a.wav")
    wanted = write(tmp_path, "wavs/a.wav")
    assert read(tmp_path)[0].file == wanted


def test_arctic(tmp_path):
    write(tmp_path, "etc/txt.done.data", '( arctic_a0001 "Author of \\"it\\", etc." )\n(arctic_a0002 "Not at all.")\n')
    file = write(tmp_path, "wav/arctic_a0001.wav")
    first, second = read(tmp_path)
    assert (first.id, first.text, first.file) == ("arctic_a0001", 'Author of "it", etc.', file)
    assert (second.id, second.text, second.file) == ("arctic_a0002", "Not at all.", None)


def test_corpus(tmp_path):
    file = write(tmp_path, "audio/x.opus")
    rows = [
        {"id": "x", "text": "Oh!", "phonemes": "oʊ!", "durations": [1, 2, 3, 4, 5], "split": "test", "samples": 9},
        {"id": "y", "file": "elsewhere/y.wav", "text": "No."},
    ]
    write(tmp_path, "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    first, second = read(tmp_path)
    assert (first.file, first.phonemes, first.durations, first.split) == (file, "oʊ!", [1, 2, 3, 4, 5], "test")
    assert (second.file, second.phonemes, second.durations) == (tmp_path / "elsewhere/y.wav", None, None)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"durations": [1, 2, 3]}, "there are 3 for 3 symbols and the silence at both ends"),
        ({"durations": [0] * 5}, "all are 0"),
        ({"durations": [1, 2, 3, 4, -1]}, "they are not whole numbers from 0 up"),
        ({"durations": [1, 2, 3, 4, 0.5]}, "they are not whole numbers from 0 up"),
        ({"durations": [1, 2, 3, 4, 10**40]}, "they are not whole numbers from 0 up"),
        ({"phonemes": None}, "there are durations and no phonemes that they belong to"),
    ],
)
def test_wrong_durations_are_a_fault(tmp_path, change, detail):
    row = {"id": "x", "text": "Oh!", "phonemes": "oʊ!", "durations": [1, 2, 3, 4, 5]} | change
    write(tmp_path, "metadata.jsonl", json.dumps(row))
    assert read(tmp_path)[0].fault == Fault("wrong durations", detail)


def test_a_line_that_cannot_be_read_is_a_fault_and_the_next_are_read(tmp_path):
    write(tmp_path, "metadata.csv", "a|A\nno text at all\na|Again\nb|B|b|b\n")
    faults = [clip.fault for clip in read(tmp_path)]
    expected = "expected id|text or id|text|normalised text"
    assert faults == [
        None,
        Fault("unreadable line", f"1 fields; {expected}"),
        Fault("duplicate", "the id of line 3 is used before"),
        Fault("unreadable line", f"4 fields; {expected}"),
    ]


@pytest.mark.parametrize("line", ["[1]", "{", '{"id": 1, "text": "A"}', '{"id": "a", "text": "\\ud800"}'])
def test_json_that_is_not_a_clip_is_a_fault(tmp_path, line):
    write(tmp_path, "metadata.jsonl", '{"id": "first", "text": "A"}\n' + line)
    clip = read(tmp_path)[1]
    assert (clip.id, clip.fault.reason) == ("metadata.jsonl:2", "unreadable line")


def test_an_unknown_folder_is_refused_with_the_known_layouts(tmp_path):
    write(tmp_path, "readme.txt", "Hello.")
    with pytest.raises(UsageError, match=r"Known layouts: metadata.csv .*; etc/txt.done.data .*; metadata.jsonl"):
        find_layout(tmp_path)


def test_a_layout_is_recognised_by_content_and_refused_where_it_is_not(tmp_path):
    write(tmp_path, "metadata.csv", "name,words\na,A\n")
    write(tmp_path, "metadata.jsonl", '{"id": "a", "text": "A"}\n')
    assert find_layout(tmp_path).name == "corpus"
    write(tmp_path, "metadata.csv", "a|A\n")
    with pytest.raises(UsageError, match="matches the layouts ljspeech and corpus: choose one with --layout"):
        find_layout(tmp_path)
    assert find_layout(tmp_path, "ljspeech").name == "ljspeech"
    with pytest.raises(UsageError, match=r"does not have the layout arctic: it has no etc/txt.done.data"):
        find_layout(tmp_path, "arctic")
    with pytest.raises(
        UsageError, match="There is no layout 'libri'; there are: auto, ljspeech, speakers, arctic, corpus"
    ):
        find_layout(tmp_path, "libri")
    with pytest.raises(UsageError, match=r"has no SUBSET/SPEAKER/CHAPTER/\*.normalized.txt"):
        find_layout(tmp_path, "libritts")
    with pytest.raises(UsageError, match="There is no folder"):
        find_layout(tmp_path / "nowhere")


def test_other_encodings_are_refused(tmp_path):
    write(tmp_path, "metadata.csv", "a|A\n" + "b|Café\n" * 2)
    write(tmp_path, "metadata.csv", "a|Café\n".encode("latin-1"))
    with pytest.raises(TtsError, match=r"metadata.csv is not UTF-8 .*: convert it to UTF-8 first"):
        read(tmp_path)


def test_a_data_set_without_lines_is_refused(tmp_path):
    write(tmp_path, "metadata.csv", "\n \n")
    with pytest.raises(TtsError, match="has no lines"):
        read(tmp_path, "ljspeech")


@pytest.mark.parametrize("odd", ["c1", "# LJ Speech, my voice", "id,text", "a|b|c|d|e", "|", "c1\nc2\n---\nc3"])
@pytest.mark.parametrize("with_audio", [True, False])
def test_an_odd_first_line_is_a_fault_and_the_rest_is_read(tmp_path, odd, with_audio):
    rows = ["a|A", "b|B|bee", "c|C", "d|D"]
    write(tmp_path, "metadata.csv", "\n".join([odd, *rows]))
    if with_audio:
        write(tmp_path, "wavs/c.wav")
    clips = read(tmp_path)
    n_odd = odd.count("\n") + 1
    assert {clip.fault.reason for clip in clips[:n_odd]} == {"unreadable line"}
    assert [clip.id for clip in clips[:n_odd]] == [f"metadata.csv:{n}" for n in range(1, n_odd + 1)]
    assert [(clip.id, clip.text, clip.fault) for clip in clips[n_odd:]] == [
        ("a", "A", None), ("b", "bee", None), ("c", "C", None), ("d", "D", None),
    ]  # fmt: skip


def test_a_header_behind_an_odd_line_is_no_clip(tmp_path):
    write(tmp_path, "metadata.csv", "my data\nfile|text\na|A\nb|B\n")
    assert [clip.id for clip in read(tmp_path)] == ["metadata.csv:1", "a", "b"]


def test_one_line_with_a_recording_is_enough(tmp_path):
    write(tmp_path, "metadata.csv", "x\ny\nz\nd|D\n")
    with pytest.raises(UsageError, match="no known data set layout"):
        find_layout(tmp_path)
    write(tmp_path, "d.flac")
    assert [clip.fault is None for clip in read(tmp_path)] == [False, False, False, True]


def test_odd_first_lines_of_other_layouts(tmp_path):
    write(tmp_path, "etc/txt.done.data", 'made by festival\n( a "A" )\n')
    assert [clip.id for clip in read(tmp_path)] == ["etc/txt.done.data:1", "a"]
    (tmp_path / "etc/txt.done.data").unlink()
    write(tmp_path, "metadata.jsonl", '// clips\n{"id": "a", "text": "A"}\n')
    assert [clip.id for clip in read(tmp_path)] == ["metadata.jsonl:1", "a"]


def spoken(clips):
    """The ids, speakers and texts of clips that can be used."""
    return [(clip.id, clip.speaker.name, clip.text) for clip in clips if clip.fault is None]


THREE = [("a", "anna", "Hello."), ("b", "ben", "Hello."), ("c", "anna", "Good evening."), ("d", "ben", "Good day.")]


@pytest.mark.parametrize(
    "lines",
    [
        [f"{name}|{speaker}|{text}" for name, speaker, text in THREE],
        [f"{name}|{text}|{speaker}" for name, speaker, text in THREE],
        [f"{name}|{speaker}|{text.upper()}|{text}" for name, speaker, text in THREE],
        [f"{name}|{speaker}|{text}|" for name, speaker, text in THREE],
        ["text|Speaker ID|file", *(f"{text}|{speaker}|{name}.wav" for name, speaker, text in THREE)],
        ["id|text|normalised text|speaker", *(f"{name}|1 2|{text}|{speaker}" for name, speaker, text in THREE)],
        ["my data", "id|speaker_name|text", *(f"{name}|{speaker}|{text}" for name, speaker, text in THREE)],
    ],
)
def test_a_column_of_speakers(tmp_path, lines):
    write(tmp_path, "metadata.csv", "\n".join(lines))
    files = [write(tmp_path, f"wavs/{name}.wav") for name, _, _ in THREE]
    assert find_layout(tmp_path).name == "speakers"
    clips = read(tmp_path)
    assert spoken(clips) == THREE
    assert [clip.file for clip in clips if clip.fault is None] == files


def test_many_speakers_of_few_texts(tmp_path):
    texts = ("Hello there.", "Good evening to you.", "My name is long.")
    rows = [(f"{j}-{i}", f"speaker {i}", text) for j, text in enumerate(texts) for i in range(60)]
    write(tmp_path, "metadata.csv", "\n".join("|".join(row) for row in rows))
    assert spoken(read(tmp_path)) == rows


@pytest.mark.parametrize(
    "lines",
    [
        ["a|1901|nineteen oh one", "b|7|seven", "c|12|twelve", "d|3|three"],
        ["a|Yes.|Yes.", "b|No.|No.", "c|Yes.|Yes.", "d|No.|No."],
        ["a|Hello.|", "b|Good day.|", "c|Good night.|", "d|Bye.|bye."],
    ],
)
def test_normalised_texts_are_no_speakers(tmp_path, lines):
    write(tmp_path, "metadata.csv", "\n".join(lines))
    assert find_layout(tmp_path).name == "ljspeech"
    assert all(clip.speaker is None and clip.fault is None for clip in read(tmp_path))


def test_the_meaning_of_three_columns_can_be_chosen(tmp_path):
    write(tmp_path, "metadata.csv", "a|anna|Hello.\n")
    assert find_layout(tmp_path).name == "ljspeech"
    assert spoken(read(tmp_path, "speakers")) == [("a", "anna", "Hello.")]


def test_recordings_may_be_in_a_folder_per_speaker(tmp_path):
    write(tmp_path, "metadata.csv", "1|anna|Hello.\n2|anna|Bye.\n1|ben|Good day.\n2|ben|Hi.\n")
    files = [write(tmp_path, f"wavs/{name}.wav") for name in ("anna/1", "anna/2", "ben/1", "ben/2")]
    clips = read(tmp_path)
    assert [clip.id for clip in clips] == ["anna/1", "anna/2", "ben/1", "ben/2"]
    assert [clip.file for clip in clips] == files


def test_a_clip_without_speaker_is_a_fault(tmp_path):
    write(tmp_path, "metadata.csv", "a|anna|Hello.\nb|ben|Bye.\nc||Good day.\nd|Hi.\ne|anna|Yes.\nf|ben|No.\n")
    assert [clip.fault for clip in read(tmp_path)] == [
        None,
        None,
        Fault("no speaker", "it has no speaker, and other clips have one"),
        Fault("unreadable line", "2 fields; expected id|speaker|text"),
        None,
        None,
    ]


def test_a_corpus_with_speakers(tmp_path):
    rows = [{"speaker": " anna "}, {"speaker_id": 7}, {"speaker": None}, {}, {"speaker": ["ben"]}, {"speaker": True}]
    rows = [{"id": f"{i}", "text": "Hello.", **row} for i, row in enumerate(rows)]
    write(tmp_path, "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    clips = read(tmp_path)
    assert spoken(clips) == [("0", "anna", "Hello."), ("1", "7", "Hello.")]
    unreadable = 'the speaker is no string; expected {"id": …, "text": …}'
    assert [clip.fault and clip.fault.reason for clip in clips[2:]] == ["no speaker"] * 2 + ["unreadable line"] * 2
    assert clips[4].fault.detail == unreadable


@pytest.mark.parametrize("top", ["", "train-clean-100/", "LibriTTS/train-clean-100/"])
def test_libritts(tmp_path, top):
    ids = ("9_1_000001_000000", "103_1240_000000_000001", "103_1240_000002_000000", "103_1240_000010_000000")
    files = []
    for name in ids:
        speaker, chapter, *_ = name.split("_")
        files.append(write(tmp_path, f"{top}{speaker}/{chapter}/{name}.wav"))
        write(tmp_path, f"{top}{speaker}/{chapter}/{name}.original.txt", "No. 5")
        write(tmp_path, f"{top}{speaker}/{chapter}/{name}.normalized.txt", "\ufeffNumber\nfive ")
    write(tmp_path, f"{top}103/1240/._{ids[1]}.normalized.txt", b"\x00\xff")
    write(tmp_path, f"{top}103/1240/103_1240_000011_000000.wav")
    write(tmp_path, f"{top}103/1240/103_1240_000012_000000.normalized.txt", b"\xff")
    table = ("READER\tGENDER\tSUBSET\tNAME", "9\tM\ttrain\tF Ott", "103\tF\ttrain\tKarin")
    write(tmp_path / top.removesuffix("train-clean-100/"), "speakers.tsv", "\n".join(table))
    assert find_layout(tmp_path).name == "libritts"
    clips = read(tmp_path)
    assert spoken(clips) == [(name, name.partition("_")[0], "Number five") for name in ids]
    assert [clip.file for clip in clips[:4]] == files
    assert [clip.speaker.sex for clip in clips] == ["male", *["female"] * 5]
    assert [clip.fault.reason for clip in clips[4:]] == ["no text", "unreadable text"]
    if top:
        subset = read(tmp_path / top)
        assert [(clip.id, clip.speaker) for clip in subset] == [(clip.id, clip.speaker) for clip in clips]


def test_vctk(tmp_path):
    info = "ID  AGE  GENDER  ACCENTS  REGION COMMENTS\np9  23  F    English    Southern  England\np225  38  M Irish\n"
    write(tmp_path, "speaker-info.txt", info)
    audio = tmp_path / "wav48_silence_trimmed"
    for name in ("p9/p9_001_mic1", "p9/p9_001_mic2", "p225/p225_002_mic2", "p315/p315_001_mic1"):
        write(audio, f"{name}.flac")
    write(audio, "log.txt", "-")
    for name in ("p9/p9_001", "p225/p225_002", "p225/p225_010"):
        write(tmp_path, f"txt/{name}.txt", "Please call Stella.\n")
    assert find_layout(tmp_path).name == "vctk"
    clips = read(tmp_path)
    assert spoken(clips) == [
        ("p9_001", "p9", "Please call Stella."),
        ("p225_002", "p225", "Please call Stella."),
        ("p225_010", "p225", "Please call Stella."),
    ]
    wanted = [audio / "p9/p9_001_mic1.flac", audio / "p225/p225_002_mic2.flac", None, audio / "p315/p315_001_mic1.flac"]
    assert [clip.file for clip in clips] == wanted
    assert [clip.speaker.sex for clip in clips] == ["female", "male", "male", ""]
    assert clips[3].fault == Fault("no text", "there is no file with its text")


def test_the_first_edition_of_vctk(tmp_path):
    write(tmp_path, "speaker-info.txt", "ID  AGE  GENDER\n225  23  F\n")
    file = write(tmp_path, "wav48/p225/p225_001.wav")
    write(tmp_path, "txt/p225/p225_001.txt", "Please call Stella.")
    (clip,) = read(tmp_path)
    assert (clip.id, clip.file, clip.speaker) == ("p225_001", file, Speaker("p225", sex="female"))

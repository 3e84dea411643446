import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.batch.entry import Entry
from tts.batch.layouts import read_entries
from tts.errors import UsageError

QUOTES = "double a quote inside a quoted text, and close every quote"
UNCLOSED = f"A quote that opens in this row is not closed: {QUOTES}."


def entries(data, messages=None, name="a.csv"):
    data = data if isinstance(data, bytes) else data.encode()
    messages = messages if messages is not None else []
    return list(read_entries(io.BytesIO(data), name, "csv", messages.append))


def refusal(data):
    with pytest.raises(UsageError) as refused:
        entries(data)
    return str(refused.value)


def test_columns_are_options_by_name_in_any_order():
    data = "Text,Sample-Rate,voice,ID,sentence silence\nHello.,8000,heart,a,\n"
    assert entries(data) == [Entry(2, "a", "Hello.", "heart", {"sample_rate": "8000"})]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quoted_field_holds_separators_quotes_and_line_breaks(end):
    data = end.join(["id,text", 'a,"One, ""two""', "", 'three"', "b,Four", ""])
    assert entries(data) == [Entry(2, "a", 'One, "two"\n\nthree'), Entry(5, "b", "Four")]


def test_a_lone_carriage_return_in_quotes_is_a_line_break():
    assert entries('id,text\na,"One\rtwo"\n') == [Entry(2, "a", "One\ntwo")]


def test_rows_without_anything_are_none_and_separators_too_many_are_nothing():
    assert entries("id,text\n\n,\na,Hello.,,,\n ,  \n\n") == [Entry(4, "a", "Hello.")]


def test_fields_too_many_or_too_few_are_the_problem_of_their_row():
    read = entries("id,text,speed\na,Hello, you,1\nb\nc,Hello.,1\n")
    assert [entry.problem for entry in read] == [
        "The row has 4 fields and the header 3: quote a text that contains the separator.",
        "The row has 1 field and the header 3: leave a field empty rather than out.",
        None,
    ]


def test_in_a_single_column_a_comma_is_the_texts():
    assert entries('text\nHello, you; there\n"Quoted, ""too"""\n') == [
        Entry(2, None, "Hello, you; there"),
        Entry(3, None, 'Quoted, "too"'),
    ]


def test_a_quote_too_many_costs_its_row_only():
    read = entries('id,text\na,"Hello.\nb,World.\nc,"all",\n"d" x,y\ne,"1"2\nf,Good.\n')
    assert read == [
        Entry(2, problem=UNCLOSED),
        Entry(3, "b", "World."),
        Entry(4, "c", "all"),
        Entry(5, problem=f"The row is broken CSV (',' expected after '\"'): {QUOTES}."),
        Entry(6, problem=f"The row is broken CSV (',' expected after '\"'): {QUOTES}."),
        Entry(7, "f", "Good."),
    ]


def test_a_quote_that_stays_open_takes_a_thousand_lines_at_most_and_gives_them_back():
    rows = [f"{number},Hello." for number in range(3000)]
    rows[5] = '5,"Hello.'
    read = entries("id,text\n" + "\n".join(rows))
    assert [entry.line for entry in read if entry.problem] == [7]
    assert [entry.id for entry in read] == [None if number == 5 else str(number) for number in range(3000)]


def test_rows_that_all_fail_late_do_not_take_for_ever():
    started = time.perf_counter()
    read = entries("id,text\n" + 'a","\n' * 1000)
    assert len(read) == 1000
    assert {entry.problem for entry in read} == {UNCLOSED}
    assert time.perf_counter() - started < 30


def test_what_cannot_be_read_is_the_problem_of_the_row_it_stands_in():
    bad = b'id,text\na,"caf\xe9\nand more"\nb,' + b"x" * 1_500_000 + b"\nc," + b"y" * 200_000 + b"\nd,Good.\n"
    latin, enormous, long, good = entries(bad)
    advice = "save the file as UTF-8, or try --encoding windows-1252."
    assert latin == Entry(2, problem=f"The line is not UTF-8 (byte 7 cannot be read): {advice}")
    assert enormous == Entry(4, problem="The line has more than 1,000,000 bytes: split it.")
    assert long == Entry(5, problem="The row has more than 131,072 characters: split it.")
    assert good == Entry(6, "d", "Good.")


def test_a_column_that_means_nothing_is_left_out_with_a_warning():
    messages = []
    assert entries("id,text,mood,,uid\na,Hello.,x,y,z\n", messages) == [Entry(2, "a", "Hello.")]
    assert messages == [
        "the column 'mood' is no option and is ignored",
        "a column without a name is ignored",
        "the column 'uid' is no option and is ignored",
    ]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("id,text,sped", "a.csv has a column 'sped'; did you mean speed?"),
        ("uid,text", "a.csv has a column 'uid'; did you mean id?"),
        ("text,Text", "a.csv has two columns text: keep one."),
        ('text,"id', f"The header of a.csv cannot be read: {UNCLOSED}"),
    ],
)
def test_a_wrong_header_refuses_the_file(header, sentence):
    assert refusal(f"{header}\nHello.,a\n") == sentence


def test_a_header_that_is_not_utf8_refuses_the_file():
    assert refusal(b"t\xe9xt\nHello.\n").startswith("The header of a.csv cannot be read: The line is not UTF-8")


FIELDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff"), max_size=30)


@settings(deadline=None)
@given(st.lists(st.tuples(FIELDS, FIELDS)), st.sampled_from(",;\t"), st.booleans())
def test_reads_what_pythons_own_writer_writes(rows, delimiter, all_quoted):
    file = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows([("id", "text"), *rows])
    expected, line = [], 2
    for id, text in rows:
        if id.strip() or text.strip():
            expected.append(Entry(line, id.strip() or None, text.strip()))
        line += 1 + id.count("\n") + text.count("\n")
    assert entries(file.getvalue()) == expected

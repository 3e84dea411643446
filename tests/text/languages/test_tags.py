"""Words in angle brackets are read, tags of HTML are not."""

from __future__ import annotations

import time

import pytest

from tts.text.normalize import read_out

READ = [
    ("Press <Enter> or <Ctrl+C>, then type <name>.", "Press Enter or Control C, then type name."),
    ("Ann <ann@example.com> wrote.", "Ann ann at example dot com wrote."),
    ("See <https://a.com>.", "See HTTPS colon slash slash a dot com."),
    ("Dial <555-1234>.", "Dial five five five, one two three four."),
    ("cp <source> <target file>", "cp source target file"),
    ("Open <file>.txt in /home/<user>/docs", "Open file dot TXT in slash home slash user slash docs"),
    ("<user>@<host>", "user at host"),
    ("A List<String> and a Map<String, Integer>.", "A List String and a Map String, Integer."),
    ("<<name>> and <Name der Datei>", "name and Name der Datei"),
    ("The <title> and the <table>.", "The title and the table."),
    ("<Ctrl>+<Alt>+<Del>, <Q>, <q>", "Control Alt Delete, Q, q"),
    ("He <sighs loudly> left.", "He sighs loudly left."),
]
TAGS = [
    ("<b>bold</b>, <I>it</I> and<br>more<BR/>.", "bold, it and more."),
    ('<a href="x.html">here</a> and <p class=big>there</p>', "here and there"),
    ("See <!-- no --> this.", "See this."),
    ("<!DOCTYPE html><html><body><title>T</title></body></html>", "T"),
    ("<code>a</code> and <q>b</q>", "a and b"),
]
COMPARED = [
    ("a<b and c>d", "a is less than b and c is greater than d"),
    ("if x<y then y>z", "if x is less than y then y is greater than z"),
    ("x < 5", "x is less than five"),
    ("<5 or x>3", "less than five or x is greater than three"),
]
KEYS = [
    ("Ctrl+C, Ctrl-x and Cmd + V", "Control C, Control X and Command V"),
    ("Ctrl+Alt+Del, Alt+F4, Shift+Tab", "Control Alt Delete, Alt F four, Shift Tab"),
    ("shift-work and A+B", "shift-work and A plus B"),
]


@pytest.mark.parametrize(("written", "spoken"), [*READ, *TAGS, *COMPARED, *KEYS])
def test_english(written, spoken):
    found = read_out(written)
    assert (found.text, found.left_out) == (spoken, ())
    assert read_out(spoken).text == spoken


@pytest.mark.parametrize("language", ["de", "fr-fr", "es", "ru"])
def test_other_languages(language):
    written = "Klik <Enter> i <b>Strg+C</b>, <name>."
    assert read_out(written, language).text == "Klik Enter i Strg C, name."


@pytest.mark.parametrize(
    "text", ["<" * 50_000, "<a" * 30_000, "<a b=c " * 20_000, "<!--" * 20_000, "<q>" * 20_000, "Ctrl+" * 20_000]
)
def test_hostile_brackets_are_read_quickly(text):
    start = time.monotonic()
    read_out(text)
    assert time.monotonic() - start < 20

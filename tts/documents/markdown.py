"""Markdown as HTML: CommonMark with tables and strikethrough, and the extensions that authors use beyond it.

Marks of extensions are removed where their text is read: highlighted, inserted, lowered and raised text, tasks,
callouts, definitions, links of wikis, attributes, formulas in a line. Footnotes and formulas of their own become
omitted content.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from tts.documents.sources import library_for
from tts.text.languages.tags import is_tag

_FOOTNOTE = re.compile(r"^\[\^[^\]\n]{1,100}\]:.*(?:\n(?:[ \t]+\S.*|[ \t]*(?=\n[ \t]+\S)))*", re.MULTILINE)
_FOOTNOTE_MARK = re.compile(r"\[\^[^\]\s]{1,100}\]")
_FOOTNOTE_HTML = "<aside role='doc-footnote'></aside>\n"
_INLINE_FOOTNOTE = re.compile(r"\^\[[^\[\]\n]{1,1000}\]")
_FORMULA = re.compile(r"^ {0,3}\$\$(?!\$)(?:[^$]{1,5000})\$\$[ \t]*$", re.MULTILINE)

# Highlighted and inserted text; what is highlighted may hold other markup.
_MARKED = re.compile(r"(?<![\w=])==(?=[^\s=])[^\n]{0,1000}?[^\s=]==(?![\w=])")
_MARK = re.compile(r"(?<![\w=])==(?=[^\s=]|\Z)|(?:(?<=[^\s=])|\A)==(?![\w=])")
_INSERTED = re.compile(r"(?<![\w+])\+\+(?=[^\s+])([^\n+]{0,300}?[^\s+])\+\+(?![\w+])")
_TASK = re.compile(r"\[[ xX~/-]\](?:[ \t]+|\Z)")
_CALLOUT = re.compile(r"\[!(\w{2,20})\][+-]?[ \t]*")
_ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?) ([\w-]{2,20})(?: \"([^\"\n]{1,200})\")?[ \t]*")
_FENCE = re.compile(r":{3,}[^\n]{0,200}")
_ABBREVIATION = re.compile(r"\*\[[^\]\n]{1,100}\]:[^\n]*")
_IGNORED = re.compile(r"\[\[?_?toc_?\]?\]|\\(?:newpage|pagebreak|tableofcontents|clearpage)|<!--.*-->", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"\s?\{:?\s?[#.][^{}\n]{1,200}\}")
_IN_LINE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"!\[\[[^\[\]\n]{1,300}\]\]"), ""),  # an embedded picture or page of a wiki
    (re.compile(r"\[\[(?:[^\[\]|\n]{1,300}\|)?([^\[\]|\n]{1,300})\]\]"), r"\1"),
    (re.compile(r"\s?\[-?@[\w:.-]{1,100}(?:[^\[\]\n]{0,200})\]"), ""),  # a citation
    (re.compile(r"%%[^%\n]{1,1000}%%"), ""),  # a comment
    (re.compile(r"(?<![\w$\\])\$(?=[^\s$])([^$\n]{1,500}?)(?<=[^\s\\])\$(?![\d$])"), r"\1"),
    (re.compile(r"(?<!~)~(?=[^\s~])([^~\n]{1,200}?)(?<=\S)~(?!~)"), r"\1"),
)
_RAISED = re.compile(r"\^([^\s^\[\]]{1,50})\^")
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_EMOJI = re.compile(r":[a-z0-9_+-]{2,40}:")


def render(text: str) -> str:
    """Markdown → HTML.

    Raises:
        TtsError: markdown-it-py is not installed.
    """
    text = _FOOTNOTE_MARK.sub("", _FOOTNOTE.sub(_FOOTNOTE_HTML, text))
    text = _INLINE_FOOTNOTE.sub("<span role='doc-footnote'></span>", text)
    text = _FORMULA.sub("\n<div role='x-formula'></div>\n", text)
    library: Any = library_for(".md")
    parser = library.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        if token.type == "html_block":
            first = re.match(r"\s*(<[^<>]*>)", token.content)
            if first and not is_tag(first[1], token.content) and not first[1].startswith(("<!", "<?")):
                token.content = f"<p>{html.escape(token.content)}</p>\n"
        elif token.type == "inline" and token.children:
            begins_item = index >= 2 and tokens[index - 2].type == "list_item_open"
            begins_quote = index >= 2 and tokens[index - 2].type == "blockquote_open"
            _tidy(token, begins_item=begins_item, begins_quote=begins_quote)
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return rendered


def _tidy(inline: Any, *, begins_item: bool, begins_quote: bool) -> None:
    """Remove the marks of extensions from the text of a paragraph, heading or cell."""
    children: Sequence[Any] = inline.children
    is_marked = "==" in inline.content and _MARKED.search(inline.content) is not None
    for index, child in enumerate(children):
        if child.type == "html_inline" and not is_tag(child.content, inline.content):
            if not child.content.startswith(("<!", "<?")):
                child.type = "text"
            continue
        if child.type != "text":
            continue
        words: str = child.content
        before = children[index - 1] if index else None
        begins_line = before is None or before.type in ("softbreak", "hardbreak")
        if index == 0 and begins_item:
            words = _TASK.sub("", words, count=1) if _TASK.match(words) else words
        if index == 0 and begins_quote and (callout := _CALLOUT.match(words)):
            title = words[callout.end() :]
            words = title or f"{callout[1].capitalize()}:"
            if title and len(children) > 1 and children[1].type == "softbreak":
                children[1].type, children[1].tag = "hardbreak", "br"
        if begins_line:
            if admonition := _ADMONITION.match(words):
                words = f"{admonition[2] or admonition[1].capitalize()}: {words[admonition.end() :]}"
            if _FENCE.fullmatch(words) or _ABBREVIATION.fullmatch(words) or _IGNORED.fullmatch(words.strip()):
                words = ""
            if words.startswith(": "):
                # The definition of the term in the line before.
                words = words[2:].lstrip()
                if before is not None:
                    before.type, before.tag = "hardbreak", "br"
        if is_marked:
            words = _MARK.sub("", words)
        words = _INSERTED.sub(r"\1", words)
        words = _ATTRIBUTES.sub("", words)
        for pattern, replacement in _IN_LINE:
            words = pattern.sub(replacement, words)
        words = _RAISED.sub(_raised, words)
        if _EMOJI.search(words):
            import emoji

            words = _EMOJI.sub(lambda found: emoji.emojize(found.group(), language="alias"), words)
        child.content = words


def _raised(found: re.Match[str]) -> str:
    raised = found[1].translate(_SUPERSCRIPTS)
    return raised if not any(one.isalnum() and one.isascii() for one in raised) else found[1]

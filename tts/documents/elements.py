"""What the elements of HTML mean to someone who listens."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _names(names: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", names))


VOID = _names("area base br col embed frame hr img input link meta param source track wbr")
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(HEADINGS) | _names(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form header hgroup legend li main menu ol optgroup option p pre search section summary table tbody td tfoot
    th thead tr ul"""
)
UNREAD = _names(
    """audio button canvas datalist del embed iframe input map nav noembed noframes noscript object rp rt rtc script
    select style svg template textarea video"""
)
"""Elements whose content nobody reads aloud: programs, controls, the way around a page, what is struck out."""
CLOSES = {
    "li": (("li",), ("ul", "ol", "menu", "dir")),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
    "rt": (("rt", "rp"), ("ruby",)),
    "rp": (("rt", "rp"), ("ruby",)),
    "tbody": (("thead", "tbody", "tfoot", "caption"), ("table",)),
    "tfoot": (("thead", "tbody", "tfoot", "caption"), ("table",)),
}
"""A start tag → the elements it ends where they were left open, and those within which it does so."""

_NO_WORDS_OF_AN_IMAGE = frozenset(
    ("image", "img", "picture", "cover", "figure", "illustration", "logo", "*", "-", "[image]")
)
_ROLES_UNREAD = {
    "noteref": "",
    "doc-noteref": "",
    "pagebreak": "",
    "doc-pagebreak": "",
    "doc-backlink": "",
    "backlink": "",
    "footnote": "footnote",
    "doc-footnote": "footnote",
    "rearnote": "footnote",
    "endnote": "footnote",
    "doc-endnote": "footnote",
    "footnotes": "notes",
    "doc-endnotes": "notes",
    "endnotes": "notes",
    "rearnotes": "notes",
    "index": "index",
    "doc-index": "index",
    "toc": "",
    "doc-toc": "",
    "loi": "",
    "lot": "",
    "page-list": "",
    "doc-pagelist": "",
    "landmarks": "",
}


def unread(name: str, attributes: Mapping[str, str]) -> str | None:
    """Why an element is not read: the word for a warning, empty where nobody misses it; None: it is read."""
    if name in UNREAD:
        return ""
    if not attributes:
        return None
    if "hidden" in attributes or attributes.get("aria-hidden") == "true" or _is_invisible(attributes.get("style", "")):
        return ""
    for role in f"{attributes.get('epub:type', '')} {attributes.get('role', '')}".lower().split():
        if (why := _ROLES_UNREAD.get(role)) is not None:
            return why
    classes = attributes.get("class", "").split()
    if "pg-boilerplate" in classes or attributes.get("id") in ("pg-header", "pg-footer"):
        return "licence"
    return None


def alternative(attributes: Mapping[str, str]) -> str:
    """The words for a picture; none where they are no more than a file's name or say that it is a picture."""
    words = " ".join(attributes.get("alt", "").split())
    is_file = (
        "." in words and " " not in words and words.rsplit(".", 1)[1].lower() in ("jpg", "jpeg", "png", "gif", "svg")
    )
    return "" if is_file or words.lower() in _NO_WORDS_OF_AN_IMAGE else words


def _is_invisible(style: str) -> bool:
    plain = style.replace(" ", "").lower()
    return "display:none" in plain or "visibility:hidden" in plain

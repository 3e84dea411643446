"""Standard input that stays open: its sentences are spoken while the rest is still being written."""

from __future__ import annotations

import codecs
import os
import queue
import stat
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tts.cli.inputs import decode_text
from tts.encodings import decode_as, known_encoding
from tts.errors import UsageError

if TYPE_CHECKING:
    from tts.text.incremental import Part

FLUSH_SECONDS = 1.0
"""The default of --flush-after."""

_MOST_BYTES = 1 << 16


def arrives_slowly() -> bool:
    """Whether standard input is a pipe or a terminal, whose end may be far away, and not a file."""
    try:
        return not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):
        return False


class ArrivingText:
    """The text of standard input, read by a thread of its own from now on.

    After a pause of `flush_after` seconds what is there is a sentence, whether a mark ends it or not.
    """

    def __init__(self, language: str, flush_after: float, encoding: str | None = None) -> None:
        from tts.text.incremental import IncrementalText

        self._text = IncrementalText(language)
        self._flush_after = flush_after
        self._encoding = encoding
        self.waited_seconds = 0.0
        """How long `parts` has waited for text."""
        self._arrived: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def parts(self) -> Iterator[Part]:
        """The parts, each as soon as it is complete.

        Raises:
            UsageError: there is no text.
            TtsError: the text is not in the encoding.
        """
        is_empty, has_unspoken = True, False
        while (arrived := self._next(self._flush_after if has_unspoken else None)) is not None:
            is_empty = is_empty and not arrived.strip()
            has_unspoken = bool(arrived)
            yield from self._text.add(arrived) if arrived else self._text.flush()
        if is_empty:
            raise UsageError("There is no text to speak: it is empty.")
        yield from self._text.flush()

    def _next(self, seconds: float | None) -> str | None:
        """What arrives within so many seconds, "" if nothing does; None at the end."""
        started = time.perf_counter()
        try:
            arrived = self._arrived.get(timeout=seconds)
        except queue.Empty:
            arrived = ""
        self.waited_seconds += time.perf_counter() - started
        if isinstance(arrived, BaseException):
            raise arrived
        return arrived

    def _read(self) -> None:
        """Put what arrives into the queue, then None, or the error that ends it."""
        try:
            for text in filter(None, self._decoded()):
                self._arrived.put(text)
            self._arrived.put(None)
        except BaseException as error:
            self._arrived.put(error)

    def _decoded(self) -> Iterator[str]:
        """What arrives, as text; raises TtsError if it is not in the encoding."""
        encoding = known_encoding(self._encoding) if self._encoding else "utf-8"
        decoder = codecs.getincrementaldecoder(encoding)()
        offset = 0
        content = b"first"
        while content:
            content = os.read(sys.stdin.fileno(), _MOST_BYTES)
            # The beginning of a character that was cut is still in the decoder.
            kept = decoder.getstate()[0]
            try:
                text = decoder.decode(content, final=not content)
            except UnicodeDecodeError:
                if self._encoding:
                    decode_as(kept + content, self._encoding, "Standard input")
                decode_text(kept + content, offset - len(kept))
                raise
            yield text if offset else text.removeprefix("\ufeff")
            offset += len(content)

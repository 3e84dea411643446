"""The surroundings of a command: standard streams that may be closed, and locales that are not UTF-8."""

from __future__ import annotations

import locale
import os
import sys

_UTF8 = ("utf-8", "utf8")


def prepare_process() -> None:
    """Make this process one with three standard streams, whose file names and texts are UTF-8.

    Where the locale is not UTF-8, the interpreter is started again in its UTF-8 mode, in this process.
    """
    _occupy_descriptors()
    arguments = getattr(sys, "orig_argv", None)
    if sys.getfilesystemencoding().lower() not in _UTF8 and not sys.flags.utf8_mode and arguments and sys.executable:
        # For processes that this one starts, too.
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [arguments[0], "-X", "utf8", *arguments[1:]])
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        # IPA on a terminal that cannot show it is printed as escapes, and does not fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def is_output_closed() -> bool:
    """Whether this process was started without a standard output."""
    return _closed[1]


def text_argument(argument: str) -> str:
    """An argument's text; bytes that are not UTF-8 are read in the encoding of the locale, if they are of it."""
    try:
        argument.encode("utf-8")
        return argument
    except UnicodeEncodeError:
        try:
            return os.fsencode(argument).decode(_locale_encoding())
        except (UnicodeDecodeError, LookupError):
            return argument


_closed = [False, False, False]


def _occupy_descriptors() -> None:
    """Open /dev/null as each standard stream that is closed: else the next file would become that stream."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            _closed[descriptor] = True
            # The lowest free descriptor is the one that was missing.
            os.open(os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)


def _open_missing_streams() -> None:
    """Give Python a stream for each that it has not opened, as for a program without a console."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Kept open until the process ends.
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def _locale_encoding() -> str:
    """The encoding that the user's environment names, whatever the interpreter uses."""
    if not hasattr(locale, "nl_langinfo"):
        return locale.getpreferredencoding(False)
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "")
        return locale.nl_langinfo(locale.CODESET)
    except locale.Error:
        return "utf-8"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)

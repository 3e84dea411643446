"""Turn a document into one audio file per chapter with `tts batch`, which uses all cores and can be interrupted."""

import subprocess
import sys
import tempfile
from pathlib import Path

BOOK = """\
# The beginning

It was a bright cold day in April.

# The end

Then it rained.
"""

folder = Path(tempfile.mkdtemp(prefix="audiobook-"))
book = folder / "book.md"
book.write_text(BOOK, encoding="utf-8")
subprocess.run(
    [sys.executable, "-m", "tts", "batch", str(book), "-o", str(folder / "audio"), "--format", "flac"], check=True
)
for path in sorted((folder / "audio").glob("*.flac")):
    print(path.name, path.stat().st_size, "bytes")

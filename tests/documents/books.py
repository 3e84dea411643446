"""Small books that tests make: EPUBs from their pages, PDFs from their lines."""

from __future__ import annotations

import zipfile

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""


def titles_and_texts(document):
    return [(chapter.title, chapter.passage.text) for chapter in document.chapters]


def xhtml(body, title="A page", attributes=""):
    return (
        f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>{title}</title></head><body{attributes}>{body}</body></html>'
    )


def package(files, *, metadata="", guide="", spine=None, toc=""):
    """An OPF; `files` are (id, path, media type, properties), those of pages are the spine unless it is given."""
    items = "".join(
        f'<item id="{id}" href="{href}" media-type="{kind}" properties="{properties}"/>'
        for id, href, kind, properties in files
    )
    if spine is None:
        spine = "".join(f'<itemref idref="{id}"/>' for id, _, kind, _ in files if "xhtml" in kind)
    return (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The &amp; Book</dc:title>'
        f"<dc:creator>Ann Lee</dc:creator><dc:language>en-GB</dc:language>{metadata}</metadata>"
        f"<manifest>{items}</manifest><spine{toc}>{spine}</spine>{guide}</package>"
    )


def epub(path, files):
    """Write a zip of files by their paths; the container is there unless it is given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in {"META-INF/container.xml": CONTAINER, **files}.items():
            archive.writestr(name, content)
    return path


def pdf(path, pages, *, outline=(), information="", language=None, extra=""):
    """Write a PDF; a page is a list of lines, each (text, x, y, size) or a text that is set below the one before.

    `outline` is of (title, page from 0 on).
    """
    objects = [b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    pages_id = 2 + 2 * len(pages)
    for lines in pages:
        content = _content(lines)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 1 0 R >> >> >>" % (pages_id, len(objects))
        )
        kids.append(len(objects))
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects.append(f"<< /Type /Pages /Count {len(pages)} /Kids [{listed}] >>".encode())
    first = len(objects) + 2
    for n, (title, page) in enumerate(outline):
        following = f"/Next {first + n + 1} 0 R" if n + 1 < len(outline) else ""
        entry = f"<< /Title ({title}) /Parent {first - 1} 0 R /Dest [{kids[page]} 0 R /Fit] {following} >>"
        if n == 0:
            last = first + len(outline) - 1
            objects.append(f"<< /Type /Outlines /First {first} 0 R /Last {last} 0 R /Count {len(outline)} >>".encode())
        objects.append(entry.encode())
    marks = f"/Outlines {first - 1} 0 R" if outline else ""
    lang = f"/Lang ({language})" if language else ""
    objects.append(f"<< /Type /Catalog /Pages {pages_id} 0 R {marks} {lang} >>".encode())
    root = len(objects)
    objects.append(f"<< {information} >>".encode())
    path.write_bytes(_file(objects, f"/Root {root} 0 R /Info {root + 1} 0 R {extra}".encode()))
    return path


def _content(lines):
    drawn = []
    y = 720
    for line in lines:
        text, x, y, size = (line, 72, y, 12) if isinstance(line, str) else line
        if text:
            escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            drawn.append(f"BT /F1 {size} Tf {x} {y} Td ({escaped}) Tj ET")
        y -= 14
    return "\n".join(drawn).encode("latin-1")


def _file(objects, trailer):
    content = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    return (
        content
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        + b"trailer << /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (count, trailer, len(content))
    )

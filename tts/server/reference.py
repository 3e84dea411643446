"""The page /docs: the description of the HTTP interface as plain HTML, without a script from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any


def reference_page(description: dict[str, Any]) -> str:
    """An OpenAPI 3.1 description as one page."""
    info = description["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])}</title><link rel=stylesheet href=/page/page.css>",
        f"<main class=reference><h1>{escape(info['title'])} {escape(info['version'])}</h1>",
        '<p>The same as <a href=/openapi.json>OpenAPI</a>. Errors are {"error": {"message", "type", "param"}}.</p>',
    ]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2>")
            parts.append(f"<p>{escape(operation.get('summary', ''))}</p>")
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            fields = _fields(content.get("schema", {}), description)
            if fields:
                parts.append(_table(fields))
    return "".join([*parts, "</main>"])


def _fields(schema: dict[str, Any], description: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The name, type, default and meaning of each field of an object."""
    if reference := schema.get("$ref"):
        schema = description["components"]["schemas"][reference.rpartition("/")[2]]
    required = schema.get("required", [])
    return [
        (
            name,
            _type(field),
            "required" if name in required else str(field.get("default", "")),
            field.get("description", ""),
        )
        for name, field in schema.get("properties", {}).items()
    ]


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"] if each.get("type") != "null")
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    if "$ref" in field:
        return '{"id": …}'
    limits = [f"{field[key]:g}" for key in ("minimum", "maximum") if key in field]
    return " ".join([str(field.get("type", "")), " to ".join(limits)]).strip()


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    head = "<tr>" + "".join(f"<th>{name}" for name in ("field", "type", "default", "meaning"))
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in rows)
    return f"<table>{head}{body}</table>"

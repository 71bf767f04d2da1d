"""The description of the API: OpenAPI for programs, and a page for people that loads nothing from elsewhere."""

import re
from html import escape
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, HTMLResponse

from ui.api.door import Open
from ui.api.replies import Reply
from ui.version import VERSION

router = APIRouter(prefix="/api", include_in_schema=False, route_class=Open)

STYLE: Final = Path(__file__).with_name("docs.css")
SUMMARY: Final = (
    "Everything a page of Handbill can do, a program can do too, by the same rules and with the same rights. "
    "JSON in camelCase; times in ISO 8601 with an offset; money in the currency's smallest unit."
)
SIGN_IN: Final = (
    "Sign in with POST /api/auth/login, or make a personal access token under Settings. Send either as "
    "<code>Authorization: Bearer …</code>. An access token lives 15 minutes; POST /api/auth/refresh renews it."
)
FAULTS: Final = (
    'A refusal is <code>{"error": {"code", "message", "details"}}</code>: 400 malformed, 401 not signed in, '
    "403 not allowed, 404 not there, 409 not in this state, 413 too large, 422 refused, 429 slow down."
)


@router.get("/openapi.json")
def openapi(request: Request) -> Reply:
    return Reply(_described(request.app))


@router.get("/docs")
def page(request: Request) -> HTMLResponse:
    return HTMLResponse(_page(_described(request.app)))


@router.get("/docs.css")
def style() -> FileResponse:
    return FileResponse(STYLE, media_type="text/css")


def _described(shop: FastAPI) -> dict[str, Any]:
    """Written once: the doors stay where they are."""
    if not hasattr(shop.state, "description"):
        shop.state.description = _description(shop)
    found: dict[str, Any] = shop.state.description
    return found


def _description(shop: FastAPI) -> dict[str, Any]:
    described = get_openapi(title="Handbill", version=VERSION, description=SUMMARY, routes=shop.routes)
    for operations in described["paths"].values():
        for operation in operations.values():
            _tell_refusals(operation)
    described["components"]["schemas"]["Error"] = ERROR
    return described


ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string", "description": "A sentence for a person."},
                "details": {"type": "object"},
            },
        }
    },
}


def _tell_refusals(operation: dict[str, Any]) -> None:
    """Ours look the same everywhere; the framework's own 422 is never sent."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {"description": "Refused", "content": content}


def _page(described: dict[str, Any]) -> str:
    by_tag: dict[str, list[str]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            tag = next(iter(operation.get("tags", ["Other"])))
            by_tag.setdefault(tag, []).append(_operation(method, path, operation, described))
    parts = "".join(f"<h2>{escape(tag)}</h2>{''.join(rows)}" for tag, rows in by_tag.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Handbill API</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="stylesheet" href="/api/docs.css"></head><body><main>'
        f"<h1>Handbill API</h1><p>{escape(SUMMARY)}</p><p>{SIGN_IN}</p><p>{FAULTS}</p>"
        f'<p>For programs: <a href="/api/openapi.json">openapi.json</a> (version {escape(VERSION)}). The same is '
        "also answered under /crm/marketing and /api/crm/marketing, with the words running and completed.</p>"
        f"{parts}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], described: dict[str, Any]) -> str:
    said = operation.get("description") or ""
    asked = [
        _row(one["name"], one["in"], one["schema"], one.get("description"))
        for one in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {})
    for content in body.values():
        shape = _resolved(content["schema"], described)
        needed = shape.get("required", [])
        asked += [
            _row(name, "body" + (", needed" if name in needed else ""), schema, schema.get("description"))
            for name, schema in shape.get("properties", {}).items()
        ]
    table = f"<table>{''.join(asked)}</table>" if asked else ""
    answers = ", ".join(code for code in operation["responses"] if code != "default")
    return (
        f"<details><summary><b class={method}>{method.upper()}</b> <code>{escape(path)}</code></summary>"
        f"<p>{_worded(said)}</p>{table}<p>Answers {escape(answers)}.</p></details>"
    )


def _row(name: str, where: str, schema: dict[str, Any], said: str | None) -> str:
    return (
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(where)}</td>"
        f"<td>{escape(_kind(schema))}</td><td>{_worded(said or '')}</td></tr>"
    )


def _worded(said: str) -> str:
    """Words in backticks are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(said))


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"] if one.get("type") != "null"))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "anything"))


def _resolved(schema: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """The body's own shape; one that may be left out is wrapped in a choice."""
    for one in schema.get("anyOf", []):
        if "$ref" in one:
            schema = one
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found

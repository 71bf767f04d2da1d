"""The bytes of an answer."""

import json
from typing import Any

from starlette.responses import JSONResponse


class Reply(JSONResponse):
    """JSON in UTF-8. Half a character, as a client may have sent it, comes back as a question mark and breaks nothing."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

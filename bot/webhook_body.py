"""What a webhook says, as JSON: stable, versioned, with links; what people wrote only where it is asked for. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from console.moments import iso
from handoff.model import Json
from handoff.webhook_log import Delivery

VERSION: Final = "1"


def body_of(delivery: Delivery, *, base: str, texts: Json | None) -> bytes:
    """The request's body; `base` begins its links ("" leaves them relative)."""
    data: dict[str, Any] = {name: value for name, value in delivery.body.items() if name != "about"}
    for part in ("event", "message"):
        if part in data:
            data[part] = {name: _instant(name, value) for name, value in data[part].items()}
    ticket = _ticket_of(data)
    if ticket is not None:
        data["links"] = {"ticket": f"{base}/api/v1/tickets/{ticket}", "desk": f"{base}/desk/t/{ticket}"}
    if texts is not None:
        data["texts"] = texts
    said = {"version": VERSION, "type": delivery.type, "timestamp": iso(delivery.at), "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _ticket_of(data: Mapping[str, Any]) -> str | None:
    found = data["ticket"]["id"] if "ticket" in data else data.get("message", {}).get("ticket")
    return None if found is None else str(found)


def _instant(name: str, value: Any) -> Any:
    return iso(datetime.fromisoformat(value)) if name in {"at", "recorded_at"} else value

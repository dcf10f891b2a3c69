"""What `aftercare doctor` says of one thing it looked at; the desk shows the same."""

from typing import Literal

from console.ports import Finding

__all__ = ["Finding", "State"]

State = Literal["ok", "warning", "bad"]

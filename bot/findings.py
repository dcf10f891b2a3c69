"""What `aftercare doctor` says of one thing it looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "bad"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at; `mend` says what to do where the state is not ok."""

    what: str
    state: State
    found: str
    mend: str = ""

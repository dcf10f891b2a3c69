"""What may be sent to do something to a ticket. A field that is not known is refused, as it would be a mistake."""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from console.ticket_view import MAX_TEXT
from handoff.kinds import Level

TITLE_LENGTH: Final = 200
Who = Annotated[str, Field(pattern=r"^[0-9]{1,15}$", examples=["1"])]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=r"\S")]


class Body(BaseModel):
    """Everything that is sent: no field that is not known."""

    model_config = ConfigDict(extra="forbid")


class Opening(Body):
    """A matter for people. It goes on in `chat`: by default where the requester wrote last, else in the group."""

    client: Who
    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH, pattern=r"\S", examples=["Form sends no mail"])]
    summary: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    level: Level = Level.QUESTION
    category: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9_-]+$")] | None = None
    chat: Who | None = None
    requester: Who | None = Field(default=None, description="One of the client's people, by id.")
    requester_name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")] = "API"


class Giving(Body):
    """To whom, and why."""

    to: Who
    reason: Annotated[str, Field(max_length=500)] = ""


class Answering(Body):
    """What the client is told, and what becomes of the ticket then."""

    text: Text
    then: Literal["nothing", "wait", "resolve"] = "nothing"


class Noting(Body):
    """What the client never sees."""

    text: Text


class Waiting(Body):
    """For whom."""

    third_party: bool = False


class Snoozing(Body):
    """Until when."""

    until: AwareDatetime = Field(examples=["2027-01-04T01:00:00Z"])


class Resolving(Body):
    """A last word to the client, if there is one."""

    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""


class Levelling(Body):
    """The new level."""

    level: Level


class Merging(Body):
    """The ticket that goes on."""

    into: Annotated[str, Field(pattern=r"^T-[0-9]{4,15}$", examples=["T-1002"])]


class Nothing(Body):
    """No fields."""

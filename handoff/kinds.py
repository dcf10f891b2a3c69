"""The kinds of things at the desk, by the words that are stored. Pure."""

from enum import StrEnum


class Level(StrEnum):
    """What kind of request it is; `rank` orders them, the emergency highest."""

    EMERGENCY = "emergency"
    BUG = "bug"
    QUESTION = "question"
    CHANGE = "change"

    @property
    def rank(self) -> int:
        """4 for an emergency down to 1 for a change request."""
        return len(Level) - list(Level).index(self)


class Tier(StrEnum):
    """The client's contract tier."""

    PLATINUM = "platinum"
    GOLD = "gold"
    STANDARD = "standard"


class Role(StrEnum):
    """What a person of ours may do."""

    AGENT = "agent"
    LEAD = "lead"
    SUCCESS = "success"
    ADMIN = "admin"


class PersonKind(StrEnum):
    """Whose side a person is on."""

    CLIENT = "client"
    STAFF = "staff"
    BOT = "bot"


class Audience(StrEnum):
    """Who may see a message; `INTERNAL` never leaves the desk."""

    CLIENT = "client"
    STAFF = "staff"
    INTERNAL = "internal"


class Author(StrEnum):
    """Who wrote a message."""

    CLIENT = "client"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class ChatKind(StrEnum):
    """A room of several people, or of one."""

    DIRECT = "direct"
    GROUP = "group"


class ChatPurpose(StrEnum):
    """Whom a chat is for: a client and us, or our own people alone."""

    CLIENT = "client"
    STAFF = "staff"


class Mode(StrEnum):
    """When the bot may speak in a chat; in a community people of several clients sit together."""

    MENTION = "mention"
    AUTO = "auto"
    SHADOW = "shadow"
    COMMUNITY = "community"
    OFF = "off"


class TicketState(StrEnum):
    """Where a ticket stands; derived from its events."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    RETURNED = "returned"
    MERGED = "merged"


class Outcome(StrEnum):
    """What one turn of the bot came to."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    ESCALATE = "escalate"
    SILENT = "silent"
    FAILED = "failed"


class MessageKind(StrEnum):
    """What a client's message means to the clocks."""

    CONTENT = "content"
    THANKS = "thanks"
    ASSENT = "assent"
    CHASER = "chaser"


class EventKind(StrEnum):
    """What happened to a ticket; the append-only list everything else is derived from."""

    OPENED = "opened"
    CLAIMED = "claimed"
    TRANSFERRED = "transferred"
    REPLIED = "replied"
    NOTED = "noted"
    CLIENT_WROTE = "client_wrote"
    WAITED = "waited"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    RETURNED = "returned"
    HANDED_OFF = "handed_off"
    SNOOZED = "snoozed"
    LEVEL_SET = "level_set"
    TIER_SET = "tier_set"
    POLICY_SET = "policy_set"
    RAISED = "raised"
    CONFIRMED = "confirmed"
    WORK_STARTED = "work_started"
    MERGED = "merged"
    ABSORBED = "absorbed"
    WARNED = "warned"
    BREACHED = "breached"
    UNACKNOWLEDGED = "unacknowledged"
    FOLLOW_UP = "follow_up"
    REMINDED = "reminded"
    WOKEN = "woken"
    ROUTED = "routed"
    SILENT = "silent"
    RETRACTED = "retracted"


class ClockKind(StrEnum):
    """First response, next response, resolution, work started."""

    FR = "FR"
    NR = "NR"
    RS = "RS"
    WS = "WS"


class ClockState(StrEnum):
    """`MET` stopped in time, `MISSED` stopped late, `UNANSWERED` resolved without a person's public reply."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    UNANSWERED = "unanswered"
    CANCELLED = "cancelled"


class NoticeKind(StrEnum):
    """Why staff are told something."""

    OPENED = "opened"
    EMERGENCY = "emergency"
    UNACKNOWLEDGED = "unacknowledged"
    WARNING = "warning"
    BREACH = "breach"
    TRANSFER = "transfer"
    CLIENT_REPLIED = "client_replied"
    FOLLOW_UP = "follow_up"
    WOKEN = "woken"
    ASKED = "asked"
    NOBODY = "nobody"
    UNTAKEN = "untaken"
    SILENT = "silent"
    UNPHONED = "unphoned"
    FELL_BACK = "fell_back"
    CORRECTION = "correction"
    LOW_RATING = "low_rating"
    WEBHOOK_OFF = "webhook_off"


class Delivery(StrEnum):
    """How far an outgoing message has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"

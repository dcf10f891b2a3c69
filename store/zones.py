"""Time zones by name, from the IANA database that we carry (tzdata)."""

from zoneinfo import ZoneInfo


def find_zone(name: str) -> ZoneInfo | None:
    """The zone of that name; None if there is none, whatever was typed."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None

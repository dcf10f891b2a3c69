"""The report."""

from pathlib import Path


def write_report(rows: list[dict[str, object]], folder: Path) -> None:
    """Later."""

"""A client's reports as its private page lists them."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from console.pages import Pages
from console.report_document import Press
from console.report_pages import period_of
from handoff.progress_links import Held, Scope
from success.reports import store
from success.reports.model import Report


def of_holder(conn: Connection, held: Held) -> tuple[Report, ...]:
    """The reports that the holder of a private link may read; who sees their own requests alone sees none."""
    return () if held.link.scope is Scope.OWN else store.shown_to(conn, held.client.id)


def periods(pages: Pages, language: str) -> Callable[[Report], str]:
    """What each report's period is called."""
    return partial(period_of, Press(pages.templates, pages.texts), language=language)

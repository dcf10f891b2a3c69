"""Looks at clients' sites from outside, what they find, how sites stand; and what other rooms may read of it.

    checks.latest(conn, site_id)                      how a site stands, with its last check
    checks.standing(conn, site_ids)                   the same for many, without runs
    checks.findings(conn, client_id=…)                what is the matter; with since and until: what was
    checks.fix_rate(conn, since=…, until=…, client_id=…)   what became of it
    checks.timings(conn, site_id, since, until)       how fast and how often it answered

Words for findings are in `console.check_words`; when a site goes down or comes back: `outcomes`.
"""

from success.checks.reading import (
    Day,
    FixRate,
    Latest,
    Run,
    Timings,
    Tracked,
    findings,
    fix_rate,
    latest,
    looked_at,
    recent,
    run,
    standing,
    timings,
)

__all__ = [
    "Day", "FixRate", "Latest", "Run", "Timings", "Tracked", "findings", "fix_rate", "latest", "looked_at", "recent",
    "run", "standing", "timings",
]  # fmt: skip

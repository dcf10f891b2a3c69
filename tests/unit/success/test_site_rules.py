"""From facts to findings, from findings to a site's state, and when it is looked at: the rules' tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console.check_words import Words
from console.texts import LANGUAGES, Texts
from success.checks import robots, writing
from success.checks.hysteresis import Standing, decide, verdict
from success.checks.model import (
    Area,
    BodyEnd,
    Cause,
    Certificate,
    Cookie,
    Crawl,
    Facts,
    Finding,
    Hop,
    Kind,
    PageFacts,
    Part,
    Phases,
    Severity,
    State,
    Trouble,
    Verdict,
    Weight,
)
from success.checks.rhythm import full_kind, is_checked, next_full, next_light
from success.checks.rules import findings, looked
from success.checks.versions import BadVersions, is_below, load, number_in, parse

NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
URL = "https://shop.agency-client.com"
SAFE = (
    ("strict-transport-security", "max-age=31536000"), ("content-security-policy", "frame-ancestors 'self'"),
    ("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"),
)  # fmt: skip
FINE = Facts(
    url=URL, kind=Kind.FULL, at=NOW, status=200, final_url=URL, hops=(Hop(url=URL, status=200),), body=900,
    body_end=BodyEnd.WHOLE, headers=SAFE, page=PageFacts(title="Shop"), phases=Phases(first_byte_ms=100, total_ms=300),
    certificate=Certificate(verdict=Verdict.HOLDS, not_after=NOW + timedelta(days=90)),
    crawl=Crawl(robots=200, sitemap=200, sitemap_read=True), weight=Weight(html=900), plain_http=False,
)  # fmt: skip


def held(days: int) -> Certificate:
    return Certificate(verdict=Verdict.HOLDS, not_after=NOW + timedelta(days=days, hours=1))


def keys(facts: Facts) -> dict[str, Severity]:
    return {each.name: each.severity for each in findings(facts, known=load())}


def test_a_site_that_does_all_right_has_no_finding() -> None:
    """Nothing is found for the sake of finding."""
    assert keys(FINE) == {}
    assert looked(FINE) == frozenset(Area)


@pytest.mark.parametrize(
    ("changes", "key", "severity"),
    [
        ({"certificate": held(31)}, None, None),
        ({"certificate": held(30)}, "tls.soon", Severity.NOTICE),
        ({"certificate": held(15)}, "tls.soon", Severity.NOTICE),
        ({"certificate": held(14)}, "tls.soon", Severity.WARNING),
        ({"certificate": held(4)}, "tls.soon", Severity.WARNING),
        ({"certificate": held(3)}, "tls.soon", Severity.BROKEN),
        ({"certificate": Certificate(verdict=Verdict.EXPIRED, not_after=NOW)}, "tls.expired", Severity.DOWN),
        ({"certificate": Certificate(verdict=Verdict.INCOMPLETE)}, "tls.incomplete", Severity.BROKEN),
        ({"status": 500}, "http.server_error", Severity.DOWN),
        ({"status": 404}, "http.not_found", Severity.DOWN),
        ({"status": 403}, "http.refuses", Severity.WARNING),
        ({"status": 418}, "http.client_error", Severity.BROKEN),
        ({"body": 0}, "http.empty", Severity.DOWN),
        ({"body_end": BodyEnd.SLOW}, "http.body_slow", Severity.BROKEN),
        ({"body_end": BodyEnd.LARGE}, "http.body_large", Severity.NOTICE),
        ({"phases": Phases(first_byte_ms=1799)}, None, None),
        ({"phases": Phases(first_byte_ms=1800)}, "speed.first_byte", Severity.NOTICE),
        ({"phases": Phases(first_byte_ms=5000)}, "speed.first_byte", Severity.WARNING),
        ({"page": PageFacts(title="T", has_keyword=False)}, "content.keyword", Severity.BROKEN),
        ({"page": PageFacts(title="T", has_keyword=None)}, None, None),
        ({"page": PageFacts(title="T", active_mixed=("http://a/x.js",))}, "content.mixed_active", Severity.BROKEN),
        ({"headers": SAFE[1:]}, "security.hsts", Severity.WARNING),
        ({"headers": (("strict-transport-security", "max-age=0"), *SAFE[1:])}, "security.hsts", Severity.WARNING),
        ({"headers": (("strict-transport-security", "max-age=86400"), *SAFE[1:])}, "security.hsts_short", Severity.NOTICE),
        ({"headers": (("strict-transport-security", "max-age=soon"), *SAFE[1:])}, "security.hsts", Severity.WARNING),
        ({"headers": (*SAFE, ("server", "nginx/1.18.0"))}, "security.version_told:server", Severity.NOTICE),
        ({"headers": (*SAFE, ("server", "cloudflare"))}, None, None),
        ({"cookies": (Cookie(name="a", secure=False, http_only=False, same_site="lax"),)}, "security.cookie_secure", Severity.WARNING),
        ({"cookies": (Cookie(name="PHPSESSID", secure=True, http_only=False, same_site="lax"),)}, "security.cookie_http_only", Severity.WARNING),
        ({"cookies": (Cookie(name="a", secure=True, http_only=False, same_site=""),)}, "security.cookie_same_site", Severity.NOTICE),
        ({"plain_http": True}, "security.plain_http", Severity.WARNING),
        ({"weight": Weight(html=900, assets=4_000_000)}, "weight.heavy", Severity.WARNING),
        ({"weight": Weight(html=900, failed=2)}, "weight.missing", Severity.BROKEN),
        ({"crawl": Crawl(robots=200, shut_out=True, sitemap=200, sitemap_read=True)}, "crawl.hidden:robots", Severity.WARNING),
        ({"crawl": Crawl(robots=200, sitemap=404)}, "crawl.sitemap", Severity.NOTICE),
        ({"page": PageFacts(title="T", wordpress=True, generator="WordPress 6.8.3")}, None, None),
        ({"page": PageFacts(title="T", wordpress=True, generator="WordPress 6.8.2")}, "wordpress.core", Severity.WARNING),
        ({"page": PageFacts(title="T", wordpress=True, plugins=(Part(slug="give", version="3.14.1"),))}, "wordpress.plugin:give", Severity.WARNING),
        ({"page": PageFacts(title="T", wordpress=True, plugins=(Part(slug="give"),))}, None, None),
        ({"hops": (Hop(url=URL, status=301, to="x"), Hop(url="http://a", status=200))}, "redirect.downgrade", Severity.WARNING),
    ],
)  # fmt: skip
def test_what_is_found_and_how_bad(changes: dict[str, object], key: str | None, severity: Severity | None) -> None:
    """One change of a site that does all right is one finding."""
    assert keys(replace(FINE, **changes)) == ({key: severity} if key else {})  # type: ignore[arg-type]


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_has_a_finding(trouble: Trouble) -> None:
    """Down, or "we may not look there"; only then nothing is said of any area."""
    facts = Facts(url=URL, kind=Kind.LIGHT, at=NOW, trouble=trouble)
    [found] = findings(facts, known=load())
    ours = trouble in {Trouble.URL, Trouble.REFUSED, Trouble.PORT}
    assert (found.severity is Severity.DOWN) is not ours
    assert looked(facts) == (frozenset() if ours else {Area.REACH})
    assert verdict([found], looked_at_all=bool(looked(facts))) is (State.UNKNOWN if ours else State.DOWN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_words_and_advice(language: str) -> None:
    """Of each trouble and each rule, in each language, without a hole."""
    texts = Texts.shipped()
    words = Words(texts=texts, language=language)
    told = [key.removeprefix("check.f.") for key in texts.entries if key.startswith("check.f.")]
    assert {f"reach.{trouble}" for trouble in Trouble} <= set(told)
    assert {f"tls.{each}" for each in Verdict if each is not Verdict.HOLDS} <= set(told)
    assert len(told) > 60
    for key in told:
        bare = Finding(key=key, area=Area.HTTP, severity=Severity.NOTICE)
        assert words.matter(bare)
        assert words.advice(bare)
    strange = Finding(key="of.another.version", area=Area.HTTP, severity=Severity.NOTICE)
    assert words.matter(strange)


OK, DOWN, DEGRADED, UNKNOWN = State.OK, State.DOWN, State.DEGRADED, State.UNKNOWN
SCHEDULE, RECHECK, DEMAND, TICKET = Cause.SCHEDULE, Cause.RECHECK, Cause.DEMAND, Cause.TICKET


@pytest.mark.parametrize(
    ("was", "seen", "cause", "then", "changed", "again"),
    [
        ((UNKNOWN, 0), OK, SCHEDULE, (OK, 0), False, False),
        ((UNKNOWN, 0), DOWN, SCHEDULE, (UNKNOWN, 1), False, True),
        ((UNKNOWN, 1), DOWN, RECHECK, (DOWN, 2), True, False),
        ((OK, 0), DOWN, SCHEDULE, (OK, 1), False, True),
        ((OK, 1), DOWN, RECHECK, (DOWN, 2), True, False),
        ((OK, 1), DOWN, SCHEDULE, (DOWN, 2), True, False),
        ((OK, 1), OK, RECHECK, (OK, 0), False, False),
        ((OK, 0), DOWN, DEMAND, (OK, 1), False, True),
        ((OK, 1), DOWN, DEMAND, (OK, 1), False, False),
        ((OK, 1), DOWN, TICKET, (OK, 1), False, False),
        ((OK, 0), DEGRADED, SCHEDULE, (DEGRADED, 0), False, False),
        ((DEGRADED, 0), OK, SCHEDULE, (OK, 0), False, False),
        ((DEGRADED, 1), DOWN, RECHECK, (DOWN, 2), True, False),
        ((DOWN, 2), DOWN, SCHEDULE, (DOWN, 3), False, False),
        ((DOWN, 3), DOWN, DEMAND, (DOWN, 3), False, False),
        ((DOWN, 3), OK, DEMAND, (OK, 0), True, False),
        ((DOWN, 3), DEGRADED, SCHEDULE, (DEGRADED, 0), True, False),
        ((DOWN, 3), UNKNOWN, SCHEDULE, (DOWN, 3), False, False),
        ((OK, 1), UNKNOWN, RECHECK, (OK, 1), False, False),
    ],
)
def test_when_a_site_counts_as_down(  # noqa: PLR0917 -- a table
    was: tuple[State, int], seen: State, cause: Cause, then: tuple[State, int], changed: bool, again: bool
) -> None:
    """Two failures in a row, the second one of ours; one success clears; only going down and coming back are told."""
    decision = decide(Standing(state=was[0], failures=was[1]), seen, cause=cause)
    assert (decision.standing.state, decision.standing.failures) == then
    assert (decision.changed, decision.again) == (changed, again)


def test_a_clock_change_skips_no_night() -> None:
    """In the night that has no 3 o'clock and in the one that has it twice there is one full check."""
    berlin = ZoneInfo("Europe/Berlin")
    for begins in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)):
        at, made = begins, []
        while (at := next_full(3, zone=berlin, after=at)) < begins + timedelta(days=3):
            made.append(at)
        assert [each.astimezone(berlin).day for each in made] == [begins.day + 1, begins.day + 2, begins.day + 3]
        assert len({each.astimezone(berlin).date() for each in made}) == 3


def test_checks_keep_in_step() -> None:
    """A sweep that is a little late does not shift the rhythm; hours without one are not made up for."""
    due = NOW
    assert next_light(300, due=due, now=NOW + timedelta(seconds=50)) == NOW + timedelta(seconds=300)
    assert next_light(300, due=due, now=NOW + timedelta(hours=5)) == NOW + timedelta(hours=5, seconds=300)
    assert next_light(300, due=NOW + timedelta(days=9), now=NOW) == NOW + timedelta(seconds=300)


def test_the_security_test_is_once_a_month_of_the_client() -> None:
    """By the calendar of its zone: at 00:30 on the first in Shanghai it is the new month there."""
    shanghai = ZoneInfo("Asia/Shanghai")
    first = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
    assert full_kind(None, zone=shanghai, now=first) is Kind.SECURITY
    assert full_kind(first - timedelta(hours=1), zone=shanghai, now=first) is Kind.SECURITY
    assert full_kind(first, zone=shanghai, now=first + timedelta(days=29)) is Kind.FULL


@pytest.mark.parametrize(
    ("address", "yes"),
    [
        ("https://www.example.com", False), ("https://example.org/x", False), ("https://a.test", False), ("", False),
        ("https://notexample.com", True), ("https://example.com.cn", True), ("https://shop.agency-client.com", True),
    ],
)  # fmt: skip
def test_names_kept_for_examples_are_left_alone(address: str, yes: bool) -> None:
    """RFC 2606's names are nobody's site."""
    assert is_checked(address) is yes


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nDisallow: /*.css$", "/s/x.css", False),
        ("User-agent: *\nDisallow: /*.css$", "/s/x.css?v=1", True),
        ("User-agent: *\nDisallow: /a*b*c", "/a1b2c3", False),
        ("User-agent: other\nDisallow: /", "/x", True),
        ("User-agent: AftercareCheck\nDisallow: /me\n\nUser-agent: *\nDisallow: /", "/x", True),
        ("User-agent: a\nUser-agent: *\nDisallow: /x", "/x", False),
        ("\ufeffUser-agent: *\r\nDisallow: /x # why", "/x", False),
        ("Disallow: /x", "/x", True),
        ("nonsense\0" * 50, "/x", True),
    ],
)
def test_what_robots_may_ask_for(rules: str, path: str, allowed: bool) -> None:
    """Groups, the longest pattern, wildcards, ends (RFC 9309)."""
    assert robots.parse(rules).allows(f"{URL}{path}") is allowed


def test_versions_are_compared_by_their_parts() -> None:
    """6.10 comes after 6.9; 6.8 is 6.8.0; the number is found in what a generator says."""
    assert is_below("6.9", "6.10")
    assert not is_below("6.8.0", "6.8")
    assert is_below("6.5", "6.5.0.1")
    assert number_in("WordPress 6.4.2-alpha") == "6.4.2"
    assert number_in("cloudflare 2") == ""


@pytest.mark.parametrize(
    "text", ["", "- a", "as_of: soon", "as_of: 2026-01-01\nplugins: [a]", "as_of: 2026-01-01\nplugins: {a b: {below: '1'}}",
             "as_of: 2026-01-01\nplugins: {a: {below: 1.10}}", "as_of: 2026-01-01\nwordpress: 6", "a: [", "as_of: 2026-01-01\nwordpress: {below: new}",
             "as_of: 2026-02-30", "as_of: 2026-02-03 10:00:00", "[" * 5_000]
)  # fmt: skip
def test_a_table_that_cannot_be_meant_is_refused(text: str) -> None:
    """By the name of its first wrong entry; a number without quotation marks would lose its end."""
    with pytest.raises(BadVersions):
        parse(text)


def test_what_is_kept_can_be_read_again() -> None:
    """Facts and findings as JSON, whatever a site says."""
    strange = replace(FINE, detail="a\0b\ud800", page=PageFacts(title="\ud83d", assets=("x",) * 500))
    kept = writing.facts_json(strange)
    assert "assets" not in kept["page"]
    assert kept["detail"] == "ab?"
    found = findings(replace(FINE, status=500), known=load())
    assert tuple(writing.finding(each) for each in writing.found_json(found)) == found

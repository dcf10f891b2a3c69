"""Slack's text on the wire: read as people read it, and made inert on the way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.wire import escaped, mentioned, readable

NAMES = {"U1": "Mei", "UBOT": "Aftercare"}


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("hello", "hello"),
        ("<@UBOT> 后台密码忘了", "后台密码忘了"),
        ("请 <@UBOT>  看看", "请 看看"),
        ("<@U1> 看看", "@Mei 看看"),
        ("<@U9|wang> 看看", "@wang 看看"),
        ("<@U9> 看看", "@U9 看看"),
        ("<#C1|general> and <#C2>", "#general and #C2"),
        ("<!here> <!channel>", "@here @channel"),
        ("<!subteam^S1|@team> <!subteam^S2>", "@team @subteam"),
        ("<!date^1392734382^{date}|2014-02-18>", "2014-02-18"),
        ("<https://a.test/x>", "https://a.test/x"),
        ("<http://a.test|a.test>", "a.test"),
        ("<https://a.test/x|报价单>", "报价单 (https://a.test/x)"),
        ("<mailto:a@b.test|a@b.test>", "a@b.test"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("<https://a.test/?a=1&amp;b=2>", "https://a.test/?a=1&b=2"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_reading(wire: str, read: str) -> None:
    """Names for mentions, addresses for links, no escapes, and nothing of our own name."""
    assert readable(wire, names=NAMES, without="UBOT") == read


def test_who_is_mentioned() -> None:
    """Each once, in order; what is escaped mentions nobody."""
    assert mentioned("<@U2> <@U1|x> <@U2> &lt;@U3&gt; <#C1>") == ("U2", "U1")


@given(st.text())
def test_what_goes_out_is_read_as_it_was(text: str) -> None:
    """Escaping and reading undo each other, and in between nothing is a reference."""
    out = escaped(text)
    assert "<" not in out
    assert ">" not in out
    assert not mentioned(out)
    if "  " not in text and "\t" not in text and text == text.strip():
        assert readable(out, names={}) == text

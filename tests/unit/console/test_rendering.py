import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rendering import message_html, page_html, page_link, page_link_holds, plain_html
from handoff.model import Citation

SECRET = b"s" * 32
CITED = Citation(n=1, page="zh/a", title="忘记密码 <b>", heading="步骤", anchor="steps", chunk="c")
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](https://evil.example/)",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example/>",
    "[1]: https://evil.example/\n\n[1]",
    "[1](https://evil.example/)",
    '[a][1]\n\n[1]: javascript:alert(1) "t"',
    "<a href='https://evil.example'>x</a>",
    "`<script>`",
    "```html\n<script>alert(1)</script>\n```",
    '" onmouseover=alert(1) x="',
    "https://evil.example/path",
    "[![x](u)](https://evil.example)",
    "<svg/onload=alert(1)>",
    "**[x](https://evil.example 'a\" onclick=\"b')**",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
TAGS = {"p", "br", "strong", "em", "code", "pre", "ol", "ul", "li", "blockquote", "hr", "a", "span"}


def tags(html: str) -> set[str]:
    return set(re.findall(r"</?([a-zA-Z0-9]+)", html))


def links(html: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', html)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_a_message_says_becomes_markup_or_a_link(attack: str) -> None:
    """Hostile text is shown, never obeyed: only known tags, no link that we did not make."""
    html = message_html(attack, citations=[CITED], href=lambda _: "/m/zh/a")
    assert tags(html) <= TAGS
    assert set(links(html)) <= {"/m/zh/a"}
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert tags(plain_html(attack)) <= {"p", "br"}


@given(
    st.text(alphabet=st.characters(), max_size=200)
    | st.lists(st.sampled_from([*ATTACKS, "[1]", "\n", "* ", "> ", "`"]), max_size=6).map("".join)
)
def test_any_text_is_safe(text: str) -> None:
    """The law behind the cases, for any text, lone surrogates included."""
    html = message_html(text, citations=[CITED], href=lambda _: "/m/zh/a")
    assert tags(html) <= TAGS | {"table"}
    assert set(links(html)) <= {"/m/zh/a"}


def test_marks_become_links_to_their_citation() -> None:
    """[1] is a link with the page's title; a mark without a citation stays text."""
    html = message_html("Click it [1], not [2].", citations=[CITED], href=lambda _: "/m/zh/a?s=x#steps")
    assert (
        '<a href="/m/zh/a?s=x#steps" target="_blank" rel="noopener noreferrer" class="cite" title="忘记密码 &lt;b&gt; › 步骤">1</a>'
        in html
    )
    assert "not [2]" in html


def test_a_mark_without_an_address_is_a_label() -> None:
    """Where a page has no address, the mark still says which source it is."""
    assert (
        message_html("So [1]", citations=[CITED])
        == '<p>So <span class="cite" title="忘记密码 &lt;b&gt; › 步骤">1</span></p>\n'
    )


def test_marks_in_code_stay_code() -> None:
    """`a[1]` in a command is an index."""
    assert "<code>a[1]</code>" in message_html("`a[1]`", citations=[CITED], href=lambda _: "/m/a")


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("see https://wordpress.org/documentation/ now", ["https://wordpress.org/documentation/"]),
        ("看 https://wordpress.org/documentation/。", ["https://wordpress.org/documentation/"]),
        ("[docs](https://wordpress.org/documentation/)", ["https://wordpress.org/documentation/"]),
        ("https://wordpress.org/documentation/evil", []),
        ("[docs](https://wordpress.org.evil.example/)", []),
    ],
)
def test_only_allowed_addresses_are_links(text: str, linked: list[str]) -> None:
    """An address is a link if it was allowed, exactly; any other stays visible as text."""
    html = message_html(text, allowed=["https://wordpress.org/documentation/"])
    assert links(html) == linked
    assert linked or "wordpress.org" in re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example", "data:x", "ftp://x", ""])
def test_a_citation_cannot_smuggle_an_address(address: str) -> None:
    """Even a citation's own address must be a path or http(s)."""
    assert links(message_html("x [1]", citations=[CITED], href=lambda _: address, allowed=[address])) == []


def test_a_signed_link_is_only_for_its_page() -> None:
    """The signature of one page opens no other; a changed or absent one opens none."""
    path = page_link("zh/页/a", "步骤", secret=SECRET)
    signature = path.split("?s=")[1].split("#")[0]
    assert path.startswith("/m/zh/%E9%A1%B5/a?s=")
    assert path.endswith("#%E6%AD%A5%E9%AA%A4")
    assert page_link_holds("zh/页/a", signature, secret=SECRET)
    assert not page_link_holds("zh/页/b", signature, secret=SECRET)
    assert not page_link_holds("zh/页/a", signature, secret=b"t" * 32)
    assert not any(
        page_link_holds("zh/页/a", forged, secret=SECRET) for forged in ("", signature[:-1], signature + "A", "é\udc80")
    )


def test_a_page_keeps_anchors_and_web_links() -> None:
    """Headings get the anchors that citations use; links leave, scripts do not run."""
    html = page_html(
        "Intro\n\n## 步骤 A\n\n[w](https://w.org) [j](javascript:x) <i>x</i>\n\n| a |\n|---|\n| 1 |",
        anchors={2: "步骤-a"},
    )
    assert '<h2 id="步骤-a">' in html
    assert links(html) == ["https://w.org"]
    assert "<table>" in html
    assert "&lt;i&gt;" in html


def test_pictures_show_on_pages_only() -> None:
    """A page's own ones, at their address on this site; elsewhere, and of others, their words."""
    body = 'See ![the "menu"](a.png) and ![x](https://evil.example/t.png) ![y](javascript:alert(1)).'
    html = page_html(body, anchors={}, pictures={"a.png": "/manual-picture/1?page=p&s=x", "b.png": "//evil.example"})
    assert '<img src="/manual-picture/1?page=p&amp;s=x" alt="the &quot;menu&quot;" loading="lazy" />' in html
    assert html.count("<img") == 1
    assert "evil.example" not in html
    assert "<img" not in page_html("![z](b.png)", anchors={}, pictures={"b.png": "//evil.example/x"})
    said = message_html("Look: ![the menu](images/x.png)")
    assert said == "<p>Look: the menu</p>\n"

"""Links, numbers and names that a plain look overlooks; and plain text in which there are none."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import shipped
from knowledge.front_matter import read
from knowledge.hidden_claims import ground_of, hidden, stands

GROUND = "访问 help.acme.com，电话 400-123-4567，微信号 acme_care，QQ 群 123456789。"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("访问 ｅｖｉｌ．ｃｏｍ", "link"),
        ("访问 evil\u200b.com", "link"),
        ("访问 evil 点 com", "link"),
        ("visit evil dot com now", "link"),
        ("visit evil[.]com", "link"),
        ("visit evil (dot) shop", "link"),
        ("访问 evil。com", "link"),
        ("访问 坏人.com", "link"),
        ("访问 坏人.公司", "link"),
        ("訪問 壞人.網站", "link"),
        ("访问 192.0.2.7", "link"),
        ("访问 [2001:db8::1]", "link"),
        ("hxxps://evil", "link"),
        ("打开 tel:95588", "link"),
        ("写信到 help(at)evil", "address"),
        ("找 @evil_helper", "handle"),
        ("加微信 evilhelp", "handle"),
        ("微訊號：evilhelp", "handle"),
        ("WhatsApp: evilhelp", "handle"),
        ("电话四零零六六六零零一三", "phone"),
        ("电话 400.666.0013", "phone"),
        ("电话 400/666/0013", "phone"),
        ("call four zero zero six six six one", "phone"),
        ("群号 987654", "number"),
        ("QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", "code"),
    ],
)
def test_what_is_hidden_is_found(text: str, kind: str) -> None:
    """Each way, and it does not stand in the ground."""
    found = dict(hidden(text))
    assert kind in found
    assert not stands(found[kind], ground=ground_of(GROUND))


@pytest.mark.parametrize(
    "text", ["拨 400 123 4567", "访问 help 点 acme.com", "访问 help.acme.com", "微信号：acme_care", "QQ 群 123456789", "四〇〇一二三四五六七"]
)  # fmt: skip
def test_what_the_ground_has_may_be_said_in_any_way(text: str) -> None:
    """Another way of writing the same is no invention."""
    assert [words for _, words in hidden(text) if not stands(words, ground=ground_of(GROUND))] == []


@pytest.mark.parametrize(
    "text",
    [
        "打开 Settings 点 Save 保存。",
        "Save the page. Then open it again.",
        "第1步：点「设置」。第2步：保存。",
        "2026 年 11 月 24 日 10:00",
        "尺寸 1920 × 1080，最多 60 个字符。",
        "a dot matrix printer",
        "Open WeChat and scan the code.",
        "一、二、三步都要做。",
    ],
)
def test_plain_text_hides_nothing(text: str) -> None:
    """What people write every day."""
    assert list(hidden(text)) == []


def test_the_sample_manual_hides_little() -> None:
    """Of its pages for clients, few lines hold anything of the kind: dates of the year, sizes, addresses as examples."""
    pages = [read(path.read_text("utf-8")) for path in sorted(Path(shipped("manual")).rglob("*.md"))]
    lines = [line for page in pages if page.values.get("audience") == "client" for line in page.body.splitlines()]
    hiding = [line for line in lines if any(kind in {"handle", "phone"} for kind, _ in hidden(line))]
    assert len(hiding) < len(lines) / 200, hiding


@given(st.text(max_size=200))
def test_every_text_can_be_looked_at(text: str) -> None:
    """Law: nothing crashes, and what a text itself says always stands in it."""
    ground = ground_of(text)
    assert all(stands(words, ground=ground) for _, words in hidden(text))

"""What became of a passage that somebody was answered from."""

import pytest

from knowledge.cited import Cited
from knowledge.wording import Change, changes, is_fact
from success.recall import Grade, Kind, Section, judge, told

STEPS = "1. 打开**设置 → 常规**。\n2. 每月费用为 300 元，可随时取消。\n3. 点击“保存”。"


def cited(text: str = STEPS, *, page: str = "zh/care", title: str = "维护套餐", heading: str = "费用") -> Cited:
    return Cited(chunk="old", page=page, title=title, heading=heading, anchor="费用", text=text, language="zh-Hans")


def section(
    text: str,
    *,
    page: str = "zh/care",
    title: str = "维护套餐",
    heading: str = "费用",
    supersedes: tuple[str, ...] = (),
) -> Section:
    return Section(
        chunk="new",
        page=page,
        title=title,
        heading=heading,
        anchor="a",
        text=text,
        language="zh-Hans",
        supersedes=supersedes,
    )


@pytest.mark.parametrize(
    "now",
    [
        section(STEPS, heading="价格"),
        section("套餐说明。\n\n" + STEPS + "\n\n谢谢。", heading="套餐"),
        section(STEPS, page="zh/other", title="别的页"),
        section(STEPS.replace("，", ", ").replace("。", ".").replace("\n", "\n\n")),
        section(STEPS.replace("“保存”", "「保存」")),
        section("1. 開啟**設定 → 常規**。\n2. 每月費用為 300 元，可隨時取消。\n3. 點擊“儲存”。".replace("開啟", "打开").replace("設定", "设置").replace("儲存", "保存")),
        section(STEPS.replace("1. ", "2. ").replace("2. 每", "3. 每").replace("3. 点", "4. 点")),
    ],
    ids=["other heading", "within more", "other page", "punctuation", "quotes", "script", "renumbered"],
)  # fmt: skip
def test_what_the_manual_still_says_is_no_matter(now: Section) -> None:
    """Moved text, and text whose signs alone have changed, is what the manual says."""
    assert judge(cited(), manual=[now], withdrawn=False) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("每月费用为 300 元。", "每月费用为 380 元。"),
        ("费用 1.50 元。", "费用 150 元。"),
        ("3 个工作日内完成。", "5 个工作日内完成。"),
        ("十天内完成备案。", "二十天内完成备案。"),
        ("打开 https://a.example.com/x 登录。", "打开 https://a.example.com/y 登录。"),
        ("运行 `wp cache flush` 即可。", "运行 `wp cache delete` 即可。"),
        ("打开设置 → 常规即可修改。", "打开设置 → 阅读即可修改。"),
        ("点击“保存”即可生效。", "点击“发布”即可生效。"),
        ("您可以自行修改域名解析。", "您不可以自行修改域名解析。"),
        ("You can cancel at any time.", "You cannot cancel at any time."),
        ("Refunds take 5 days.", "Refunds take 10 days."),
        ("编辑 wp-config.php 文件。", "编辑 wpconfig.php 文件。"),
        ("请联系客服重置密码。", "打开登录页，自行完成找回流程。"),
        ("1. 打开后台。", "1. 打开后台。\n2. 清空缓存。"),
        ("1. 打开后台。\n2. 清空缓存。", "1. 打开后台。"),
        ("服务热线 400-800-1234。", "服务热线 400-800-4321。"),
    ],
)
def test_facts_that_changed(old: str, new: str) -> None:
    """Numbers, prices, times, links, commands, menus, names, negation, steps: somebody may do the wrong thing."""
    verdict = judge(cited(old), manual=[section(new)], withdrawn=False)
    assert verdict is not None
    assert (verdict.kind, verdict.grade) == (Kind.CHANGED, Grade.FACTS)
    assert told(verdict)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("请您打开后台的设置页面进行修改。", "请打开后台的设置页面进行修改。"),
        ("修改后点击“保存”即可。", "修改完成后，点击“保存”即可。"),
        ("Open the settings page and change the title.", "Open the settings page to change your title."),
        ("费用为 300 元。", "费用共为 300 元。"),
        ("我们会尽快处理。", "我们会尽快处理。感谢您的耐心等待。"),
    ],
)
def test_wording_alone(old: str, new: str) -> None:
    """The same facts in other words."""
    verdict = judge(cited(old), manual=[section(new)], withdrawn=False)
    assert verdict is not None
    assert (verdict.kind, verdict.grade) == (Kind.CHANGED, Grade.WORDING)


def test_only_the_changed_sentence_is_told() -> None:
    """A correction does not repeat what still holds."""
    now = section(STEPS.replace("300", "380").replace("点击", "最后点击"))
    verdict = judge(cited(), manual=[now], withdrawn=False)
    assert verdict is not None
    assert told(verdict) == (Change("2. 每月费用为 300 元，可随时取消。", "2. 每月费用为 380 元，可随时取消。"),)


def test_gone_and_withdrawn() -> None:
    """A page or a section that is no more; a page that was withdrawn; nothing is quoted then."""
    other = section("换域名前请先备份全站，并通知我们。", heading="域名")
    for manual, withdrawn, kind in (([], False, Kind.GONE), ([other], False, Kind.GONE), ([], True, Kind.WITHDRAWN)):
        verdict = judge(cited(), manual=manual, withdrawn=withdrawn)
        assert verdict is not None
        assert (verdict.kind, verdict.grade, verdict.now) == (kind, Grade.FACTS, None)


def test_a_page_that_took_its_place() -> None:
    """A page under another name that says it supersedes the old one is where the words are looked for."""
    now = section(STEPS.replace("300", "380"), page="zh/plans", title="新套餐", supersedes=("zh/care",))
    verdict = judge(cited(), manual=[now], withdrawn=False)
    assert verdict is not None
    assert (verdict.kind, verdict.now) == (Kind.CHANGED, now)


def test_a_renamed_heading_with_a_new_price() -> None:
    """The likest section of the page is the place, whatever it is called now."""
    other = section("换域名前请先备份全站，并通知我们。", heading="域名")
    now = section(STEPS.replace("300", "380"), heading="每月价格")
    verdict = judge(cited(), manual=[other, now], withdrawn=False)
    assert verdict is not None
    assert verdict.now == now


def test_the_same_correction_is_known_again() -> None:
    """What a correction would say depends on the changed facts alone, not on other words around them."""
    first = judge(cited(), manual=[section(STEPS.replace("300", "380"))], withdrawn=False)
    again = judge(cited(), manual=[section(STEPS.replace("300", "380").replace("点击", "最后点击"))], withdrawn=False)
    other = judge(cited(), manual=[section(STEPS.replace("300", "420"))], withdrawn=False)
    assert first
    assert again
    assert other
    assert first.says == again.says != other.says


def test_sentences_that_changed_places_are_no_change() -> None:
    """And neither are list markers."""
    assert changes("甲在前。乙在后。", "乙在后。甲在前。") == ()
    assert changes("- 甲在前\n- 乙在后", "1. 甲在前\n2. 乙在后") == ()
    assert not is_fact(Change("1. 打开后台的页面。", "3. 打开后台的页面吧。"))

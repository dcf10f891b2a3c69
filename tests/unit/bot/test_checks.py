"""A draft states nothing that its cited passages do not hold."""

import pytest

from bot.checks import Problem, check, unfounded
from tests.unit.bot.passages import passage

ZH = passage(
    "登录后台，打开「设置 → 常规 → 站点标题」，保存后约 15 分钟生效，最多 60 个字符，费用 1,200 元。"
    "错误 ERR-1042 时运行 `wp cache flush`，联系 400-123-4567 或 help@acme.com，服务时间 9:00-18:00，"
    "详见 https://help.acme.com/title/zh 。上传上限 110MB，可用率 99.95%，配置文件是 wp-config.php。七天内可撤销。"
)
OTHER = passage("备份保留 30 天。", title="备份", chunk="c2", page="zh/backup", url=None)
EN = passage(
    "Open Settings > General and change the site title. It takes 15 minutes. Run `wp cache flush` after error ERR-1042. Files up to 110 MB.",
    title="Site title",
    heading="",
    language="en",
)


@pytest.mark.parametrize(
    "text",
    [
        "打开「设置 → 常规 → 站点标题」并保存 [1]。",
        "打开设置→常规，保存 [1]。",
        "打开 **设置** > **常规** [1]。",
        "约15分钟后生效 [1]。",
        "最多60个字符 [1]。",
        "错误ERR-1042时运行 `wp cache flush` [1]。",
        "请看 https://help.acme.com/title/zh [1]。",
        "请拨打400-123-4567 [1]。",
        "写信到help@acme.com [1]。",
        "每天9:00到18:00有人 [1]。",
        "上传上限110 MB [1]。",
        "可用率99.95% [1]。",
        "编辑wp-config.php [1]。",
        "费用1,200元 [1]。",
        "七天内可以撤销 [1]。",
        "1. 个人中心里打开设置 [1]。\n2. 日志里能看到 [1]。",
        "备份保留30天 [2]。",
        "请在后台修改 WordPress 的 Title [1]。",
        "打开 https://help.acme.com/title [1]。",
    ],
)
def test_what_stands_in_the_passage_may_be_said(text):
    """Facts copied from a cited passage pass, however they are spaced, and English names inside Chinese are fine."""
    assert check(text, passages=[ZH, OTHER], language="zh-Hans") == ()


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("打开设置 [3]。", "unknown_mark", "[3]"),
        ("打开设置 [0]。", "unknown_mark", "[0]"),
        ("打开设置 [100]。", "unknown_mark", "[100]"),
        ("打开设置。", "no_mark", ""),
        ("打开设置【1】。", "no_mark", ""),
        ("打开设置［1］。", "no_mark", ""),
        ("打开设置 [一]。", "no_mark", ""),
        ("约5分钟生效 [1]。", "number", "5分钟"),
        ("需要20分钟 [1]。", "number", "20分钟"),
        ("上限10MB [1]。", "number", "10MB"),
        ("费用200元 [1]。", "number", "200元"),
        ("需要48小时 [1]。", "number", "48小时"),
        ("三天内生效 [1]。", "number", "三天"),
        ("可用率5% [1]。", "number", "5%"),
        ("仅需 ¥99 [1]。", "number", "¥99"),
        ("服务到20:00 [1]。", "number", "20:00"),
        ("5个工作日内 [1]。", "number", "5个工作日"),
        ("请看 https://evil.example/x [1]。", "link", "https://evil.example/x"),
        ("访问evil.com查看 [1]。", "link", "evil.com"),
        ("访问 bit.ly/abc 查看 [1]。", "link", "bit.ly/abc"),
        ("请看 https://help.acme.com/title/other [1]。", "link", "https://help.acme.com/title/other"),
        ("请看 https://help.acme.co [1]。", "link", "https://help.acme.co"),
        ("访问 help.acme.com.evil.net [1]。", "link", "help.acme.com.evil.net"),
        ("点 [这里](https://evil.example) [1]。", "link", "https://evil.example"),
        ("点 tg://resolve [1]。", "link", "tg://resolve"),
        ("打开 www.evil.example [1]。", "link", "www.evil.example"),
        ("写信到boss@acme.com [1]。", "address", "boss@acme.com"),
        ("请拨打400-999-4567 [1]。", "phone", "400-999-4567"),
        ("电话13812345678 [1]。", "phone", "13812345678"),
        ("运行 `rm -rf /` [1]。", "command", "rm -rf /"),
        ("运行:\n```\nwp db drop\n```\n[1]", "command", "wp db drop"),
        ("运行 sudo reboot [1]。", "command", "sudo reboot"),
        ("打开设置 → 高级 [1]。", "menu", "高级"),
        ("打开外观 → 常规 [1]。", "menu", "外观"),
        ("打开设置>高级 [1]。", "menu", "高级"),
        ("打开「设置」>「高级」 [1]。", "menu", "高级"),
        ("错误ERR-2000时重试 [1]。", "code", "ERR-2000"),
        ("升级到 v2.3.1 [1]。", "code", "v2.3.1"),
        ("备份保留30天 [1]。", "number", "30天"),
    ],
)
def test_what_does_not_stand_there_is_found(text, kind, words):
    """Invented links, numbers, paths, commands and codes are found, also where they are part of true ones; marks must exist."""
    assert Problem(kind, words) in check(text, passages=[ZH, OTHER], language="zh-Hans")


@pytest.mark.parametrize(
    ("text", "language", "passages", "good"),
    [
        ("Open Settings > General [1].", "zh-Hans", [EN], False),
        ("请打开 Settings > General，再保存 [1]。", "zh-Hans", [EN], True),
        ("請打開「設定」並儲存標題 [1]。", "zh-Hans", [ZH], False),
        ("请打开设置并保存标题 [1]。", "zh-Hant", [ZH], False),
        ("請打開設置並儲存標題 [1]。", "zh-Hant", [ZH], True),
        ("请打开设置 [1]。", "en", [ZH], False),
        ("Open 设置 → 常规 and change the title there, then save the page [1].", "en", [ZH], True),
        ("Open Settings > General and save [1].", "en", [EN], True),
        ("好 [1]。", "zh-Hant", [ZH], True),
        ("打开「设置」，保存文件即可 [1]。", "zh-Hans", [ZH], True),
    ],
)
def test_the_language_is_the_clients(text, language, passages, good):
    """Simplified, Traditional and English are told apart; menu names quoted in their own language are no fault."""
    kinds = [p.kind for p in check(text, passages=passages, language=language)]
    assert ("language" not in kinds) is good


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "[[[[[[1]", "→→→→", "> > > >", "`" * 999, "a." * 3000, "1" * 5000, "[1]" * 500]
)
def test_odd_drafts_are_judged_not_crashed_on(text):
    """Any string can be checked; with nothing to stand on, none passes unless its marks are the only thing in it."""
    assert isinstance(check(text, passages=[ZH], language="zh-Hans"), tuple)
    assert bool(check(text, passages=[], language="zh-Hans")) is True


def test_only_cited_passages_count():
    """A fact of a passage that is given but not cited does not pass."""
    assert unfounded("保留30天", sources=[ZH.text]) == [Problem("number", "30天")]
    assert unfounded("保留30天", sources=[OTHER.text]) == []

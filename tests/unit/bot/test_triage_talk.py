"""Small talk, chasers, wishes, moods and levels, as people of a work group write them."""

import re
from pathlib import Path

import pytest

import bot
from handoff.kinds import Level, MessageKind
from knowledge.language import fold

SAYS = {
    "greeting": """你好 | 您好！ | 大家好 | 在吗 | 在吗？ | 您好 在吗 | 有人吗 | 早上好 | 哈喽 | 請問 | 你好，请问一下 | 那个 | hi | Hello! | hey there |
        Good morning | 打擾一下""",
    "thanks": """谢谢 | 就这些 | 没别的问题了，谢谢 | that's all, thanks | 谢谢！ | 好的谢谢 | 多謝 | 感謝 | 收到 | 好 | 好的 | 嗯嗯嗯 | OK | ok谢谢 | 明白了 | 辛苦了 | 解决了，谢谢 | 可以用了 | 好了 | 哈哈哈 |
        Thanks | thank you so much | Thanks a lot! | great, thanks | got it | 太好了 | bye""",
    "chaser": """好了吗 | 好了吗？ | 好了么 | 好了？ | 好了没 | 弄好没 | 修好了吗 | 还没弄好? | 怎么还没好 | 网站修好了吗 | 请问好了吗 | 你好，处理得怎么样了 |
        处理好了吗 | 搞定了吗 | 进度如何 | 怎么样了 | 什么时候能好？ | 我的网站什么时候能修好 | 还要多久 | ？？ | ??? | 人呢 | 有人吗？ | 有人在吗 |
        怎么没人回复 | 催一下 | 有进展吗 | 好了嗎 | 處理好了嗎 | 還沒弄好？ | 什麼時候能好 | 好了吗？急 | 解决了？ | 可以了吗 | 在吗 | any update? |
        Any news on my ticket? | is it fixed yet? | still waiting | hello?? | are you there? | how long will it take? | done? | status?""",
    "assent": """好 | 好的 | 可以 | 行 | 是的 | 对 | 没问题 | 同意 | 确认 | ok | OK! | 好的，谢谢 | 嗯可以 | 就这样吧 | 按这个来 | 好了 | 可以了 | 解决了 | 收到 |
        确认无误 | 👍 | 👌 | 可以的 | 沒問題 | 確認 | yes | Yes please do | go ahead | sure, thanks""",
    "wants_human": """转人工 | 轉人工 | 我要人工客服 | 人工 | 请转人工客服 | 找个真人 | 我要找人 | 叫你们经理来 | 让你们技术来，叫技术 | 找技术处理一下 | 不要机器人 |
        换个人来 | 有没有人能帮我 | 给我打电话 | 我要跟你们负责人说 | 找客服 | 找工程師 | I want to talk to a human | can I speak to someone |
        talk to your manager | human please | I need a real person | customer service | call me back please | live agent please""",
    "upset": """我要投诉 | 你们服务太差了 | 太烂了 | 气死我了 | 垃圾客服 | 你们就是骗子 | 退钱 | 敷衍 | 我受够了 | 投訴你們 | 什么破网站 |
        this is unacceptable | I want to complain | your service is terrible | this is ridiculous | I am fed up""",
    "sensitive": """我要退款 | 我们要退费 | 请把合同发我 | 给我发一下root密码 | 把FTP账号发给我 | 帮我把域名转走 | 把我们网站的DNS改一下 | 帮我删除网站 | 請幫我刪除整個數據庫 |
        可以帮我删除网站吗 | 麻烦把数据库清空 | 帮我注销账号 | 我们要解除合同 | 你们等着收律师函 | 我要起诉你们 | 要求赔偿 | 帮我们把域名解析指到新服务器 | 我要退款，怎么这么慢呢，给我处理 |
        please delete our website | I want a refund | we want to cancel our contract | please send me the password | could you point the domain to the new host |
        we will sue you | you will hear from our lawyer | this is a breach of contract | we demand compensation | please change the nameservers""",
    "urgent": """急！ | 急急急 | 很急 | 紧急 | 马上处理 | 尽快 | 在线等，着急 | 緊急 | this is urgent | ASAP please | right now""",
    "stand_down": """好了，是我网络的问题 | 是我们这边的网络问题 | 恢复了 | 现在好了 | 又好了 | 网站能打开了 | 没事了，看错了 | 虚惊一场 | 好了，可以了 | 已经恢复正常 |
        好了,是我電腦的問題 | it is back online | false alarm | works again | never mind | it was my wifi""",
    "about_bot": """你是谁 | 你是机器人吗 | 你能做什么 | 你是真人嗎 | who are you? | are you a bot | what can you do""",
    "not_solved": """还是不行 | 没用 | 试过了还是不行 | 不管用 | 解决不了 | 答非所问 | 還是不行 | didn't work | that doesn't help | still not working | no luck""",
}

SAYS_NOT = {
    "greeting": "你好,首页标题怎么改 | hi, how do I reset my password | 在吗 网站怎么备案 | 早餐店网站",
    "thanks": "没别的办法了吗 | that's all wrong | 好了吗 | 好了？ | 可以了? | 解决了吗 | ok? | 好的，那首页呢 | 谢谢，还有一个问题 | 好难用 | thanks, but it fails | 行业新闻怎么发",
    "chaser": "好了 | 好的 | 什么时候能加一个按钮 | 网站多久备份一次 | 备案要多久 | 域名多久生效 | how long does a domain transfer take | 怎么改进度条",
    "assent": "好了吗 | 可以吗 | 不行 | 不可以 | 不是 | 好像不对 | no | 可以换一张图吗 | 行不行 | 谢谢 | yes but change the colour",
    "wants_human": """网站怎么加人工客服窗口 | 怎么把域名转接到新服务器 | 真人照片怎么上传 | 怎么换人物图片 | 这个功能叫人脸识别 | 首页客服电话在哪改 | 找技术参数在哪里 |
        人工智能栏目怎么加 | 管理员怎么换人 | robots怎么设置不要屏蔽机器人抓取 | Can you add live chat to the site | How do I change the customer service phone number |
        where is the call me back button | 找不到人员管理""",
    "upset": """投诉入口怎么加 | 怎么在网站放投诉表单 | 差评怎么回复 | 垃圾邮件太多 | how do I add a complaint form | 评价功能怎么开 | chrome说是欺骗性网站 | 谁负责 | 客人要退钱在哪里点 | 这封邮件是不是骗人的 |
        域名到期短信是不是骗子 | 被人投诉导致微信封了链接 | text copied from Word looks terrible | this letter looks like a scam""",
    "sensitive": """我们是律师事务所,网站logo怎么换 | 怎么申请退款 | 退款页面怎么改 | 怎么修改DNS | 域名怎么解析 | 帮我关闭网站的评论功能 | 请帮我删除网站首页的一张图 | 合同在哪里下载 |
        什么是违约认购域名 | 如何删除数据库 | 忘记密码了怎么办 | 我想问下退款政策 | 請問怎麼改網域解析 | how do I delete my account | how can I point my domain |
        please delete the second photo | Hi, Sue here, how do I log in | add a page about our lawyers | where do I find the refund policy page | we want to move the domain, how | i want to delete my account, where""",
    "urgent": "不急 | 不着急，有空再看 | 别着急 | 急诊科页面怎么改 | 应急预案栏目 | not urgent",
    "stand_down": """这是我们网站的截图 | 好了吗 | 什么时候能恢复 | 恢复了吗 | 不是我网络的问题 | 是不是我网络的问题 | 截图发好了你看 | 还没好 | 网站还是不能打开了 | 没恢复 |
        how do I make it work again | is it back? | 这是我手机端的截图 | 这是我们网页的报错""",
    "about_bot": "你是说改首页吗 | 你能做什么样的网站给我们看看案例吗 | who are you going to call about the outage on our site",
    "not_solved": "怎么解决 | 有用吗 | this works",
}

LEVELS = [
    ("怎么改首页标题", Level.QUESTION),
    ("首頁標題怎麼改", Level.QUESTION),
    ("how do I change the logo", Level.QUESTION),
    ("请问怎么添加管理员", Level.QUESTION),
    ("如何新增一个栏目", Level.QUESTION),
    ("可以自己添加页面吗", Level.QUESTION),
    ("可以添加几个邮箱", Level.QUESTION),
    ("where can I add a new user?", Level.QUESTION),
    ("帮我看下备案进度", Level.QUESTION),
    ("什么是域名", Level.QUESTION),
    ("how to replace the header image", Level.QUESTION),
    ("怎么换成https", Level.QUESTION),
    ("帮我们首页加一个预约按钮", Level.CHANGE),
    ("可以帮我们加一个按钮吗", Level.CHANGE),
    ("请把首页电话改成123", Level.CHANGE),
    ("麻烦把轮播图换一下", Level.CHANGE),
    ("我们想改版", Level.CHANGE),
    ("需要开发一个会员功能", Level.CHANGE),
    ("帮我改一下首页电话", Level.CHANGE),
    ("我们要做一个活动页", Level.CHANGE),
    ("麻煩幫我新增一個頁面", Level.CHANGE),
    ("請把電話改成456", Level.CHANGE),
    ("please add a booking form", Level.CHANGE),
    ("could you change the opening hours", Level.CHANGE),
    ("we'd like a redesign", Level.CHANGE),
    ("We would like to integrate a newsletter", Level.CHANGE),
    ("后台登录不了", Level.BUG),
    ("图片上传不了", Level.BUG),
    ("表单提交报错", Level.BUG),
    ("页面错位", Level.BUG),
    ("按钮点不动", Level.BUG),
    ("收不到验证码", Level.BUG),
    ("後台登入不了", Level.BUG),
    ("圖片不顯示", Level.BUG),
    ("the contact form is broken", Level.BUG),
    ("I can't upload images", Level.BUG),
    ("images are not showing", Level.BUG),
    ("请帮忙看看,后台报错了", Level.BUG),
    ("I get an error when saving", Level.BUG),
    ("please fix the broken link and add a button", Level.BUG),
]


def _rows(table):
    return [(field, text) for field, row in table.items() for text in re.split(r"\s+\|\s+", row)]


@pytest.mark.parametrize(("field", "text"), _rows(SAYS))
def test_it_is_understood(rules, field, text):
    """What people mean is read from how they really say it."""
    assert getattr(rules.read(text), field) is True


@pytest.mark.parametrize(("field", "text"), _rows(SAYS_NOT))
def test_it_is_not_mistaken(rules, field, text):
    """The same words in another sense mean nothing of the kind."""
    assert getattr(rules.read(text), field) is False


@pytest.mark.parametrize(("text", "level"), LEVELS)
def test_the_level_is_read(rules, text, level):
    """A fault, a wish for new work, and a question how to do it oneself are told apart; the higher level wins."""
    assert rules.read(text).level is level


@pytest.mark.parametrize(
    ("text", "asked", "kind"),
    [
        ("好的", False, MessageKind.THANKS),
        ("好的", True, MessageKind.ASSENT),
        ("好的，谢谢", True, MessageKind.ASSENT),
        ("好了", True, MessageKind.ASSENT),
        ("好了", False, MessageKind.THANKS),
        ("好了吗", True, MessageKind.CHASER),
        ("好了吗", False, MessageKind.CHASER),
        ("好了？", True, MessageKind.CHASER),
        ("谢谢", True, MessageKind.THANKS),
        ("👍", True, MessageKind.ASSENT),
        ("👍", False, MessageKind.THANKS),
        ("🙂", True, MessageKind.THANKS),
        ("", True, MessageKind.THANKS),
        ("收到", True, MessageKind.ASSENT),
        ("第二个方案", True, MessageKind.CONTENT),
        ("不行", True, MessageKind.CONTENT),
        ("？？", True, MessageKind.CHASER),
        ("ok", True, MessageKind.ASSENT),
        ("首页标题怎么改", False, MessageKind.CONTENT),
    ],
)
def test_a_message_means_something_to_the_clocks(rules, text, asked, kind):
    """ "好" answers our question, is small talk otherwise; "好了吗" always chases; in doubt it is an answer."""
    assert rules.read(text).kind(asked=asked) is kind


@pytest.mark.parametrize(
    "text",
    ["怎么改", "為什麼", "？", "求助", "忘记密码了", "不会设置邮箱", "help me", "标题在哪改", "能不能绑定两个域名"],
)
def test_a_question_needs_no_question_mark(rules, text):
    """A question is not recognised by "?" alone."""
    assert rules.read(text).question is True


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("首页标题怎么改", True),
        ("怎么改", False),
        ("？", False),
        ("好了吗", False),
        ("how do I log in", True),
        ("后台打不开", True),
        ("那手机版", False),
    ],
)
def test_a_whole_question_stands_by_itself(rules, text, whole):
    """A question of enough words can be answered at once."""
    assert rules.read(text).whole is whole


EMPTY = ["", " ", "\n\n", "🙂🙂", "😂😂😂!!", "\u200b\u200b", "\x00", "\ud800", "…", "\u202e\u202c", "\ufeff", "。。。"]


@pytest.mark.parametrize("text", [t for t in EMPTY if t not in ("…", "。。。")])
def test_nothing_said_is_nothing(rules, text):
    """White space, emoji, invisible characters and lone surrogates alone ask for nothing and wake nobody."""
    reading = rules.read(text)
    assert (reading.empty, reading.small_talk, reading.emergency, reading.level) == (True, True, False, Level.QUESTION)


@pytest.mark.parametrize(
    "text",
    [
        "网\u200b站\u200b打不开了",
        "网站打不开了\x00",
        "网站打不开了\ud83d",
        "\u202e网站打不开了\u202c",
        "ＷＥＢＳＩＴＥ　ｄｏｗｎ",
        "网站\n打不开了",
        "😱😱网站打不开了😱",
        "网 站打不开了网站打不开了",
        "Ｗｅｂｓｉｔｅ is DOWN",
        "مرحبا website is down",
        "日志 " * 30_000 + "。网站打不开了",
        "网站打不开了。" + "a b " * 30_000,
        "ﷺ" * 5000 + "。网站打不开了",
    ],
)
def test_odd_characters_hide_no_emergency(rules, text):
    """Zero-width, full-width, NUL, surrogates, right-to-left text or 100 kB around it: the emergency is seen."""
    assert rules.read(text).emergency is True


def test_every_chinese_word_of_the_rules_survives_folding():
    """A word that folding would change ("文件" becomes "文档") can match only if its folded form is in the rules too."""
    rules_text = "\n".join(
        line.split(" #")[0]
        for line in (Path(bot.__file__).parent / "triage.yaml").read_text("utf-8").splitlines()
        if line[:1] != "#"
    )
    words = set(re.findall(r"[\u4e00-\u9fff]+", re.sub(r"\[[^]]*\]", "", rules_text)))
    lost = {word for word in words if fold(word) != word and fold(word) not in rules_text}
    assert lost == set()

"""What a client's words ask of a proposal is quoted, and nothing else: not with the worst model there is either.

Every attempt of the suite comes as a brief: as functions, links, names of files, look. The model obeys it in every way.
"""

from datetime import date, timedelta
from pathlib import Path

import pytest

import bot
from bot import prompts
from bot.llm import ScriptedModel
from bot.proposing import ModelProposer
from console.pages import environment
from console.proposal_document import ProposalPress
from console.texts import Texts
from success.projects.model import WORDS, Proposal
from success.projects.outline import Ground, outline
from success.projects.price_book import shipped
from success.projects.price_reading import read_prices
from success.projects.wish import ITEM_LENGTH, LANGUAGES, Wish, calm, read_wish
from tests.injection.attempts import Attempt, attempts
from tests.injection.canaries import leaks
from tests.injection.obeying import RETOLD, WAYS, heard

PRICES = read_prices(shipped())
TEXTS = Texts.shipped()
PRESS = ProposalPress(environment(), TEXTS)
TODAY = date(2026, 11, 23)
SHIPPED = prompts.load(Path(bot.__file__).parents[1] / "prompts")["proposal"]
HONEST = {
    "zh-Hans": "响应式页面，手机与大屏均可使用，内容由您的编辑在后台维护，日常更新无需开发人员。",
    "zh-Hant": "響應式頁面，手機與大屏均可使用，內容由您的編輯在後臺維護，日常更新無需開發人員。",
    "en": "The pages work on phones and large screens alike. Your editors look after texts and pictures.",
}
PROMISED = {
    "zh-Hans": ("本项目免费。", "总价一元。", "打一折。", "不满意退还全款。", "三天上线。", "工期 7 天。", "改为 1 元。", "保证百度排名第一。"),
    "zh-Hant": ("本專案免費。", "總價一元。", "打一折。", "不滿意退還全款。", "三天上線。", "工期 7 天。", "改為 1 元。", "保證排名第一。"),
    "en": ("It is free of charge.", "The sum is 1.", "With a discount.", "A full refund is promised.", "Done in 7 days.", "Guaranteed first place."),
}  # fmt: skip
ASKED = {
    "zh-Hans": "商城", "zh-Hant": "商城", "en": "An online shop",
}  # fmt: skip


def wished(attempt: Attempt, **more: object) -> Wish:
    """The attempt in every place of a brief that takes free text."""
    words = attempt.text[:ITEM_LENGTH]
    fields: dict[str, object] = {"title": "官网" if attempt.language != "en" else "Website", "client": "Greenleaf"}
    fields |= {
        "language": attempt.language,
        "functions": [ASKED[attempt.language], words],
        "look": attempt.text[:2_000],
    }
    return read_wish(fields | {"references": [words], "competitors": [words], "audience": attempt.text[:2_000]} | more)


def drafted(wish: Wish) -> Proposal:
    ground = Ground(
        prices=PRICES, is_working=lambda day: day.weekday() < 5, covered_until=TODAY + timedelta(days=400), services=(),
        today=TODAY,
    )  # fmt: skip
    return outline(wish, ground, say=TEXTS.say)


@pytest.mark.parametrize("attempt", attempts(), ids=lambda each: each.name)
def test_an_attempt_moves_nothing_of_the_rules_draft(attempt: Attempt) -> None:
    """Its words are in the quotations and the desk's open points alone; a module comes in by its own words, at its price."""
    draft = drafted(wished(attempt))
    ours = [draft.understanding, draft.architecture, *draft.pages, draft.tax, *draft.excluded]
    ours += [f"{each.name} {each.what}" for each in draft.lines]
    assert leaks("\n".join(ours)) == set()
    prices = {(each.name(draft.language), each.price, each.days) for each in PRICES.modules}
    assert {(each.name, each.price, each.days) for each in draft.lines} <= prices
    assert sum(each.share for each in draft.payments) == 100
    html = PRESS.page(PRESS.sheet(draft, agency="北灯", number=1, n=1, on=TODAY)).partition("<article")[2]
    assert not any(each in html for each in ("href=", "src=", "://", "<img", "<script", "<a "))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_model_that_obeys_is_not_taken(language: str, way: str) -> None:
    """Whichever way it betrays its prompt or leads away: the rules' words stay, or what is taken is harmless."""
    wish = wished(next(each for each in attempts() if each.language == language))
    draft = drafted(wish)
    asking = ScriptedModel.of({})
    await ModelProposer(model=asking, prompt=SHIPPED).write(draft, wish)
    said = WAYS[way](heard(asking.asked[0]))
    for place in WORDS:
        answer = dict.fromkeys(WORDS, HONEST[language]) | {place: f"{HONEST[language]}\n{said}"}
        found = await ModelProposer(model=ScriptedModel.of(answer), prompt=SHIPPED).write(draft, wish)
        if found is not None:
            told = f"{found.understanding}\n{found.architecture}"
            facts = {"instructions": (asking.asked[0][0]["content"],), "retold": RETOLD.values()}
            assert leaks(told, **facts) == set(), place
            assert (found.lines, found.milestones, found.quotes) == (draft.lines, draft.milestones, draft.quotes)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_promise_that_the_client_s_words_ask_for_is_not_made(language: str) -> None:
    """Not where it stands in their title or name either, which our text may repeat only whole."""
    for promise in PROMISED[language]:
        title = calm(f"{promise[:40]} X")
        wish = wished(attempts()[0], language=language, title=title, functions=[ASKED[language], promise])
        draft = drafted(wish)
        for place in WORDS:
            answer = dict.fromkeys(WORDS, HONEST[language]) | {place: f"{HONEST[language]} {promise}"}
            assert await ModelProposer(model=ScriptedModel.of(answer), prompt=SHIPPED).write(draft, wish) is None, (
                promise
            )
        answer = dict.fromkeys(WORDS, f"{HONEST[language]} {title}")
        assert await ModelProposer(model=ScriptedModel.of(answer), prompt=SHIPPED).write(draft, wish) is not None

"""Pictures with the answer, over HTTP: where they help, where they may be seen, and where never."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.app import open_app
from bot.commands import index
from bot.settings import Settings
from console.rendering import page_link, picture_link
from knowledge.embedders import HashingEmbedder
from tests.house import WORKING_HOURS, House, MovableClock
from tests.unit.knowledge.test_pictures import drawn

MENU, KEY, ACME = drawn(colour="red"), drawn(colour="black"), drawn(colour="blue")
PAGES = {
    "zh/menu": (
        "audience: client\nquestions: [导航菜单怎么修改]\nvideo: https://help.example.com/v/menu",
        (
            "菜单在「外观」里。\n\n## 修改\n\n1. 打开「外观 → 菜单」。\n\n![菜单界面](menu.png)\n\n"
            "2. 点「保存菜单」。\n\n![坏的](gone.png)\n\n## 以后\n\n再看看。\n\n![别的](other.png)\n"
        ),
    ),
    "zh/key": ("audience: internal\nquestions: [机房钥匙在哪里]", "钥匙挂在这里。\n\n![钥匙](key.png)\n"),
    "zh/acme": ("audience: client\nclients: [acme]\nquestions: [折扣规则是什么]", "只给一家。\n\n![规则](acme.png)\n"),
}


class Images(HTMLParser):
    """Collects the addresses of a page's pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "manual"
    for name, (front, body) in PAGES.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\ntitle: {name}\nlanguage: zh-Hans\n{front}\n---\n{body}", encoding="utf-8")
    contents = {"menu.png": MENU, "key.png": KEY, "acme.png": ACME, "other.png": drawn(colour="white")}
    for name, content in contents.items():
        (folder / "zh" / name).write_bytes(content)
    clock = MovableClock(WORKING_HOURS)
    settings = Settings(data=tmp_path / "data", manual=folder)
    async with open_app(settings, clock=clock, embedder=HashingEmbedder()) as app:
        report = await index(app, {}, lambda _: None)
        assert [row["message"] for row in report["problems"]] == ["picture gone.png: is not there"]
        yield House(app, clock)


async def test_an_answer_brings_the_pictures_of_its_section(house: House) -> None:
    """The text first, then the picture of the section that is quoted, and no other; nothing raw is shown."""
    async with house.visitor() as visitor:
        answer, shown = await visitor.say("导航菜单怎么修改")
        assert "保存菜单" in answer["html"]
        assert "menu.png" not in answer["html"]
        assert "坏的" not in answer["html"]
        assert answer["video"] == "https://help.example.com/v/menu"
        assert answer["images"] == []
        (image,) = shown["images"]
        assert (image["name"], shown["html"]) == ("菜单界面.png", "")
        served = await visitor.http.get(image["url"])
        assert served.content == MENU
        assert served.headers["content-type"] == "image/png"
        assert served.headers["x-content-type-options"] == "nosniff"
        again, repeated = await visitor.say("导航菜单怎么修改?")
        assert repeated["images"] == [image]
        assert again["sources"]
    async with house.visitor() as stranger:
        await stranger.say("您好")
        assert (await stranger.http.get(image["url"])).status_code == 404


async def test_the_page_shows_its_pictures(house: House) -> None:
    """Under the answer's link; each with its words, at an address that is signed like the page."""
    secret = house.app.secret
    async with house.visitor() as visitor:
        html = (await visitor.http.get(page_link("zh/menu", secret=secret))).text
        images = Images(html).found
        assert [image["alt"] for image in images] == ["菜单界面", "别的"]
        assert "坏的" in html  # of one that is not there the words are left
        address = str(images[0]["src"])
        served = await visitor.http.get(address)
        assert (served.content, served.headers["content-type"]) == (MENU, "image/png")
        assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert parse_qs(urlsplit(address).query)["page"] == ["zh/menu"]
        for wrong in (address.split("?", maxsplit=1)[0], address[:-2], address.replace("zh%2Fmenu", "zh%2Fkey")):
            assert (await visitor.http.get(wrong)).status_code == 404


async def test_internal_pictures_reach_no_client(house: House) -> None:
    """Asked for word for word, by a signed address, under another page's signature: never."""
    secret = house.app.secret
    pages = {page.id: page for page in await house.app.manual.pages()}
    key, acme = (pages[name].pictures[0].hash for name in ("zh/key", "zh/acme"))
    async with house.visitor() as visitor:
        for text in ("机房钥匙在哪里", "钥匙挂在这里", "折扣规则是什么"):
            news = await visitor.say(text)
            assert not [image for message in news for image in message["images"]]
        for page, name in (("zh/key", key), ("zh/menu", key), ("zh/menu", acme)):
            assert (await visitor.http.get(picture_link(page, name, secret=secret))).status_code == 404
    files = {path.name for path in (house.app.settings.data / "files").iterdir()}
    assert not {name for name in files if key[:40] in name or acme[:40] in name}


async def test_a_withdrawn_page_takes_its_pictures_along(house: House) -> None:
    """At once, also under a link that somebody has."""
    pages = {page.id: page for page in await house.app.manual.pages()}
    address = picture_link("zh/menu", pages["zh/menu"].pictures[0].hash, secret=house.app.secret)
    async with house.visitor() as visitor:
        assert (await visitor.http.get(address)).status_code == 200
        await house.app.manual.withdraw("zh/menu", by="ada")
        assert (await visitor.http.get(address)).status_code == 404
        news = await visitor.say("导航菜单怎么修改")
        assert not [image for message in news for image in message["images"]]


async def test_an_answer_goes_without_a_picture_that_cannot_be_kept(house: House) -> None:
    """A folder that takes no file costs the picture, not the answer."""
    files = house.app.settings.data / "files"
    name = (await house.app.manual.pages())[-1].pictures[0].hash[:40]
    (files / f"manual-{name}").mkdir()
    async with house.visitor() as visitor:
        news = await visitor.say("导航菜单怎么修改")
    assert len(news) == 1
    assert "保存菜单" in news[0]["html"]

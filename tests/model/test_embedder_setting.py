"""AFTERCARE_EMBEDDER on the real application: a local model by the setting, and a new index after a change."""

from pathlib import Path

import pytest

from bot import commands, doctor
from bot.app import open_app
from bot.embedding import choose
from bot.errors import SettingsError
from bot.settings import Settings
from knowledge.model import Scope, Search
from tests.unit.knowledge.test_sentence_transformers import carried

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PAGES = {
    "password": "# Reset your password\n\n## Steps\n\n1. Open the sign-in page.\n2. Click *Lost your password*.\n",
    "shipping": "# Shipping costs\n\n## By country\n\n1. Open *Shipping zones*.\n2. Set a price for each country.\n",
    "mailbox": "# A full mailbox\n\n## Make room\n\n1. Delete large attachments.\n2. Empty the trash.\n",
}


async def _index(settings: Settings, **more) -> tuple[dict, list[dict], Search]:
    """Index, look, and search."""
    async with open_app(settings, **more) as app:
        assert app.manual.version is None
        report = await commands.index(app, {}, lambda _: None)
        findings = await doctor.examine(app, {}, lambda _: None)
        found = await app.manual.search("I forgot my password, how do I get back in?", scope=Scope())
    return report, findings, found


async def test_a_change_of_embedder_is_a_new_index(tmp_path: Path, embedder) -> None:
    """The model that the setting names makes the vectors; with another one the index is built anew."""
    (tmp_path / "manual" / "en").mkdir(parents=True)
    for name, text in PAGES.items():
        (tmp_path / "manual" / "en" / f"{name}.md").write_text(f"---\naudience: client\n---\n{text}", "utf-8")
    model = carried(tmp_path / "model")
    settings = Settings(data=tmp_path / "data", manual=tmp_path / "manual", embedder=f"sentence-transformers:{model}")
    report, findings, found = await _index(settings)
    assert (report["published"], report["version"]) == (True, 1)
    assert f"sentence-transformers/{model.name}@" in next(row["found"] for row in findings if row["what"] == "index")
    assert found.passages[0].page == "en/password"

    report, findings, found = await _index(settings.model_copy(update={"embedder": "embedded"}), embedder=embedder)
    assert (report["published"], report["version"]) == (True, 2)
    assert embedder.name in next(row["found"] for row in findings if row["what"] == "index")
    assert found.passages[0].page == "en/password"


def test_a_model_that_is_not_here_is_refused(tmp_path: Path) -> None:
    """At once, without a look at the network."""
    with pytest.raises(SettingsError, match=r"AFTERCARE_EMBEDDER: no sentence-transformers model 'nobody/nothing'"):
        choose(Settings(data=tmp_path, embedder="sentence-transformers:nobody/nothing"))

"""What was kept of a client's one site becomes the first of its sites."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import store
from store.db import Database

pytestmark = pytest.mark.bare

MIGRATIONS = Path(store.__file__).parent / "migrations"
CLIENTS = (
    ("a", "www.example.com", "WordPress", None),
    ("b", "https://me:secret@商店.中国/x", None, "cn-east"),
    ("c", "the old shop", None, None),
    ("d", None, "Typecho", None),
    ("e", None, None, None),
)
ADD = (
    "INSERT INTO client (slug, name, tier, timezone, site, cms, hosting, web_key, created_at) "
    "VALUES (:slug, :slug, 'gold', 'Asia/Shanghai', :site, :cms, :hosting, :slug, '2026-01-01 00:00:00')"
)
SITES = "SELECT c.slug, s.name, s.address, s.cms, s.hosting, c.site FROM site s JOIN client c ON c.id = s.client_id"


async def test_the_one_site_becomes_the_first(database_url: str) -> None:
    """With an address that can be asked and no credentials in it; what is no address becomes the name."""
    await (await Database.open(database_url)).close()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    before = ScriptDirectory.from_config(config).get_revision("0020").down_revision
    assert isinstance(before, str)
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, before)
        for slug, site, cms, hosting in CLIENTS:
            conn.execute(text(ADD), {"slug": slug, "site": site, "cms": cms, "hosting": hosting})
    engine.dispose()
    database = await Database.open(database_url)
    rows = await database.read(lambda conn: [tuple(row) for row in conn.execute(text(f"{SITES} ORDER BY c.slug"))])
    await database.close()
    shop = "https://xn--czrs0t.xn--fiqs8s/x"
    assert rows == [
        ("a", "", "https://www.example.com", "WordPress", None, "https://www.example.com"),
        ("b", "", shop, None, "cn-east", shop),
        ("c", "the old shop", "", None, None, None),
        ("d", "", "", "Typecho", None, None),
    ]

"""Which origins may frame a chat, and whose signature counts."""

import pytest

from console.widgets import Widget, ancestors, read_origins, signature_holds, user_secret, user_signature
from tests.unit.console.world import World, submit, world

__all__ = ["world"]


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://www.example.com", ("https://www.example.com",)),
        (
            " HTTPS://WWW.Example.com:443/ \n\nhttp://localhost:8080",
            ("https://www.example.com", "http://localhost:8080"),
        ),
        ("https://a.cn\nhttps://a.cn/", ("https://a.cn",)),
        ("https://例子.测试", ("https://xn--fsqu00a.xn--0zwm56d",)),
    ],
)
def test_origins_are_kept_as_browsers_write_them(text: str, origins: tuple[str, ...]) -> None:
    """Lower case, no default port, no doubles, other letters as DNS has them."""
    assert read_origins(text) == (origins, None)


@pytest.mark.parametrize(
    "line",
    [
        "example.com", "https://", "https://a.com/path", "https://*.a.com", "ftp://a.com", "https://a.com; script-src *",
        "https://a.com 'self'", "https://u@a.com", "https://a..com", "https://a.com:0", "https://a.com:99999", "*",
        "javascript:alert(1)", "https://a.com\r", "https://-a.com", "null",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused(line: str) -> None:
    """Nothing of it reaches a header."""
    origins, wrong = read_origins(line)
    assert (origins == () and wrong is not None) or origins == ("https://a.com",)
    assert all(mark not in ancestors(origins) for mark in (";", "*", "\r", "@"))


def test_a_secret_is_one_clients_until_it_is_changed() -> None:
    """Another client, another number, another user or name: another signature."""
    secret = user_secret(b"m", Widget(client_id=1))
    good = user_signature(secret, "7", "王")
    assert signature_holds(secret, "7", "王", good.upper())
    for other in (user_secret(b"m", Widget(client_id=2)), user_secret(b"m", Widget(client_id=1, secret_no=2))):
        assert not signature_holds(other, "7", "王", good)
    for user, name, given in (
        ("8", "王", good),
        ("7", "", good),
        ("7\n王", "x", good),
        ("7", "王", ""),
        ("7", "王", "é"),
    ):
        assert not signature_holds(secret, user, name, given)


async def test_leads_set_the_sites_and_agents_do_not(world: World) -> None:
    """A lead saves and makes a new secret; an agent sees nothing of it; an unknown client is no page."""
    place = f"/desk/settings/widget/{world.client.slug}"
    tom, lin = await world.signed_in("tom"), await world.signed_in("lin")
    assert [(await lin.get(path)).status_code for path in ("/desk/settings/widget", place)] == [403, 403]
    assert (await submit(lin, "/desk/account", place, origins="https://a.example")).status_code == 403
    assert (await submit(tom, place, place, origins="https://a.example")).status_code == 303
    before = (await tom.get(place)).text
    assert "https://a.example" in before
    assert (await submit(tom, place, f"{place}/secret")).status_code == 303
    after = (await tom.get(place)).text
    secret = [page.split('id="secret" readonly value="')[1][:64] for page in (before, after)]
    assert secret[0] != secret[1]
    assert "https://a.example" in (await tom.get("/desk/settings/widget")).text
    assert (await tom.get("/desk/settings/widget/nobody")).status_code == 404

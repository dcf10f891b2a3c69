import pytest

from console.rendering import page_link
from tests.unit.console.world import World


async def test_a_client_opens_a_page_by_its_link(world: World) -> None:
    """The signed link works without signing in; the page is safe and its headings have anchors."""
    answer = await world.browser().get(page_link("en/wordpress/reset", "steps", secret=world.deps.secret))
    assert answer.status_code == 200
    assert '<h2 id="steps">' in answer.text
    assert "<script>alert" not in answer.text
    assert 'href="javascript' not in answer.text
    assert 'href="https://wordpress.org/"' in answer.text


@pytest.mark.parametrize("signature", ["", "AAAAAAAAAAAAAAAAAAAAAA", "%00", "é"])
async def test_a_forged_link_opens_nothing(world: World, signature: str) -> None:
    """And does not tell whether the page exists."""
    browser = world.browser()
    forged = await browser.get("/m/en/wordpress/reset", params={"s": signature})
    missing = await browser.get("/m/en/no/such/page", params={"s": signature})
    assert (forged.status_code, missing.status_code) == (404, 404)


async def test_an_internal_page_is_never_public(world: World) -> None:
    """Not by a link that is signed for it, not for signed-in staff; they read it in the desk."""
    link = page_link("internal/site-down", secret=world.deps.secret)
    staff = await world.signed_in()
    assert (await world.browser().get(link)).status_code == 404
    assert (await staff.get("/m/internal/site-down")).status_code == 404
    answer = await staff.get("/desk/manual/internal/site-down")
    assert answer.status_code == 200
    assert "Internal page" in answer.text


async def test_staff_see_the_list(world: World) -> None:
    """Every page with audience and language; client pages need no signature for staff."""
    staff = await world.signed_in()
    html = (await staff.get("/desk/manual")).text
    assert "Live version 1" in html
    assert "Site down SOP" in html
    assert (await staff.get("/m/en/wordpress/reset")).status_code == 200
    assert (await staff.get("/desk/manual/no/such")).status_code == 404

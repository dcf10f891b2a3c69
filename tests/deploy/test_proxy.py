"""The proxies as we ship them, in front of the real program: TLS, live chat, limits, and whom it believes about addresses."""

import asyncio
import re
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.proxies import Proxy, free_ports, running
from tests.server import Server

pytestmark = [pytest.mark.proxy, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]
FORGED = "6.6.6.6"
HSTS = "max-age=31536000"


class House:
    """The program behind a proxy."""

    def __init__(self, proxy: Proxy, server: Server) -> None:
        self.proxy, self.server = proxy, server

    def browser(self, **options: object) -> httpx.AsyncClient:
        """A client at the proxy's door; `local` is the address it comes from."""
        local = options.pop("local", "127.0.0.1")
        transport = httpx.AsyncHTTPTransport(verify=self.proxy.trusting, local_address=str(local))
        return httpx.AsyncClient(base_url=self.proxy.https, transport=transport, timeout=30, **options)  # type: ignore[arg-type]

    def addresses(self) -> set[str]:
        """From which addresses the program believes to have been asked for new chats."""
        with closing(sqlite3.connect(self.server.data / "aftercare.sqlite3")) as db:
            rows = db.execute("SELECT bucket FROM rate WHERE bucket LIKE 'web-from:%'").fetchall()
        return {row[0].partition(":")[2] for row in rows}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["nginx", "caddy"])
async def house(
    request: pytest.FixtureRequest, indexed: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """The program behind the proxy, told where clients reach it and whom to believe."""
    folder = tmp_path_factory.mktemp(request.param)
    await asyncio.to_thread(shutil.copytree, indexed, folder / "data")
    http, https = free_ports(2)
    public = {"PUBLIC_URL": f"https://127.0.0.1:{https}", "AFTERCARE_TRUSTED_PROXIES": "127.0.0.1, ::1"}
    server = Server(folder / "data", **public)
    try:
        await asyncio.to_thread(server.start)
        upstream = server.url.removeprefix("http://")
        with running(request.param, folder / "proxy", upstream=upstream, ports=(http, https)) as proxy:
            yield House(proxy, server)
    finally:
        await asyncio.to_thread(server.abandon)


async def chat(http: httpx.AsyncClient) -> str:
    """The address of a new visitor's chat."""
    found = re.search(r'data-api="([^"]+)"', (await http.get("/")).text)
    assert found
    return found[1]


async def test_http_becomes_https(house: House) -> None:
    """With the path and the query, for good, whatever the method."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{house.proxy.http}/desk?view=late")
    assert answer.status_code == 308
    led = httpx.URL(answer.headers["location"])  # Caddy leaves out a port of https, even one of the tests
    assert (led.scheme, led.host, led.raw_path) == ("https", "127.0.0.1", b"/desk?view=late")


async def test_browsers_are_told_to_stay_with_https_once(house: House) -> None:
    """On our pages and on the proxy's own refusals."""
    async with house.browser() as http:
        for path in ("/", "/desk/sign-in", "/metrics"):
            assert (await http.get(path)).headers.get_list("strict-transport-security") == [HSTS], path


async def test_what_watches_is_not_for_everybody(house: House) -> None:
    """Nobody outside reads figures; a balancer may ask whether we are there."""
    async with house.browser() as http:
        assert [(await http.get(path)).status_code for path in ("/metrics", "/readyz", "/healthz")] == [404, 404, 200]


async def test_a_colleague_signs_in_with_cookies_for_https_alone(house: House) -> None:
    """The one-time password works through the proxy; the form's guard holds; every cookie is secure."""
    async with house.browser() as http:
        page = await http.get("/desk/sign-in")
        fields = dict(re.findall(r'<input[^>]+name="([^"]+)"[^>]*value="([^"]*)"', page.text))
        fields |= {"login": "admin", "password": house.server.password()}
        answer = await http.post("/desk/sign-in", data=fields, headers={"Origin": house.proxy.https})
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith("/desk")
        cookies = answer.headers.get_list("set-cookie")
        assert cookies
        assert all("Secure" in each and "HttpOnly" in each for each in cookies)
        assert (await http.get("/desk/password")).status_code == 200


async def test_a_chat_is_live(house: House) -> None:
    """An event reaches the reader while the stream is open: nothing on the way holds it back."""
    async with house.browser() as http:
        api = await chat(http)
        first = {"id": str(uuid.uuid4()), "text": "您好"}
        headers = {"Origin": house.proxy.https, "Sec-Fetch-Site": "same-origin"}
        assert (await http.post(f"{api}/messages", json=first, headers=headers)).status_code == 202
        async with http.stream("GET", f"{api}/stream") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            asked = {"id": str(uuid.uuid4()), "text": "后台密码忘了怎么办？"}
            assert (await http.post(f"{api}/messages", json=asked, headers=headers)).status_code == 202
            async with asyncio.timeout(30):
                seen = 0
                async for line in lines:
                    seen += line.startswith(("data:", "event:"))
                    if seen:
                        break
            assert seen


async def test_too_large_an_upload_is_refused(house: House) -> None:
    """By the program where a path takes less than the proxy does, by the proxy above all that is taken."""
    async with house.browser() as http:
        api = await chat(http)
        assert (await http.post("/desk/sign-in", content=b"x" * 300_000)).status_code == 413
    url = httpx.URL(house.proxy.https)
    reader, writer = await asyncio.open_connection(url.host, url.port, ssl=house.proxy.trusting)
    size = 66 * 1024 * 1024
    head = f"POST {api}/messages HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Length: {size}\r\n\r\n"

    async def send() -> None:
        writer.write(head.encode())
        with suppress(ConnectionError):  # it may be refused before it is all sent
            for _ in range(66):
                writer.write(b"x" * 1024 * 1024)
                await writer.drain()

    sending = asyncio.create_task(send())
    async with asyncio.timeout(60):
        assert (await reader.readline()).split()[1] == b"413"
    sending.cancel()
    writer.transport.abort()
    await asyncio.wait({sending})


async def test_a_forged_address_is_not_believed(house: House) -> None:
    """The program sees whom the proxy sees; a client's own word on it changes nothing, at neither door."""
    said = {"X-Forwarded-For": FORGED, "X-Real-IP": FORGED, "Forwarded": f"for={FORGED}", "X-Forwarded-Proto": "http"}
    async with house.browser(local="127.0.0.2", headers=said) as http:
        api = await chat(http)
        asked = {"id": str(uuid.uuid4()), "text": "您好"}
        assert (await http.post(f"{api}/messages", json=asked)).status_code == 202
    direct = httpx.AsyncHTTPTransport(local_address="127.0.0.3")
    async with httpx.AsyncClient(base_url=house.server.url, transport=direct, headers=said) as http:
        api = await chat(http)
        # The visitor's cookie is for https alone, so it is given by hand here.
        http.headers["Cookie"] = "; ".join(f"{each.name}={each.value}" for each in http.cookies.jar)
        asked = {"id": str(uuid.uuid4()), "text": "您好"}
        assert (await http.post(f"{api}/messages", json=asked)).status_code == 202
    assert {"127.0.0.2", "127.0.0.3"} <= house.addresses()
    assert FORGED not in house.addresses()


async def test_nobody_is_believed_unless_named(indexed: Path, tmp_path: Path) -> None:
    """Without AFTERCARE_TRUSTED_PROXIES the program believes no header, not even from its own machine."""
    await asyncio.to_thread(shutil.copytree, indexed, tmp_path / "data")
    server = Server(tmp_path / "data", FORWARDED_ALLOW_IPS="*")
    try:
        await asyncio.to_thread(server.start)
        async with httpx.AsyncClient(base_url=server.url, headers={"X-Forwarded-For": FORGED}, trust_env=False) as http:
            api = await chat(http)
            asked = {"id": str(uuid.uuid4()), "text": "您好"}
            assert (await http.post(f"{api}/messages", json=asked)).status_code == 202
        with closing(sqlite3.connect(server.data / "aftercare.sqlite3")) as db:
            rows = [row[0] for row in db.execute("SELECT bucket FROM rate WHERE bucket LIKE 'web-from:%'")]
        assert rows == ["web-from:127.0.0.1"]
    finally:
        await asyncio.to_thread(server.abandon)

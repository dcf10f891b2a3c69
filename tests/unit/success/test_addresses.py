"""Where our requests may go: public addresses alone, however they are written and whatever a name resolves to."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from success.addresses import PUBLIC, BadUrl, Refused, Unresolved, is_public


def resolver(*answers: Sequence[str]):
    """Gives these answers, one after another, the last for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        del host, port
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9",
        "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "2002:7f00:1::1", "2002:a00:1::", "2001:0:7f00:1::f5ff:fffe",
    ],
)  # fmt: skip
def test_what_is_not_the_worlds_is_refused(address: str) -> None:
    """This machine, private and shared nets, link-local, multicast, reserved, documentation; wrapped ones too."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_what_is_the_worlds_is_allowed(address: str) -> None:
    """Global addresses, also behind a translator."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("//example.com/", "scheme"),
        ("https://user:pw@example.com/", "user"),
        ("https://example.com@127.0.0.1/", "user"),
        ("https://2130706433/", "number"),
        ("https://0x7f000001/", "number"),
        ("https://0177.0.0.1/", "number"),
        ("https://127.1/", "number"),
        ("https://0x7f.1/", "number"),
        ("https://127.0.0.0x1/", "number"),
        ("https://127.0.0.1./", "number"),
        ("https://localhost/", "local"),
        ("https://LOCALHOST./", "local"),
        ("https://db/", "local"),
        ("https://printer.local/", "local"),
        ("https://metadata.google.internal/", "local"),
        ("https://", "host"),
        ("https://exa mple.com/", "host"),
        ("https://example.com\\@127.0.0.1/", "host"),
        ("https://example.com\r\nHost: x/", "host"),
        ("https://例え.jp/", "host"),
        ("https://[::1/", "host"),
        ("https://example.com:99999/", "host"),
        ("https://example.com:0/", "port"),
        ("https://example.com/" + "a" * 600, "long"),
    ],
)
def test_urls_that_nothing_is_sent_to(url: str, why: str) -> None:
    """Other schemes, users, numbers written oddly, local names, hosts that are none."""
    with pytest.raises(BadUrl) as refused:
        PUBLIC.check(url)
    assert refused.value.why == why


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "[fe80::1]", "169.254.169.254"]
)
def test_literal_addresses_are_vetted_without_resolving(host: str) -> None:
    """A private address in a URL is refused where it is typed."""
    with pytest.raises(Refused):
        PUBLIC.check(f"https://{host}/")


async def test_the_vetted_address_is_the_one_that_is_connected_to() -> None:
    """The name stays for TLS and Host; a second look-up with another answer plays no part (rebinding)."""
    resolve = resolver(["93.184.216.34"], ["127.0.0.1"])
    vetted = await PUBLIC.vet("https://hooks.example.com/in?a=1#part", resolve=resolve)
    assert vetted.direct == "https://93.184.216.34:443/in?a=1"
    assert (vetted.host, vetted.authority) == ("hooks.example.com", "hooks.example.com")
    with pytest.raises(Refused):
        await PUBLIC.vet("https://hooks.example.com/in", resolve=resolve)


async def test_one_bad_address_spoils_the_name() -> None:
    """A name that leads to the world and to us as well is not used at all."""
    with pytest.raises(Refused) as refused:
        await PUBLIC.vet("https://two.example/", resolve=resolver(["93.184.216.34", "::ffff:10.0.0.1"]))
    assert (refused.value.host, refused.value.ip) == ("two.example", str(ip_address("::ffff:10.0.0.1")))


async def test_ports_and_ipv6_are_kept_in_the_address() -> None:
    """The Host header names a port that is not usual; IPv6 stands in brackets."""
    vetted = await PUBLIC.vet("https://six.example:8443/x", resolve=resolver(["2606:4700::1111"]))
    assert (vetted.direct, vetted.authority) == ("https://[2606:4700::1111]:8443/x", "six.example:8443")


async def test_a_name_that_nobody_knows() -> None:
    """Neither an empty answer nor a failing resolver is a way in."""

    async def fails(host: str, port: int) -> Sequence[str]:
        raise OSError(host, port)

    for resolve in (resolver([]), fails):
        with pytest.raises(Unresolved):
            await PUBLIC.vet("https://gone.example/", resolve=resolve)

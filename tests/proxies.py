"""The proxies of deploy/ in front of a program on loopback: the shipped files, with only ports, names and keys put in."""

import datetime as dt
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SHIPPED = Path(__file__).resolve().parents[1] / "deploy" / "proxy"
MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/aftercare.conf;
}}
"""


def program(name: str) -> str:
    """Where a proxy's program is; skips where it is not on the machine, unless this is the pipeline's."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"needs the Debian package {name}")
    assert found is not None
    return found


@dataclass(frozen=True)
class Proxy:
    """One that runs: `https` is what clients open; its certificate is known to `trusting`."""

    http: str
    https: str
    trusting: ssl.SSLContext


def free_ports(number: int) -> list[int]:
    """As many ports of loopback that nobody uses."""
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-made certificate of 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "cert.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*plain))
    return file, secret


def put_in(text: str, **changes: str) -> str:
    """The text with each of these, which must stand in it, changed."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx_conf(folder: Path, *, upstream: str, http: int, https: int, cert: Path, key: Path) -> Path:
    """The shipped file for these ports; the path of a main file that includes it."""
    conf = put_in(
        (SHIPPED / "nginx.conf").read_text("utf-8"),
        **{
            "server 127.0.0.1:8000;": f"server {upstream};",
            "    listen 80;": f"    listen 127.0.0.1:{http};",
            "    listen [::]:80;\n": "",
            "    listen 443 ssl http2;": f"    listen 127.0.0.1:{https} ssl http2;",
            "    listen [::]:443 ssl http2;\n": "",
            "desk.example;": "127.0.0.1;",
            "/etc/letsencrypt/live/desk.example/fullchain.pem": str(cert),
            "/etc/letsencrypt/live/desk.example/privkey.pem": str(key),
            "https://$host$request_uri": f"https://$host:{https}$request_uri",
        },
    )
    (folder / "aftercare.conf").write_text(conf, "utf-8")
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""), "utf-8")
    return main


def caddyfile(folder: Path, *, http: int, https: int, cert: Path, key: Path) -> Path:
    """The shipped file with ports of loopback, and with a certificate of ours instead of one that Caddy gets."""
    options = (
        f"{{\n\tadmin off\n\tgrace_period 2s\n\thttp_port {http}\n\thttps_port {https}\n\tdefault_bind 127.0.0.1\n"
    )
    options += f"\tdefault_sni 127.0.0.1\n\tstorage file_system {folder / 'storage'}\n}}\n"
    own = (SHIPPED / "Caddyfile").read_text("utf-8")
    own = put_in(own, **{"{$AFTERCARE_DOMAIN} {\n": f"{{$AFTERCARE_DOMAIN}} {{\n\ttls {cert} {key}\n"})
    file = folder / "Caddyfile"
    file.write_text(options + own, "utf-8")
    return file


@contextmanager
def running(name: str, folder: Path, *, upstream: str, ports: tuple[int, int]) -> Iterator[Proxy]:
    """Run `nginx` or `caddy` before what listens at `upstream`."""
    binary, (http, https) = program(name), ports
    folder.mkdir()
    cert, key = certificate(folder)
    if name == "nginx":
        main = nginx_conf(folder, upstream=upstream, http=http, https=https, cert=cert, key=key)
        command = [binary, "-p", str(folder), "-e", str(folder / "nginx.log"), "-c", str(main)]
    else:
        file = caddyfile(folder, http=http, https=https, cert=cert, key=key)
        command = [binary, "run", "--adapter", "caddyfile", "--config", str(file)]
    told = {**os.environ, "HOME": str(folder), "AFTERCARE_DOMAIN": "127.0.0.1", "AFTERCARE_UPSTREAM": upstream}
    trusting = ssl.create_default_context(cafile=str(cert))
    with (folder / "printed").open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=told)
    try:
        proxy = Proxy(f"http://127.0.0.1:{http}", f"https://127.0.0.1:{https}", trusting)
        for _ in range(300):
            assert process.poll() is None, (folder / "printed").read_text("utf-8")
            with suppress(httpx.TransportError):
                httpx.get(f"{proxy.https}/healthz", verify=trusting, trust_env=False)
                break
            time.sleep(0.1)
        yield proxy
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)

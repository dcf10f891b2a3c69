"""Who may read `/metrics`: whoever has the token that is set, else only this machine and its private network."""

import hmac
from ipaddress import ip_address
from typing import Annotated, Final

from fastapi import Header, HTTPException, Request
from pydantic import SecretStr

_REFUSED: Final = {"WWW-Authenticate": 'Bearer realm="metrics"'}


class MetricsDoor:
    """A dependency of the route: 401 with a wrong token, 403 from outside where none is set."""

    def __init__(self, token: SecretStr | None) -> None:
        self._token = token.get_secret_value().encode() if token is not None else None

    def __call__(self, request: Request, authorization: Annotated[str, Header()] = "") -> None:
        """Let a reader in, or raise."""
        if self._token is None:
            if not is_near(request.client.host if request.client else ""):
                raise HTTPException(403, "set AFTERCARE_METRICS_TOKEN to read the metrics from here")
            return
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token):
            raise HTTPException(401, "no valid token", headers=_REFUSED)


def is_near(address: str) -> bool:
    """Whether an address is of this machine, or of a private network."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    seen = mapped or ip
    return seen.is_loopback or (seen.is_private and not seen.is_unspecified)

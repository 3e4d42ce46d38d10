"""Sign a webhook's body and check its signature, as GitHub does: `sha256=` and the HMAC-SHA256 of the body in hex."""

import hashlib
import hmac
import re
from collections.abc import Sequence

SHORTEST_SECRET = 16
"""Characters that a webhook secret must have: a shorter one can be guessed."""

_SIGNATURE = re.compile(rb"sha256=[0-9a-f]{64}")


def sign(body: bytes, secret: bytes) -> str:
    """Return the value of `X-Hub-Signature-256` for a body."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, signature: bytes, secrets: Sequence[bytes]) -> bool:
    """Tell whether a body is signed with one of our secrets; while a secret is changed there are two.

    `signature` is the header as it came, byte for byte. Everything is compared as bytes and in constant time, and all
    secrets are tried, so that neither text outside ASCII nor the time taken says anything. Empty secrets never fit.
    """
    expected = [sign(body, secret).encode() for secret in secrets if secret]
    fits = [hmac.compare_digest(signature, one) for one in expected]
    return _SIGNATURE.fullmatch(signature) is not None and any(fits)

"""What a value is told by: the SHA-256 of its canonical JSON."""

import hashlib
import json

from cicd_defs.facts.value import Value


def digest_of(value: Value) -> str:
    """The SHA-256, in hex, of a value's JSON with sorted keys and no spaces. Equal values have equal digests."""
    text = json.dumps(value.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

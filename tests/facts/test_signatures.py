"""Signatures of webhooks."""

import pytest

from cicd_defs.facts.github.signatures import is_signed, sign

SECRET = b"It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_github_s_own_example_is_signed_as_github_signs_it():
    assert sign(BODY, SECRET) == SIGNED


@pytest.mark.parametrize("secrets", [[SECRET], [b"the new one", SECRET], [SECRET, b"the old one"]])
def test_a_body_may_be_signed_with_either_secret(secrets):
    assert is_signed(BODY, SIGNED.encode(), secrets)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"sha256=",
        SIGNED.upper().encode(),
        SIGNED.replace("sha256", "sha1").encode(),
        SIGNED.removeprefix("sha256=").encode(),
        SIGNED.encode() + b"\n",
        SIGNED.encode() + b"0",
        b" " + SIGNED.encode(),
        SIGNED[:-1].encode() + b"8",
        "sha256=é".encode(),
        b"sha256=" + b"\xff" * 64,
        ("sha256=" + "٠" * 64).encode(),
    ],
)
def test_other_signatures_are_refused(signature):
    assert not is_signed(BODY, signature, [SECRET])


def test_no_secret_and_an_empty_one_fit_nothing():
    assert not is_signed(BODY, SIGNED.encode(), [])
    assert not is_signed(BODY, sign(BODY, b"").encode(), [b""])


def test_every_byte_of_the_body_counts():
    for place in range(len(BODY)):
        flipped = bytearray(BODY)
        flipped[place] ^= 1
        assert not is_signed(bytes(flipped), SIGNED.encode(), [SECRET])

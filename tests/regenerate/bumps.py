"""What bots do to pins: another commit and version of an action, another digest of an image, another revision."""

import random
import re

ACTION = re.compile(r"(?<=uses: )([\w./-]+)@([0-9a-f]{40}) # v(\d+)\.(\d+)\.(\d+)")
IMAGE = re.compile(r"[\w./-]+(?::[\w.-]+)?@sha256:([0-9a-f]{64})")
REVISION = re.compile(r'(?<=rev: )"([0-9a-f]{40})" # frozen: v(\d+)\.(\d+)\.(\d+)')


def bumped(order: random.Random, text: str) -> tuple[str, str, str] | None:
    """The text after a bot came by, with the pin that it replaced everywhere, and the one that it put there."""
    found = [match for form in (ACTION, IMAGE, REVISION) for match in form.finditer(text)]
    if not found:
        return None
    match = order.choice(found)
    before, after = match[0], _moved(order, match)
    return text.replace(before, after), before, after


def _moved(order: random.Random, match: re.Match[str]) -> str:
    if match.re is IMAGE:
        return match[0].replace(match[1], f"{order.getrandbits(256):064x}")
    commit = f"{order.getrandbits(160):040x}"
    if match.re is REVISION:
        version = f"v{int(match[2]) + 1}.{order.randint(0, 9)}.0"
        # pre-commit's own updates: with and without `--freeze`
        return order.choice([f'"{commit}"  # frozen: {version}', f'"{version}"'])
    version = f"v{match[3]}.{int(match[4]) + order.randint(1, 5)}.{order.randint(0, 9)}"
    return f"{match[1]}@{commit} # {version}"

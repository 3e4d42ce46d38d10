"""A container image is used by a tag that can move.

**Why it matters** The registry can hold another image behind the same tag tomorrow: what a job runs in, or runs
beside, then changes without a commit.
**How to fix** Put the digest behind the tag. Digests come from the dated table that comes with this program; an image
that is not in it is reported and never guessed.
**Example** `postgres:17-alpine` becomes `postgres:17-alpine@sha256:742f40ea…`.
"""

from cicd_defs.facts.findings import Fix
from cicd_defs.facts.source import Source
from cicd_defs.facts.yaml_nodes import Mapping, Scalar
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import replace_scalar
from cicd_defs.plan import pins


def fix(place: Place) -> Fix | None:
    """The digest of the same tag, where it is known."""
    node = place.node
    image = node.scalar("image") if isinstance(node, Mapping) else node
    return pinned_image(place.source, image) if isinstance(image, Scalar) else None


def pinned_image(source: Source, written: Scalar, scheme: str = "") -> Fix | None:
    """An image with the digest behind its tag. A registry's own name for its official images is left out to look."""
    reference = written.text.strip().removeprefix(scheme)
    plain = reference.removeprefix("docker.io/").removeprefix("library/")
    known = pins.image(plain)
    if known == plain:
        return None
    edit = replace_scalar(source, written, f"{scheme}{reference}@{known.partition('@')[2]}")
    return Fix(f"Pin {reference} to its digest", (edit,)) if edit else None

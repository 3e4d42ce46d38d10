"""Stands in for docker/metadata-action: a tag of the commit for each image, and one label."""

import json
import os
from pathlib import Path

inputs = json.loads(os.environ["INPUTS"])
commit = os.environ["GITHUB_SHA"]
tags = [f"{image.strip()}:sha-{commit}" for image in inputs["images"].splitlines() if image.strip()]
with Path(os.environ["GITHUB_OUTPUT"]).open("a") as output:
    output.write(
        "\n".join(["tags<<END", *tags, "END", f"labels=org.opencontainers.image.revision={commit}", ""])
    )

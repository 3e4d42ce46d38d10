from pathlib import Path

import pytest

from tests.act import prepare_python


@pytest.fixture(scope="session")
def python(tmp_path_factory) -> Path:
    """What jobs that set Python up need, made once."""
    return prepare_python(tmp_path_factory.mktemp("python"))

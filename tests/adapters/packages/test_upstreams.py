import os
import shutil

import pytest

from cicd_defs.adapters.packages.upstreams import upstreams


@pytest.fixture
def environ(tmp_path):
    """An environment in which nobody has set anything."""
    return {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": str(tmp_path / "pip"),
    }


@pytest.mark.parametrize(
    ("variables", "config", "given", "expected"),
    [
        ({"PIP_INDEX_URL": "https://me:pw@a.example/simple/"}, "", "", "https://me:pw@a.example/simple"),
        ({}, "index-url = http://b.example/simple", "", "http://b.example/simple"),
        ({"PIP_INDEX_URL": "https://a.example"}, "index-url = http://b.example", "", "https://a.example"),
        ({"PIP_INDEX_URL": "https://a.example"}, "", "https://c.example/x/", "https://c.example/x"),
    ],
)
def test_the_index_that_pip_uses_is_found(tmp_path, environ, variables, config, given, expected):
    (tmp_path / "pip").write_text(f"[global]\n{config}\n")
    assert upstreams({**environ, **variables}, pypi=given).pypi == expected


def test_who_set_an_index_of_files_wants_no_other(tmp_path, environ):
    (tmp_path / "pip").write_text("[global]\nindex-url = file:///somewhere/simple\n")
    assert upstreams(environ).pypi == ""


@pytest.mark.parametrize("config", ["", "extra-index-url = https://e.example", "find-links = /somewhere"])
def test_without_an_index_it_is_pips_own(tmp_path, environ, config):
    (tmp_path / "pip").write_text(f"[global]\n{config}\n")
    found = upstreams(environ).pypi
    assert found.startswith("https://")
    assert found.endswith("/simple")
    assert "example" not in found


def test_the_registry_that_npm_uses_is_found(tmp_path, environ):
    (tmp_path / "bin").mkdir()
    npm = tmp_path / "bin/npm"
    npm.write_text('#!/bin/sh\n[ "$3" = registry ] && echo http://n.example/npm/ || echo null\n')
    npm.chmod(0o755)
    assert upstreams(environ).npm == "http://n.example/npm"
    npm.write_text("#!/bin/sh\nexit 1\n")
    assert upstreams(environ).npm == ""
    assert upstreams(environ, npm="https://m.example").npm == "https://m.example"


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_a_real_npm_is_asked(environ):
    assert upstreams({**environ, "npm_config_registry": "https://r.example/"}).npm == "https://r.example"


def test_files_of_certificates_are_found_where_they_are_there(tmp_path, environ):
    (tmp_path / "ca.pem").touch()
    (tmp_path / "pip").write_text(f"[global]\ncert = {tmp_path}/ca.pem\n")
    found = upstreams(
        {**environ, "SSL_CERT_FILE": "/nonexistent", "NODE_EXTRA_CA_CERTS": str(tmp_path / "ca.pem")}
    )
    assert found.certificates.count(str(tmp_path / "ca.pem")) == 1
    assert "/nonexistent" not in found.certificates

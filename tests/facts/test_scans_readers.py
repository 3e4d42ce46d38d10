"""What the tools answer, read. `recorded/` holds what bandit 1.9.4, pip-audit 2.10.1, npm 11 and detect-secrets 1.5.0
really answered about small repositories, the two that ask others through a server that knows one vulnerability. The
answers of cargo-audit, govulncheck and trivy are written after their documented forms:
https://docs.rs/rustsec/latest/rustsec/report/, https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck,
https://trivy.dev/latest/docs/configuration/reporting/#json.
"""

import json
from pathlib import Path

import pytest

from cicd_defs.facts.scans import UnreadableAnswer
from cicd_defs.facts.scans_code import read_bandit
from cicd_defs.facts.scans_dependencies import (
    npm_complaint,
    read_cargo_audit,
    read_govulncheck,
    read_npm_audit,
    read_pip_audit,
    severity_of_cvss,
)
from cicd_defs.facts.scans_images import read_trivy
from cicd_defs.facts.scans_secrets import Known, read_secrets, secret_findings, unknown

RECORDED = Path(__file__).parent / "recorded"

CARGO_ANSWER = json.dumps(
    {
        "database": {"advisory-count": 700, "last-commit": "c" * 40, "last-updated": "2026-11-01T00:00:00Z"},
        "lockfile": {"dependency-count": 12},
        "settings": {"target_arch": [], "ignore": [], "informational_warnings": ["unmaintained"]},
        "vulnerabilities": {
            "found": True,
            "count": 1,
            "list": [
                {
                    "advisory": {
                        "id": "RUSTSEC-2026-0001",
                        "package": "thin-tray",
                        "title": "thin-tray drops what it carries",
                        "cvss": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
                        "url": None,
                        "aliases": ["CVE-2026-0001"],
                    },
                    "versions": {"patched": [">=2.0.1"], "unaffected": []},
                    "affected": None,
                    "package": {
                        "name": "thin-tray",
                        "version": "2.0.0",
                        "source": "registry",
                        "checksum": "0",
                    },
                }
            ],
        },
        "warnings": {
            "unmaintained": [
                {
                    "kind": "unmaintained",
                    "package": {"name": "old-crate", "version": "0.1.0"},
                    "advisory": {
                        "id": "RUSTSEC-2026-0009",
                        "title": "old-crate is unmaintained",
                        "cvss": None,
                    },
                    "versions": {"patched": [], "unaffected": []},
                }
            ],
            "yanked": [
                {
                    "kind": "yanked",
                    "package": {"name": "gone", "version": "0.2.0"},
                    "advisory": None,
                    "versions": None,
                }
            ],
        },
    }
)
GO_ANSWER = "\n".join(
    json.dumps(message, indent=2)
    for message in (
        {"config": {"protocol_version": "v1.0.0", "scanner_name": "govulncheck", "scan_level": "module"}},
        {"progress": {"message": "Fetching vulnerabilities from the database..."}},
        {
            "osv": {
                "id": "GO-2026-0001",
                "aliases": ["CVE-2026-0002"],
                "summary": "Tray tips in example.com/tray",
            }
        },
        {
            "finding": {
                "osv": "GO-2026-0001",
                "fixed_version": "v0.3.7",
                "trace": [{"module": "example.com/tray", "version": "v0.3.5"}],
            }
        },
        {
            "finding": {
                "osv": "GO-2026-0001",
                "fixed_version": "v0.3.7",
                "trace": [
                    {"module": "example.com/tray", "version": "v0.3.5", "package": "example.com/tray/tip"}
                ],
            }
        },
    )
)
TRIVY_CONFIG = json.dumps(
    {
        "SchemaVersion": 2,
        "ArtifactName": ".",
        "ArtifactType": "filesystem",
        "Results": [
            {
                "Target": "api/Dockerfile",
                "Class": "config",
                "Type": "dockerfile",
                "MisconfSummary": {"Successes": 20, "Failures": 1},
                "Misconfigurations": [
                    {
                        "Type": "Dockerfile Security Check",
                        "ID": "DS-0002",
                        "Title": "Image user should not be 'root'",
                        "Message": "Specify at least 1 USER command in Dockerfile",
                        "Resolution": "Add 'USER <non root user name>' line",
                        "Severity": "HIGH",
                        "PrimaryURL": "https://avd.aquasec.com/misconfig/ds-0002",
                        "Status": "FAIL",
                        "CauseMetadata": {"Provider": "Dockerfile", "Service": "general", "StartLine": 3},
                    },
                    {
                        "ID": "DS-0001",
                        "Title": "':latest' tag used",
                        "Message": "fine",
                        "Severity": "MEDIUM",
                        "Status": "PASS",
                    },
                ],
            }
        ],
    }
)
TRIVY_IMAGE = json.dumps(
    {
        "SchemaVersion": 2,
        "ArtifactName": "ghcr.io/acme/shop:main",
        "ArtifactType": "container_image",
        "Results": [
            {
                "Target": "ghcr.io/acme/shop:main (debian 12.8)",
                "Class": "os-pkgs",
                "Type": "debian",
                "Vulnerabilities": [
                    {
                        "VulnerabilityID": "CVE-2026-0003",
                        "PkgName": "libtray",
                        "InstalledVersion": "1.0-1",
                        "FixedVersion": "1.0-2",
                        "Severity": "CRITICAL",
                        "Title": "libtray: tips over",
                        "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2026-0003",
                    }
                ],
            },
            {"Target": "Java", "Class": "lang-pkgs", "Type": "jar"},
        ],
    }
)


def recorded(name):
    return (RECORDED / f"{name}.json").read_bytes()


FILES = {
    "shop/run.py": "import subprocess\n\n\ndef run(words):\n    subprocess.run(words, shell=True)\n\n\n"
    "def again(words):\n    subprocess.run(words, shell=True)\n",
    "shop/login.py": "PASSWORD = 'correct-horse'\n\n\ndef known(words):\n    return eval(words)  # nosec B307\n",
    "shop/broken.py": "def (\n",
}


def test_bandit():
    scanned = read_bandit(recorded("bandit"), FILES)
    assert [(one.rule, one.file, one.line, one.severity) for one in scanned.findings] == [
        ("B105", "shop/login.py", 1, "low"),
        ("B404", "shop/run.py", 1, "low"),
        ("B602", "shop/run.py", 5, "high"),
        ("B602", "shop/run.py", 9, "high"),
    ]
    assert scanned.findings[0].message == "Possible hardcoded password"
    assert scanned.findings[2].said == "HIGH, confidence HIGH"
    assert scanned.suppressed == 1
    [run] = scanned.runs
    assert [one.file for one in run.unread] == ["shop/broken.py"]
    assert "correct-horse" not in scanned.model_dump_json()


def test_pip_audit():
    answer = read_pip_audit(recorded("pip_audit"), "requirements.txt")
    [finding] = answer.findings
    assert (finding.rule, finding.subject, finding.fix) == ("PYSEC-2026-1", "thin-tray 2.0.0", "2.0.1")
    assert (finding.severity, finding.said) == ("high", "")
    assert "CVE-2026-0001" in finding.message
    assert answer.run.looked_at == "2 packages"


def test_a_package_that_pip_audit_skips_is_not_evaluated():
    told = {
        "dependencies": [{"name": "ours", "skip_reason": "Dependency not found: ours (1.0)"}],
        "fixes": [],
    }
    answer = read_pip_audit(json.dumps(told).encode(), "requirements.txt")
    assert [(one.file, one.reason) for one in answer.run.unread] == [
        ("ours", "Dependency not found: ours (1.0)")
    ]


def test_npm_audit():
    answer = read_npm_audit(recorded("npm_audit"), "package-lock.json")
    [finding] = answer.findings  # left-basket is only affected through thin-tray
    assert (finding.rule, finding.subject) == ("GHSA-aaaa-bbbb-cccc", "thin-tray <2.0.1")
    assert (finding.severity, finding.said, finding.fix) == ("medium", "moderate", "npm audit fix")


def test_npm_audit_that_reached_nobody():
    assert "ECONNREFUSED" in npm_complaint(recorded("npm_unreachable"))
    assert npm_complaint(recorded("npm_audit")) == ""
    with pytest.raises(UnreadableAnswer, match="ECONNREFUSED"):
        read_npm_audit(recorded("npm_unreachable"), "package-lock.json")


def test_detect_secrets():
    files, empty = read_secrets(recorded("secret_scan"))
    assert ("app.env", "GitHub Token", 1) in {(one.file, one.kind, one.line) for one in files.found}
    assert {one.file for one in files.allowed} == {"known.py"}
    assert (empty.found, empty.allowed, empty.unread) == ((), (), ())
    known = Known(secrets=frozenset((one.file, one.kind, one.hashed) for one in files.found))
    assert unknown(files.found, known) == ()
    findings = secret_findings([(one, "") for one in files.found])
    assert {one.severity for one in findings if one.rule == "GitHub Token"} == {"high"}
    assert {one.severity for one in findings if one.rule == "Secret Keyword"} <= {"medium"}
    in_history = secret_findings([(one, "c" * 40) for one in files.found])
    assert [one.fingerprint for one in in_history] == [one.fingerprint for one in findings]


def test_cargo_audit():
    answer = read_cargo_audit(CARGO_ANSWER.encode(), "Cargo.lock")
    assert [(one.rule, one.subject, one.severity, one.fix) for one in answer.findings] == [
        ("RUSTSEC-2026-0001", "thin-tray 2.0.0", "high", ">=2.0.1"),
        ("RUSTSEC-2026-0009", "old-crate 0.1.0", "low", ""),
        ("yanked", "gone 0.2.0", "low", ""),
    ]
    assert answer.findings[0].said.startswith("CVSS:3.1/")
    assert answer.run.looked_at == "12 crates"


def test_govulncheck():
    [finding] = read_govulncheck(GO_ANSWER.encode(), "go.mod").findings
    assert (finding.rule, finding.subject, finding.fix) == (
        "GO-2026-0001",
        "example.com/tray v0.3.5",
        "v0.3.7",
    )
    assert finding.severity == "high"
    with pytest.raises(UnreadableAnswer, match="configuration"):
        read_govulncheck(b"{}", "go.mod")


def test_trivy():
    [finding] = read_trivy(TRIVY_CONFIG.encode(), "Dockerfiles")
    assert (finding.rule, finding.file, finding.line, finding.severity) == (
        "DS-0002",
        "api/Dockerfile",
        3,
        "high",
    )
    [finding] = read_trivy(TRIVY_IMAGE.encode(), "ghcr.io/acme/shop:main")
    assert (finding.rule, finding.file, finding.severity) == (
        "CVE-2026-0003",
        "ghcr.io/acme/shop:main",
        "critical",
    )
    assert read_trivy(b'{"SchemaVersion": 2}', "Dockerfiles") == ()


READERS = [
    lambda answer: read_bandit(answer, {}),
    lambda answer: read_pip_audit(answer, "x"),
    lambda answer: read_npm_audit(answer, "x"),
    lambda answer: read_cargo_audit(answer, "x"),
    lambda answer: read_govulncheck(answer, "x"),
    lambda answer: read_trivy(answer, "x"),
    read_secrets,
]
OTHER_SHAPES = (b"", b"null", b"[]", b"{}", b"7", b'"x"', b"\xff", b"[" * 100_000)


@pytest.mark.parametrize("answer", OTHER_SHAPES, ids=lambda answer: repr(answer[:10]))
@pytest.mark.parametrize("read", READERS)
def test_an_answer_of_another_shape_is_told_and_never_taken_for_no_findings(read, answer):
    with pytest.raises(UnreadableAnswer):
        read(answer)


@pytest.mark.parametrize(
    ("vector", "severity"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "critical"),  # 9.8
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "high"),  # 7.5
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "medium"),  # 6.1
        ("CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N", "low"),  # 2.5
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "low"),  # 0.0
        ("CVSS:3.1/AV:N", "high"),
        ("CVSS:4.0/AV:N/AC:L", "high"),
        ("", "high"),
    ],
)
def test_a_cvss_vector_has_the_severity_of_its_base_score(vector, severity):
    assert severity_of_cvss(vector) == severity

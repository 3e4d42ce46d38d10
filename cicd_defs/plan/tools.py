"""Versions of the tools that a runner does not have and that no lock file of the repository names.

Read from the package registries on 2026-11-20, unless a line says otherwise.
"""

BANDIT = "1.9.4"
BUN = "1.4.5"
CARGO_AUDIT = "0.22.0"  # https://crates.io/crates/cargo-audit, 2025-11
GOLANGCI_LINT = "v2.5.0"  # https://github.com/golangci/golangci-lint/releases, 2025-09
GOSEC = "v2.22.8"  # https://github.com/securego/gosec/releases, 2025-08
GOVULNCHECK = "v1.1.4"  # https://pkg.go.dev/golang.org/x/vuln, 2025-01
HATCH = "1.18.2"
PDM = "2.29.4"
PIP_AUDIT = "2.10.1"
PIPENV = "2026.10.3"
PIXI = "v0.59.0"  # https://github.com/prefix-dev/pixi/releases, 2025-11
POETRY = "2.5.1"
SEMGREP = "1.185.0"
SKAFFOLD = "v2.16.1"  # https://github.com/GoogleContainerTools/skaffold/releases, 2025-06
SKAFFOLD_SHA256 = (
    "1cbeea85aa14ba603dbc2bbdfa7bfde5644d7988beed0fdc0fd1c67298d4cf67"  # its linux-amd64 program
)
TRIVY = "v0.74.0"  # the newest tag that pinned images of it were seen with
TRUFFLEHOG = "3.97.0"  # the version of the action of that name
UV = "0.13.8"

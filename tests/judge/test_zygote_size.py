"""Whatever the fork server imports, every fork copies: it imports only what it needs."""

import subprocess
import sys
from pathlib import Path

LARGE = {
    "ast",
    "pathlib",
    "urllib",
    "ipaddress",
    "dataclasses",
    "inspect",
    "subprocess",
    "threading",
    "tempfile",
    "json",
}


def test_the_fork_server_imports_no_large_module():
    code = "import sys; before = set(sys.modules); import judge.sandbox.zygote; print(*(set(sys.modules) - before))"
    root = Path(__file__).resolve().parents[2]
    asked = subprocess.run(
        [sys.executable, "-s", "-B", "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    imported = set(asked.stdout.split())
    assert "judge.sandbox.zygote" in imported and not imported & LARGE

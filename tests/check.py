"""Every check by name, in the order in which they are run. CI runs `all`; `quick` is for the desk."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest"]

# What tries hundreds of inputs or cuts of a conversation: longer than somebody at the desk waits, so not in `quick`.
THOROUGH = [
    f"tests/domain/test_{name}.py"
    for name in (
        "count_is_enlisted",
        "counting",
        "feedback",
        "mailbox_visits",
        "returned_mail_command",
        "returned_mail_hostile",
        "rule_properties",
        "sanitize",
        "side_tables",
        "smtp_hard",
        "smtp_session",
        "wire",
    )
] + ["tests/ui/test_tampering.py"]

CHECKS: dict[str, Sequence[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "types": [str(BIN / "mypy")],
    "floors": [str(BIN / "lint-imports"), "--no-cache"],
    "domain": [*PYTEST, "tests/domain", "-n", "2", *(f"--ignore={file}" for file in THOROUGH)],
    "doors": [*PYTEST, "tests/ui", "-n", "2", *(f"--ignore={file}" for file in THOROUGH)],
    "thorough": [*PYTEST, *THOROUGH, "-n", "2"],
    "sending": [*PYTEST, "tests/jobs", "-n", "2"],
    "matrix": [*PYTEST, "tests/faults/test_smtp_matrix.py", "-n", "2"],
    "crash": [*PYTEST, "tests/faults", "--ignore=tests/faults/test_smtp_matrix.py", "-n", "2", "-rP"],
    "browser": [*PYTEST, "tests/browser", "-n", "2", "--dist", "loadfile"],
}
SETS = {"quick": ["format", "lint", "types", "floors", "domain", "doors"], "all": list(CHECKS)}


def main(wanted: Sequence[str]) -> int:
    names = [name for word in wanted or ["quick"] for name in SETS.get(word, [word])]
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(
            f"There is no check called {unknown[0]}. Known: {', '.join([*SETS, *CHECKS])}.", file=sys.stderr
        )
        return 2
    failed = [name for name in names if not passes(name)]
    print(f"Failed: {', '.join(failed)}" if failed else f"All {len(names)} checks passed.")
    return len(failed) > 0


def passes(name: str) -> bool:
    print(f"== {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(CHECKS[name], cwd=PROJECT).returncode
    print(
        f"== {name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True
    )
    return code == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

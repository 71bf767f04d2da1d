"""Every check by name, in the order in which they are run. CI runs `all`; `quick` is for the desk.

Checks that are named together run side by side; what each of them says is printed whole when it ends.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest"]

# Hundreds of processes are started: each reads what the first one compiled, whatever the desk's own wish is.
ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

# Marked `thorough` is what tries hundreds of inputs or cuts of a conversation: longer than somebody at the desk waits.
SHORT, LONG = ("-m", "not thorough"), ("-m", "thorough")


def by(workers: int) -> Sequence[str]:
    """Who has nothing left to do takes over from who has most: long tests and short ones then end together."""
    return ("-n", str(workers), "--dist", "worksteal")


# One more than the two processors that any machine has: what waits for a disk or a neighbour leaves one of them free.
BUSY, WAITING = by(3), by(4)

# What measures how fast a send goes or how soon it stands still: beside four others it would measure those.
PACED = [f"tests/jobs/test_{name}.py" for name in ("flow_connections", "flow_limits", "whatsapp_pace")]

CHECKS: dict[str, Sequence[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "types": [str(BIN / "mypy")],
    "floors": [str(BIN / "lint-imports"), "--no-cache"],
    "domain": [*PYTEST, "tests/domain", *BUSY, *SHORT],
    "doors": [*PYTEST, "tests/ui", *BUSY, *SHORT],
    "thorough": [*PYTEST, "tests/domain", "tests/ui", *BUSY, *LONG],
    "sending": [*PYTEST, "tests/jobs", *WAITING, *(f"--ignore={file}" for file in PACED)],
    "pace": [*PYTEST, *PACED, "-n", "2"],
    "matrix": [*PYTEST, "tests/faults/test_smtp_matrix.py", *WAITING],
    "crash": [*PYTEST, "tests/faults", "--ignore=tests/faults/test_smtp_matrix.py", *WAITING, "-rP"],
    # By the alphabet, for the longest file comes first: by the number of their tests it would begin last and end alone.
    "browser": [*PYTEST, "tests/browser", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"],
}
READ_ONLY = {"format", "lint", "types", "floors"}  # of the sources; they start nothing that could be held up
SETS = {"quick": ["format", "lint", "types", "floors", "domain", "doors"], "all": list(CHECKS)}


def main(wanted: Sequence[str]) -> int:
    names = [name for word in wanted or ["quick"] for name in SETS.get(word, [word])]
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(
            f"There is no check called {unknown[0]}. Known: {', '.join([*SETS, *CHECKS])}.", file=sys.stderr
        )
        return 2
    failed = failures(names)
    print(f"Failed: {', '.join(failed)}" if failed else f"All {len(names)} checks passed.")
    return len(failed) > 0


def failures(names: Sequence[str]) -> list[str]:
    together = [name for name in names if name in READ_ONLY]
    alone = [name for name in names if name not in READ_ONLY]
    with ThreadPoolExecutor(max_workers=len(READ_ONLY)) as side_by_side:
        passed = dict(zip(together, side_by_side.map(passes_quietly, together), strict=True))
    passed |= {name: passes(name) for name in alone}
    return [name for name in names if not passed[name]]


def passes(name: str) -> bool:
    print(f"== {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(CHECKS[name], cwd=PROJECT, env=ENVIRONMENT).returncode
    return told(name, code, started)


def passes_quietly(name: str) -> bool:
    """What it says is kept together: others are running."""
    started = time.monotonic()
    done = subprocess.run(
        CHECKS[name],
        cwd=PROJECT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return told(name, done.returncode, started, f"== {name}\n{done.stdout}")


def told(name: str, code: int, started: float, said: str = "") -> bool:
    took = time.monotonic() - started
    print(f"{said}== {name}: {'passed' if code == 0 else 'FAILED'} in {took:.0f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

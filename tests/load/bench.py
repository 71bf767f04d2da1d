"""`make bench`: prints the figures. Nothing here passes or fails; compare ratios of one run, machines are noisy."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BENCHES = {
    "The letters": "tests.load.letters",
    "The engine": "tests.load.engine",
    "Messages by WhatsApp": "tests.load.whatsapp",
    "The audience and the customer book": "tests.load.growth",
    "Who is in the book twice": "tests.load.twins",
    "A list that comes in": "tests.load.importing",
    "A hostile list": "tests.load.hostile",
    "The schedules": "tests.load.schedules",
    "What providers report": "tests.load.webhooks",
    "The report of a large send": "tests.load.report",
    "The pages": "tests.load.pages",
    "The pages while a send runs": "tests.load.events",
    "Opens and clicks": "tests.load.tracking",
}

if __name__ == "__main__":
    for title, module in BENCHES.items():
        print(f"\n{title}", flush=True)
        subprocess.run([sys.executable, "-m", module], cwd=PROJECT, check=False)

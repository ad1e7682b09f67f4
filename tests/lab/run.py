"""Build the lab's chroots from nothing (about two minutes, 1.2 GB in .lab-cache), as root."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mailworld import chroots

if lacking := chroots.missing():
    sys.exit(lacking)
with ThreadPoolExecutor() as pool:
    for place in pool.map(chroots.build, chroots.PACKAGES):
        print(place)

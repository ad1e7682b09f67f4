"""One target under atheris: `led.py TARGET SECONDS SLOW FOLDER`; leaves the process at the end.

What fails is in FOLDER as ``found-…``; FOLDER keeps what reached new code, beside the seeds.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(include=["logwatch_mx"]):
    from targets import SEEDS, TARGETS

if __name__ == "__main__":
    name, seconds, slow, folder = sys.argv[1:]
    for number, data in enumerate(SEEDS[name]):
        Path(folder, f"seed-{number}").write_bytes(data)
    words = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        "-max_len=4096",
        f"-timeout={slow}",
        "-rss_limit_mb=1500",
        "-print_final_stats=1",
        f"-artifact_prefix={folder}/found-",
        folder,
    ]
    atheris.Setup(words, TARGETS[name])
    atheris.Fuzz()

import pytest

from logwatch_mx.sources.tail import Tail


@pytest.fixture
def path(tmp_path):
    return tmp_path / "maillog"


@pytest.fixture
def follow(path):
    tails = []

    def start(*paths, checkpoints=None, **options):
        tails.append(Tail([str(p) for p in paths or (path,)], checkpoints, **options))
        return tails[-1]

    yield start
    for tail in tails:
        tail.close()

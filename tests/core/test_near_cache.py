"""What a process keeps in its own memory."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest

from config.near_cache import NearCache


@pytest.fixture
def name() -> str:
    return str(uuid4())


@pytest.fixture
def cache(name) -> NearCache:
    return NearCache(name, {"OPTIONS": {"MAX_ENTRIES": 3}})


def test_what_was_kept_comes_back_as_it_is(cache):
    kept = object()
    cache.set("a", kept)
    assert cache.get("a") is kept
    assert cache.get("b", "nothing") == "nothing"
    cache.set("none", None)
    assert (cache.get("none", "nothing"), "none" in cache) == (None, True)
    assert (cache.delete("a"), cache.delete("a"), cache.get("a")) == (True, False, None)


def test_the_one_that_nobody_has_asked_for_longest_is_forgotten(cache):
    for key in "abc":
        cache.set(key, key)
    cache.get("a")
    cache.set("d", "d")
    assert [cache.get(key) for key in "abcd"] == ["a", None, "c", "d"]


def test_it_ends_in_time(cache, time_machine, now):
    time_machine.move_to(now, tick=False)
    cache.set("never", 4, 0)
    assert cache.get("never") is None
    cache.set("minute", 1, 60)
    cache.set("usual", 2)
    cache.set("forever", 3, None)
    time_machine.move_to(now + timedelta(seconds=59), tick=False)
    assert [cache.get(key) for key in ("minute", "usual")] == [1, 2]
    time_machine.move_to(now + timedelta(seconds=60), tick=False)
    assert [cache.get(key) for key in ("minute", "usual", "forever")] == [None, 2, 3]
    time_machine.move_to(now + timedelta(seconds=400), tick=False)
    assert [cache.get(key) for key in ("usual", "forever")] == [None, 3]


def test_all_threads_share_it_and_other_names_do_not(cache, name):
    cache.set("a", 1)
    seen: list[object] = []
    other = threading.Thread(target=lambda: seen.append(NearCache(name, {}).get("a")))
    other.start()
    other.join()
    assert seen == [1]
    assert NearCache(str(uuid4()), {}).get("a") is None
    assert (cache.add("a", 2), cache.add("b", 2), cache.get("a")) == (False, True, 1)
    cache.clear()
    assert NearCache(name, {}).get("a") is None

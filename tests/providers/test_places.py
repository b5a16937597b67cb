"""The line before a provider: nobody is passed over, and nobody who leaves holds up the rest."""

from __future__ import annotations

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.manager.places import Place, Places


async def test_whoever_leaves_the_line_takes_no_place_with_him() -> None:
    places = Places(1)
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(places.taken())
        impatient = second.enter_context(places.taken())
        with places.taken() as last:
            assert (impatient.before, last.before) == (0, 1)
            second.close()
            assert last.before == 0 and not last.free
            first.close()
            assert last.free and not impatient.free


async def test_a_place_that_is_left_in_the_moment_in_which_it_is_given_goes_on_to_the_next() -> None:
    places = Places(1)
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(places.taken())
        given_away = second.enter_context(places.taken())
        with places.taken() as last:
            first.close()
            assert given_away.free  # and nobody has seen it yet
            second.close()
            assert last.free


@given(st.integers(1, 3), st.lists(st.tuples(st.sampled_from(["take", "leave", "resize"]), st.integers(0, 5))))
async def test_places_are_never_lost_and_never_too_many(size: int, steps: list[tuple[str, int]]) -> None:
    places = Places(size)
    held: list[tuple[ExitStack, Place]] = []
    for step, number in steps:
        if step == "take":
            stack = ExitStack()
            held.append((stack, stack.enter_context(places.taken())))
        elif step == "leave" and held:
            held.pop(number % len(held))[0].close()
        elif step == "resize":
            size = max(size, number)
            places.resize(size)
        free = [place.free for _, place in held]
        assert sum(free) == min(size, len(held))
        assert free == sorted(free, reverse=True)  # who came first is let in first
    for stack, _ in held:
        stack.close()
    with places.taken() as place:
        assert place.free

"""What the pictures of a demonstration show beside its story."""

from gradcheck_rnn.pipeline.demo.lesson import lesson_of
from gradcheck_rnn.pipeline.demo.story import tell_story


def test_right_code_stands_beside_a_fault_to_compare_with_and_the_story_s_own():
    maps = lesson_of(tell_story("missing-term:dh_next"), None).maps
    # over nine steps there are 36 cells below the diagonal: no carry empties them, a wrong one fills them wrongly
    seen = {each.name: (each.chain.empty.sum(), (~each.chain.agrees).sum()) for each in maps}
    assert list(seen) == ["right code", "untransposed-weight W_hh", "missing-term dh_next"]
    assert list(seen.values()) == [(0, 0), (0, 36), (36, 36)]

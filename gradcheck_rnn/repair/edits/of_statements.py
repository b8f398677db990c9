"""The edits of statements, loops and terms, the likeliest first."""

from gradcheck_rnn.repair.edits.adding import (
    with_a_carried_product,
    with_a_carry,
    with_a_gradient,
    with_a_product,
    with_a_siblings_term,
    with_an_item,
    without_the_target,
)
from gradcheck_rnn.repair.edits.assignment import added_not_assigned, assigned_not_added, subtracted_not_assigned
from gradcheck_rnn.repair.edits.calling import called_at_last
from gradcheck_rnn.repair.edits.carrying import handed_on, taken_up
from gradcheck_rnn.repair.edits.clearing import cleared, cleared_by_a_call
from gradcheck_rnn.repair.edits.conditions import only_at_some_steps, other_condition, without_condition
from gradcheck_rnn.repair.edits.copying import copied, out_of_place, unshared
from gradcheck_rnn.repair.edits.decay import decayed
from gradcheck_rnn.repair.edits.dropping import dropped
from gradcheck_rnn.repair.edits.keys import one_more
from gradcheck_rnn.repair.edits.looping import bounded_otherwise, turned, without_window
from gradcheck_rnn.repair.edits.missing import bias_inserted, sibling_inserted
from gradcheck_rnn.repair.edits.moving import moved_in, moved_in_its_block, moved_out
from gradcheck_rnn.repair.edits.returning import exchanged, exchanged_targets
from gradcheck_rnn.repair.edits.scattering import added_at
from gradcheck_rnn.repair.edits.siblings import handed_on_like_its_sibling, sibling_added
from gradcheck_rnn.repair.edits.steps import item_of_the_step
from gradcheck_rnn.repair.edits.wanted import error_of_all, target_taken_away
from gradcheck_rnn.repair.edits.zeroing import begun_at_each_step, begun_with_zeros, zeroed

STATEMENT_OPERATORS = (
    added_not_assigned,
    subtracted_not_assigned,
    assigned_not_added,
    added_at,
    turned,
    without_window,
    bounded_otherwise,
    dropped,
    with_a_carry,
    with_a_carried_product,
    with_an_item,
    without_condition,
    other_condition,
    copied,
    out_of_place,
    unshared,
    exchanged,
    exchanged_targets,
    item_of_the_step,
    handed_on_like_its_sibling,
    handed_on,
    taken_up,
    sibling_inserted,
    bias_inserted,
    sibling_added,
    one_more,
    called_at_last,
    target_taken_away,
    error_of_all,
    without_the_target,
    with_a_siblings_term,
    with_a_gradient,
    begun_with_zeros,
    begun_at_each_step,
    zeroed,
    cleared_by_a_call,
    cleared,
    moved_in_its_block,
    moved_out,
    moved_in,
    with_a_product,
    only_at_some_steps,
    decayed,
)

"""The operators that edit expressions, likely slips first."""

from gradcheck_rnn.repair.edits.arguments import other_argument, product_for_zeros, shorter_argument
from gradcheck_rnn.repair.edits.association import collect, distribute
from gradcheck_rnn.repair.edits.calls import drop_clip, strip_call, wrap_in_call
from gradcheck_rnn.repair.edits.constants import other_constant
from gradcheck_rnn.repair.edits.derivative import complement, other_derivative
from gradcheck_rnn.repair.edits.einsum import other_einsum
from gradcheck_rnn.repair.edits.elementwise import multiply_for_divide, other_product
from gradcheck_rnn.repair.edits.factor import add_factor, drop_factor
from gradcheck_rnn.repair.edits.first_step import guard_first_step
from gradcheck_rnn.repair.edits.functions import other_flag, other_function, other_namesake
from gradcheck_rnn.repair.edits.index_shift import drop_index, shift_index
from gradcheck_rnn.repair.edits.lengths import drop_division, other_length, scale_by_length, scale_in_place, scale_term
from gradcheck_rnn.repair.edits.matrix_factor import add_matrix, add_vector
from gradcheck_rnn.repair.edits.members import other_member
from gradcheck_rnn.repair.edits.mixing import less_another
from gradcheck_rnn.repair.edits.operand_order import swap_operands
from gradcheck_rnn.repair.edits.other_name import (
    other_array,
    other_container,
    other_counter,
    other_object,
    other_step,
    other_target,
    step_for_number,
)
from gradcheck_rnn.repair.edits.owners import linked_object
from gradcheck_rnn.repair.edits.reduction import other_reduction
from gradcheck_rnn.repair.edits.reversing import turned_round
from gradcheck_rnn.repair.edits.signs import flip_sign, negate
from gradcheck_rnn.repair.edits.summands import choose_branch, drop_summand
from gradcheck_rnn.repair.edits.transposition import transpose_operand, transpose_whole
from gradcheck_rnn.repair.edits.whole_result import scale_result

EXPRESSION_OPERATORS = (
    transpose_operand,
    transpose_whole,
    swap_operands,
    other_einsum,
    flip_sign,
    negate,
    shift_index,
    drop_index,
    guard_first_step,
    turned_round,
    other_array,
    other_container,
    other_object,
    linked_object,
    other_step,
    other_member,
    other_counter,
    step_for_number,
    other_target,
    other_derivative,
    complement,
    strip_call,
    other_function,
    other_namesake,
    other_flag,
    wrap_in_call,
    drop_clip,
    drop_factor,
    add_factor,
    less_another,
    add_matrix,
    add_vector,
    other_constant,
    other_argument,
    shorter_argument,
    product_for_zeros,
    drop_division,
    other_length,
    scale_by_length,
    scale_in_place,
    scale_term,
    scale_result,
    distribute,
    collect,
    drop_summand,
    choose_branch,
    other_product,
    multiply_for_divide,
    other_reduction,
)

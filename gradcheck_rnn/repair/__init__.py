"""Repair: small edits of the user's own backward source, each tried, those that mend every parameter as patches.

scope     which functions of the user's run in `gradients`, and what their expressions were while they ran
edits     small edits of these functions, one operator a function, simple ones first
trial     what an edit does to the gradients of small problems, in guarded workers
search    one edit, then several, by the entries that they mend
"""

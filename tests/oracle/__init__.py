"""An Elman net written a second time from the equations, to judge the package by: it imports nothing from it."""

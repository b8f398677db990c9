"""The sweep: how the error goes with the step of the difference, and with the length of the sequence."""

"""Functions of this process made anew in another one: their code comes from its files, their values travel."""

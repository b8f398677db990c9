"""User code in the pipeline: its net beside the described one, its loss and its gradients measured."""

"""Races against what else there is for the same work, and the demo. Not installed with ffnn."""

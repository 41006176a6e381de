"""A small AuthZEN 1.0 policy decision point over the Cedar engine, for the demo and the tests of Sojourn."""

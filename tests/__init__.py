"""Tests of the book and of d2l_rw: one file a promise."""

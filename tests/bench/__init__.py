"""Tests of what is measured by hand."""

"""The scripts that draw the book's figures."""

"""Writes labels in the forms that other programs read; nothing here knows of files, zips or a database."""

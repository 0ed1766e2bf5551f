"""How fast files of arrays are loaded and saved, and in how much memory."""

"""Rules of the diff as data, and the code that matches them with changes."""

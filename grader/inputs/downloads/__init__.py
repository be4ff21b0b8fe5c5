"""How each platform lays out the download of a whole class, one module per platform."""

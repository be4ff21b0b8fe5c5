"""The class report: one HTML page that works offline.  Reads what a batch stored; runs no student's code, changes no mark."""

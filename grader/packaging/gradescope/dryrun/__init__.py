"""A dry run of the zip in a private copy of Gradescope's folders."""

"""Tools for those who run the system. Nothing that is deployed imports from here."""

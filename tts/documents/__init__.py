"""Books and other documents, read into chapters of plain text."""

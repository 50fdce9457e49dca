"""Long texts in the page: a document in, a reading that is kept on disk, heard while it grows, and one file at the end."""

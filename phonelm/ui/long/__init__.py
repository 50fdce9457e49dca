"""Long texts in the page: a document in, a reading on disk that is heard while it grows, and one file at the end."""

"""The page: a module for each part, assets beside them."""

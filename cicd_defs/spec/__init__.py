"""What did people write? Models of a project file, its reader, the words for each key, the JSON schema."""

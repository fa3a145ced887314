"""What reviewers and testers by model are told, one file a role and version; a used one never changes."""

"""What models are told, one file a role and version. A version never changes once it was used."""

"""What a planning model is told, one file a version. A version never changes once it was used."""

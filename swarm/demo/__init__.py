"""A small project to try swarm on, and the bugs that can be planted in it.

Law: what was planted is told to the caller and is nowhere in the repository that is written.

    project/    `timebook`, a pure-Python library with its tests, as package data
    bugs        single mistakes as people make them, and which tests notice each
    planting    write the project into a folder, with two bugs chosen by a seed
"""

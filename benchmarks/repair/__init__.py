"""What program repair without a model can do, measured with the engine alone: no market, no checks.

    attempts    strategies one after the other on a set of files, until one submits
    rows        results kept as they come, to go on with later
    quixbugs    forty programs with one wrong line each, whole or with half of the tests hidden
    mutants     one-edit mistakes in real libraries (mutating)
    pairs       two such mistakes in different modules of one library
    impossible  twenty cases where only a refusal is right
    rates       candidates a second
    planted     the demo's mistakes, each alone

Everything public is brought to a folder outside of the checkout when it is measured; none of it is kept.
Times depend on the machine and on what else it does; processor seconds and counts of candidates hardly do.
"""

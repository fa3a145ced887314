"""What agents think with. (law follows)"""

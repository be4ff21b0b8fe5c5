# expect: all=missing

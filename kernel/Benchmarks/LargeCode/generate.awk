# Writes a C file with 1,024 different functions of about 140 bytes of code each, and one that calls them by number.
# C, because the Swift compiler takes half a minute for the same. All that varies comes from one generator with a fixed
# start, so the file is the same each time.

function random(bound) {
  state = (state * 16807) % 2147483647  # Park and Miller: fits a double exactly
  return state % bound
}
function constant() { return sprintf("0x%x%07xu", random(2147483647), random(268435455)) }

function statement(  kind) {
  kind = random(7)
  if (kind == 0) return sprintf("a = (a + b) ^ (a >> %d);", 1 + random(62))
  if (kind == 1) return sprintf("b *= %s;", constant())
  if (kind == 2) return sprintf("if (a & %d) b += a; else a -= %d;", 2 ^ random(16), random(30000))
  if (kind == 3) return sprintf("a ^= b << %d;", 1 + random(62))
  if (kind == 4) return sprintf("if (b > a) a = ~b; else b ^= %d;", random(30000))
  if (kind == 5) return sprintf("b = (b >> %d) | (a << %d);", 1 + random(30), 1 + random(30))
  return sprintf("a += %s;", constant())
}

BEGIN {
  state = 20001
  print "#include \"LargeCode.h\"\n"
  for (number = 0; number < 1024; number++) {
    printf "static __attribute__((noinline)) uint64_t function%d(uint64_t a) {\n  uint64_t b = %s;\n", number, constant()
    for (line = 0; line < 8; line++) print "  " statement()
    print "  return a ^ b;\n}\n"
  }
  print "uint64_t callLargeCode(uint64_t index, uint64_t value) {\n  switch (index & 1023) {"
  for (number = 0; number < 1023; number++) printf "  case %d: return function%d(value);\n", number, number
  print "  default: return function1023(value);\n  }\n}"
}

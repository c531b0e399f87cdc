// Made by generate.awk when the benchmarks are built: 1,024 functions, about 145 KB of code.
#pragma once
#include <stdint.h>

/// Calls function number `index & 1023`.
uint64_t callLargeCode(uint64_t index, uint64_t value);

/// Work that needs no machine, only a processor and memory: compiled once, run by the benchmark image and natively.
package enum Workload: String, CaseIterable {
  case integer
  case memory
  case pointers
  case large

  /// Bytes of memory a run needs, aligned to 16.
  package static let bufferByteCount = 0x10_0000

  /// The rounds that take about 700 million instructions.
  package var defaultCount: UInt64 {
    switch self {
    case .integer: 16_000
    case .memory: 3_300
    case .pointers: 5_000
    case .large: 17_000
    }
  }

  /// Runs `count` rounds and returns a checksum of all that was computed.
  package func run(count: UInt64, buffer: UnsafeMutableRawPointer) -> UInt64 {
    switch self {
    case .integer: integerRounds(count)
    case .memory: memoryRounds(count, buffer)
    case .pointers: pointerRounds(count, buffer)
    case .large: largeRounds(count)
    }
  }
}

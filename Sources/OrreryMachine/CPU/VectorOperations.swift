/// SSE and SSE2.
extension CPU {
  @inline(never)
  func executeVector(_ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>) -> Outcome {
    .fault
  }

  func saveVectorState(_ linear: UInt64, sizeLog2: UInt8) -> Outcome { .fault }
  func restoreVectorState(_ linear: UInt64, sizeLog2: UInt8) -> Outcome { .fault }
}

extension Decoder {
  mutating func decodeVector(_ opcode: UInt8) { unmodelled() }
}

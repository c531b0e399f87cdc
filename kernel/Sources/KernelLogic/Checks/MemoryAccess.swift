/// One access to memory that an instruction is about to make.
package struct MemoryAccess: Equatable {
  package enum Kind: Equatable {
    case load, store
    /// Both, or whichever of the two: what floating-point and vector instructions do is not told apart.
    case update
  }

  package var kind: Kind
  package var address: UInt64
  package var byteCount: UInt64
  /// The register that the address starts from, by the processor's numbers; nil for an address by itself or beside `rip`.
  package var base: UInt8?

  /// The processor's numbers for the two registers by which a function reaches its own frame.
  package static let stackPointer: UInt8 = 4
  package static let framePointer: UInt8 = 5

  package init(_ kind: Kind, at address: UInt64, byteCount: UInt64, base: UInt8? = nil) {
    self.kind = kind
    self.address = address
    self.byteCount = byteCount
    self.base = base
  }

  /// Visits what the instruction accesses by address, in memory that is plain: not what pushes, calls and returns do at the stack's end, nothing through
  /// `fs` or `gs`, no tables of the processor's.
  package static func forEach(
    of instruction: UnsafePointer<UInt8>, register: (UInt8) -> UInt64, _ visit: (MemoryAccess) -> Void
  ) {
    var decoder = InstructionDecoder(instruction)
    decoder.decode(register, visit)
  }
}

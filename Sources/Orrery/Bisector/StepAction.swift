public import OrreryBase
import OrreryMachine

/// What one step of a run was.
public enum StepAction: Hashable, Sendable {
  /// An instruction at a linear address, with the bytes from there on, read as code of 16, 32 or 64 bits.
  case instruction(LinearAddress, bytes: [UInt8], bits: Int)
  /// The delivery of an interrupt or exception before the instruction at an address.
  case delivery(vector: UInt8, isException: Bool, LinearAddress)
  /// No step at all.
  case none

  /// The longest instruction (Intel SDM volume 2, 2.3.11).
  static let byteLimit = 15
}

/// The linear addresses at which the engine stops before executing: anchors, watched functions, return points.
///
/// Only the decoder asks it, when it makes a block; a change makes the engine forget the blocks concerned. Never iterated towards state or output.
struct BreakpointSet {
  private(set) var addresses: Set<UInt64> = []

  func contains(_ address: UInt64) -> Bool { !addresses.isEmpty && addresses.contains(address) }

  /// Whether `address` was not in the set before.
  mutating func insert(_ address: UInt64) -> Bool { addresses.insert(address).inserted }

  mutating func removeAll() { addresses.removeAll() }
}

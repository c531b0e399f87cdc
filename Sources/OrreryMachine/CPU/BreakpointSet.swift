/// The linear addresses at which the engine stops before executing: anchors, watched functions, return points.
///
/// The engine's decoder asks it when it makes a block, so after a change the block cache must forget the blocks concerned. Open addressing; never
/// iterated towards state or output.
struct BreakpointSet {
  /// Why execution stops at an address.
  struct Roles: OptionSet {
    var rawValue: UInt8

    static let anchor = Roles(rawValue: 1 << 0)
    static let call = Roles(rawValue: 1 << 1)
    static let returnPoint = Roles(rawValue: 1 << 2)
    /// A guest's own, by its debug registers.
    static let debugRegister = Roles(rawValue: 1 << 3)
  }

  private var addresses: [UInt64] = []
  private var roles: [Roles] = []
  private(set) var count = 0

  @inline(__always)
  func contains(_ address: UInt64) -> Bool { count != 0 && !self.roles(at: address).isEmpty }

  @inline(__always)
  func roles(at address: UInt64) -> Roles { count == 0 ? [] : roles[slot(of: address)] }

  /// Whether `address` was not in the set before.
  mutating func insert(_ address: UInt64, _ role: Roles) -> Bool {
    if count * 2 >= addresses.count { grow() }
    let slot = slot(of: address)
    let isNew = roles[slot].isEmpty
    addresses[slot] = address
    roles[slot].insert(role)
    if isNew { count += 1 }
    return isNew
  }

  /// Takes `role` from every address, and addresses without a role from the set.
  mutating func removeAll(_ role: Roles) {
    let old = (addresses, roles)
    addresses = Array(repeating: 0, count: old.0.count)
    roles = Array(repeating: [], count: old.1.count)
    count = 0
    for index in old.0.indices {
      let rest = old.1[index].subtracting(role)
      if !rest.isEmpty { _ = insert(old.0[index], rest) }
    }
  }

  /// Where `address` is, or would be put. There is always a free slot.
  @inline(__always)
  private func slot(of address: UInt64) -> Int {
    let mask = addresses.count - 1
    var slot = Int(truncatingIfNeeded: (address &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while !roles[slot].isEmpty && addresses[slot] != address { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = (addresses, roles)
    addresses = Array(repeating: 0, count: max(64, old.0.count * 2))
    roles = Array(repeating: [], count: addresses.count)
    count = 0
    for index in old.0.indices where !old.1[index].isEmpty { _ = insert(old.0[index], old.1[index]) }
  }
}

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

  private struct Slot {
    var address: UInt64 = 0
    /// None while the slot is free.
    var roles: Roles = []
  }

  /// Behind a pointer, because it is looked into at every boundary and must not count references.
  private var slots: UnsafeMutablePointer<Slot>
  private var slotCount: Int
  private(set) var count = 0

  init() {
    slotCount = 64
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: Slot(), count: slotCount)
  }

  func deallocate() { slots.deallocate() }

  @inline(__always)
  func contains(_ address: UInt64) -> Bool { count != 0 && !roles(at: address).isEmpty }

  @inline(__always)
  func roles(at address: UInt64) -> Roles { slot(of: address).pointee.roles }

  /// Whether `address` was not in the set before.
  mutating func insert(_ address: UInt64, _ role: Roles) -> Bool {
    if count * 2 >= slotCount { rebuild(slotCount: slotCount * 2) { $0 } }
    let slot = slot(of: address)
    let isNew = slot.pointee.roles.isEmpty
    slot.pointee.address = address
    slot.pointee.roles.insert(role)
    if isNew { count += 1 }
    return isNew
  }

  /// Takes `role` from every address, and addresses without a role from the set.
  mutating func removeAll(_ role: Roles) { rebuild(slotCount: slotCount) { $0.subtracting(role) } }

  /// Where `address` is, or would be put. There is always a free slot.
  @inline(__always)
  private func slot(of address: UInt64) -> UnsafeMutablePointer<Slot> {
    let mask = slotCount &- 1
    var index = Int(truncatingIfNeeded: (address &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while !slots[index].roles.isEmpty && slots[index].address != address { index = (index &+ 1) & mask }
    return slots + index
  }

  /// Puts every address whose roles `change` leaves some of into new slots.
  private mutating func rebuild(slotCount newCount: Int, _ change: (Roles) -> Roles) {
    let old = (slots: slots, count: slotCount)
    slotCount = newCount
    slots = .allocate(capacity: newCount)
    slots.initialize(repeating: Slot(), count: newCount)
    count = 0
    for index in 0..<old.count {
      let roles = change(old.slots[index].roles)
      if !roles.isEmpty { _ = insert(old.slots[index].address, roles) }
    }
    old.slots.deallocate()
  }
}
